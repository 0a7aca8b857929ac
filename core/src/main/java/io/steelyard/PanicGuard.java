package io.steelyard;

import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A stage that stands aside when it would leave too few; see {@link Stage#panicBelow}. */
record PanicGuard(Stage stage, double share) implements Stage {
  /** How far above the threshold the share must rise before the stage takes part again. */
  private static final double HYSTERESIS = 0.05;

  PanicGuard {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException(
          "panicBelow: " + share + " (expected: above 0, at most 1)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    Memory memory = context.memory(Memory::new);
    Candidates weighed = stage.apply(candidates, new GuardedContext(context, memory));
    int before = serving(candidates);
    int after = serving(weighed);
    int discovered = candidates.discovered();
    if (after >= before) {
      memory.panicking = false;
    } else {
      double threshold = memory.panicking ? Math.min(1, share + HYSTERESIS) : share;
      memory.panicking = after < threshold * discovered;
    }
    if (!memory.panicking) {
      return weighed;
    }
    context.note("panic: stands aside, since it would leave " + after + " of " + discovered);
    return candidates;
  }

  /** Those in use: one on probation takes a request at a time, and is no help. */
  private static int serving(Candidates candidates) {
    int count = 0;
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.weight(i) > 0 && !candidates.probing(i)) {
        count++;
      }
    }
    return count;
  }

  @Override
  public String toString() {
    return stage + ".panicBelow(" + share + ")";
  }

  private static final class Memory implements AutoCloseable {
    boolean panicking;
    @Nullable Object guarded;

    @Override
    public void close() throws Exception {
      if (guarded instanceof AutoCloseable closeable) {
        closeable.close();
      }
    }
  }

  /** The outer context, but for the memory: guard and guarded each have their own. */
  private record GuardedContext(Context outer, Memory memory) implements Context {
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
    @SuppressWarnings("unchecked") // one layer asks for one type
    public <T> T memory(Supplier<T> initial) {
      Object guarded = memory.guarded;
      if (guarded == null) {
        guarded = initial.get();
        memory.guarded = guarded;
      }
      return (T) guarded;
    }
  }
}
