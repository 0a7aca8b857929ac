package io.steelyard.grpc;

import io.grpc.SynchronizationContext;
import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Runs a balancer's control work where gRPC runs its own: in the channel's context, on its timer.
 */
final class ChannelPlatform implements Platform {
  private final SynchronizationContext channel;
  private final ScheduledExecutorService timer;

  ChannelPlatform(SynchronizationContext channel, ScheduledExecutorService timer) {
    this.channel = channel;
    this.timer = timer;
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
    return Platform.system().random();
  }

  @Override
  public Executor executor() {
    return channel;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    Future<?> scheduled = timer.schedule(task, delay.toNanos(), TimeUnit.NANOSECONDS);
    return () -> scheduled.cancel(false);
  }
}
