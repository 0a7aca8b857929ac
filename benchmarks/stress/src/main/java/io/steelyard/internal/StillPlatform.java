package io.steelyard.internal;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.concurrent.Executor;

/** A platform whose clock stands still, whose die always shows the same, and without threads. */
final class StillPlatform implements Platform {
  @Override
  public long nanoTime() {
    return 0;
  }

  @Override
  public long epochMillis() {
    return 0;
  }

  @Override
  public RandomSource random() {
    return () -> 0;
  }

  @Override
  public Executor executor() {
    return Runnable::run;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    return () -> {};
  }
}
