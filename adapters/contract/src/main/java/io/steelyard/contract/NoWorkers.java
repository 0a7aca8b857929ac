package io.steelyard.contract;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/** The system's clock and timer, and an executor that is full, or was shut down. */
final class NoWorkers implements Platform {
  private final Platform system = Platform.system();

  @Override
  public long nanoTime() {
    return system.nanoTime();
  }

  @Override
  public long epochMillis() {
    return system.epochMillis();
  }

  @Override
  public RandomSource random() {
    return system.random();
  }

  @Override
  public Executor executor() {
    return task -> {
      throw new RejectedExecutionException("no workers");
    };
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    return system.schedule(task, delay);
  }
}
