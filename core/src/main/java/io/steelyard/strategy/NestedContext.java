package io.steelyard.strategy;

import io.steelyard.Context;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What a strategy inside another is given: the same context, with a memory of its own. */
final class NestedContext implements Context {
  /** Where the memory of the inner strategy is kept: part of what the outer one remembers. */
  static final class Memory {
    private @Nullable Object inner;

    void close() throws Exception {
      if (inner instanceof AutoCloseable closeable) {
        closeable.close();
      }
    }
  }

  private final Context outer;
  private final Memory memory;

  NestedContext(Context outer, Memory memory) {
    this.outer = outer;
    this.memory = memory;
  }

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
  @SuppressWarnings("unchecked") // one strategy asks for one type
  public <T> T memory(Supplier<T> initial) {
    Object inner = memory.inner;
    if (inner == null) {
      inner = initial.get();
      memory.inner = inner;
    }
    return (T) inner;
  }
}
