package io.steelyard;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The real world. One timer thread and a few workers for the whole process, all of which end when
 * they idle.
 */
final class SystemPlatform implements Platform {
  static final SystemPlatform INSTANCE = new SystemPlatform();

  private static final long IDLE_SECONDS = 5;

  // Asks for the calling thread's generator each time; a captured ThreadLocalRandom repeats itself
  // on every thread.
  private final RandomSource random = () -> ThreadLocalRandom.current().nextLong();
  private final ScheduledThreadPoolExecutor timer;
  private final ThreadPoolExecutor workers;

  private SystemPlatform() {
    timer = new ScheduledThreadPoolExecutor(1, daemons("steelyard-timer"));
    timer.setRemoveOnCancelPolicy(true);
    timer.setKeepAliveTime(IDLE_SECONDS, TimeUnit.SECONDS);
    timer.allowCoreThreadTimeOut(true);
    workers =
        new ThreadPoolExecutor(
            0,
            Integer.MAX_VALUE,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new SynchronousQueue<>(),
            daemons("steelyard-worker"));
  }

  @Override
  public long nanoTime() {
    return System.nanoTime();
  }

  @Override
  public long epochMillis() {
    return System.currentTimeMillis();
  }

  @Override
  public RandomSource random() {
    return random;
  }

  @Override
  public Executor executor() {
    return workers;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    ScheduledFuture<?> future = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> future.cancel(false);
  }

  private static ThreadFactory daemons(String name) {
    AtomicInteger count = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + count.incrementAndGet());
      thread.setDaemon(true);
      return thread;
    };
  }
}
