package io.steelyard;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * The outer layer's context with the inner layer's memory; see {@link Context#inner}.
 *
 * @param guarded whether the outer layer set aside what the inner one said last
 */
record NestedContext(Context outer, InnerMemory memory, boolean guarded) implements Context {
  @Override
  public long nanoTime() {
    return outer.nanoTime();
  }

  @Override
  public long epochMillis() {
    return outer.epochMillis();
  }

  @Override
  public RandomSource random() {
    return outer.random();
  }

  @Override
  public void reevaluateAfter(Duration delay) {
    outer.reevaluateAfter(delay);
  }

  @Override
  public void wakeAfterFailures(int candidate, int consecutive) {
    outer.wakeAfterFailures(candidate, consecutive);
  }

  @Override
  public void wakeOnSuccess(int candidate) {
    outer.wakeOnSuccess(candidate);
  }

  @Override
  public void forgetFailures(int candidate) {
    outer.forgetFailures(candidate);
  }

  @Override
  public void note(String text) {
    outer.note(text);
  }

  @Override
  public boolean setAside() {
    return guarded || outer.setAside();
  }

  @Override
  @SuppressWarnings("unchecked") // one layer asks for one type
  public <T> T memory(Supplier<T> initial) {
    Object content = memory.content;
    if (content == null) {
      content = initial.get();
      memory.content = content;
    }
    return (T) content;
  }
}
