package io.steelyard.internal;

import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;
import org.jetbrains.lincheck.datastructures.StressOptions;

/**
 * How much is tried: a little with every build, as many times more as {@code
 * -Dsteelyard.lincheck=10} says.
 */
final class Lincheck {
  private static final int TIMES = Math.max(1, Integer.getInteger("steelyard.lincheck", 1));

  private Lincheck() {}

  /** Random scenarios of two threads, each run in many interleavings. */
  static ModelCheckingOptions modelChecking() {
    return new ModelCheckingOptions()
        .iterations(8 * TIMES)
        .invocationsPerIteration(300)
        .threads(2)
        .actorsPerThread(3)
        .actorsBefore(1)
        .actorsAfter(1);
  }

  /** Random scenarios on real threads. */
  static StressOptions stress() {
    return new StressOptions()
        .iterations(3 * TIMES)
        .invocationsPerIteration(500)
        .threads(2)
        .actorsPerThread(3);
  }
}
