package io.steelyard.benchmarks.simulation;

import io.steelyard.RandomSource;

/** When requests come: at random (Poisson), at a rate that may change with time. */
@FunctionalInterface
interface Arrivals {
  /** The moment of the next arrival after {@code now}, in nanoseconds. */
  long next(long now, RandomSource random);

  /** At so many a second. */
  static Arrivals steady(double rate) {
    return (now, random) -> now + Math.max(1, (long) (Chance.exponential(random) * 1e9 / rate));
  }

  /**
   * At {@code low} a second, but at {@code high} during the first {@code length} seconds of each
   * {@code period}: candidates come at the high rate, and most are dropped outside of bursts.
   */
  static Arrivals bursts(double low, double high, double period, double length) {
    Arrivals candidates = steady(high);
    long periodNanos = (long) (period * 1e9);
    long lengthNanos = (long) (length * 1e9);
    return (now, random) -> {
      long at = now;
      while (true) {
        at = candidates.next(at, random);
        boolean burst = at % periodNanos < lengthNanos;
        if (burst || random.nextDouble() * high < low) {
          return at;
        }
      }
    };
  }
}
