package io.steelyard.internal;

import io.steelyard.Context;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.function.Supplier;

/** What a strategy needs to compile, without a balancer around it. */
class StressContext implements Context {
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
  public void reevaluateAfter(Duration delay) {}

  @Override
  public void wakeAfterFailures(int candidate, int consecutive) {}

  @Override
  public void wakeOnSuccess(int candidate) {}

  @Override
  public void forgetFailures(int candidate) {}

  @Override
  public void note(String text) {}

  @Override
  public <T> T memory(Supplier<T> initial) {
    return initial.get();
  }
}
