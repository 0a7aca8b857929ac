package io.steelyard.benchmarks.simulation;

import io.steelyard.RandomSource;

/** How much work a request is, as a multiple of the mean. */
enum ServiceTime {
  /** All the same. */
  CONSTANT {
    @Override
    double draw(RandomSource random) {
      return 1;
    }
  },
  /** Exponential: what queueing theory calculates with. */
  EXPONENTIAL {
    @Override
    double draw(RandomSource random) {
      return Chance.exponential(random);
    }
  },
  /** Lognormal, σ = 1: of a hundred requests one takes more than six times the mean. */
  LOGNORMAL {
    @Override
    double draw(RandomSource random) {
      return lognormal(1, random);
    }
  },
  /** Lognormal, σ = 2: half take less than a seventh of the mean, one in a hundred 14 times it. */
  HEAVY_TAIL {
    @Override
    double draw(RandomSource random) {
      return lognormal(2, random);
    }
  };

  abstract double draw(RandomSource random);

  private static double lognormal(double sigma, RandomSource random) {
    return StrictMath.exp(sigma * Chance.normal(random) - sigma * sigma / 2);
  }
}
