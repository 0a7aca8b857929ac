package io.steelyard.benchmarks.simulation;

import io.steelyard.RandomSource;
import io.steelyard.testkit.ScriptedRandom;

/**
 * Random numbers of a simulation. {@link StrictMath} gives the same bits on every JVM, {@link Math}
 * need not.
 */
final class Chance {
  private Chance() {}

  /**
   * One of several independent sources that a seed stands for. Seeds are scattered first: sources
   * that start near each other would be parts of one sequence.
   */
  static RandomSource source(long seed, int number) {
    RandomSource scattered = ScriptedRandom.seeded(seed * 1_000 + number);
    return ScriptedRandom.seeded(scattered.nextLong());
  }

  /** Exponential with mean 1. */
  static double exponential(RandomSource random) {
    return -StrictMath.log(1 - random.nextDouble());
  }

  /** Normal with mean 0 and variance 1 (Box and Muller). */
  static double normal(RandomSource random) {
    return StrictMath.sqrt(2 * exponential(random))
        * StrictMath.cos(2 * StrictMath.PI * random.nextDouble());
  }
}
