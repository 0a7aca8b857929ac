package io.steelyard;

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
    Context inner = new NestedContext(context, memory.guarded, memory.panicking);
    Candidates weighed = stage.apply(candidates, inner);
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
    final InnerMemory guarded = new InnerMemory();
    boolean panicking;

    @Override
    public void close() throws Exception {
      guarded.close();
    }
  }
}
