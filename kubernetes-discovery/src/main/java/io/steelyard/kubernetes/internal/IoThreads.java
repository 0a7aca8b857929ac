package io.steelyard.kubernetes.internal;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;

/** Makes the threads for a watch's blocking calls, and waits for their end. */
public final class IoThreads implements ThreadFactory {
  private final String prefix;
  private final List<Thread> threads = new ArrayList<>(); // guarded by this
  private int count; // guarded by this

  /** Names threads so, with a number behind. */
  public IoThreads(String prefix) {
    this.prefix = prefix;
  }

  @Override
  public synchronized Thread newThread(Runnable task) {
    threads.removeIf(thread -> thread.getState() == Thread.State.TERMINATED);
    Thread thread = new Thread(task, prefix + ++count);
    thread.setDaemon(true);
    threads.add(thread);
    return thread;
  }

  /**
   * Waits until all threads have ended, but not for itself, and not for ever: a call that ignores
   * its interrupt is left to its own timeout.
   */
  public void join(long timeout, TimeUnit unit) {
    List<Thread> all;
    synchronized (this) {
      all = List.copyOf(threads);
    }
    long deadline = System.nanoTime() + unit.toNanos(timeout);
    try {
      for (Thread thread : all) {
        long millis = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
        if (thread != Thread.currentThread() && millis > 0) {
          thread.join(millis);
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
