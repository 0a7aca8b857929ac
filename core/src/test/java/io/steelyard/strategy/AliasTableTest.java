package io.steelyard.strategy;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.RandomSource;
import java.util.Arrays;
import java.util.Random;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class AliasTableTest {
  private static final int DRAWS = 1_000_000;

  private static int[] draw(double[] weights, long seed) {
    SplittableRandom numbers = new SplittableRandom(seed);
    RandomSource random = numbers::nextLong;
    AliasTable table = new AliasTable(weights);
    int[] drawn = new int[weights.length];
    for (int i = 0; i < DRAWS; i++) {
      drawn[table.draw(random)]++;
    }
    return drawn;
  }

  /** Pearson's χ². */
  private static double chiSquare(int[] drawn, double[] weights) {
    double sum = Arrays.stream(weights).sum();
    double chi = 0;
    for (int p = 0; p < weights.length; p++) {
      double expected = DRAWS * weights[p] / sum;
      chi += (drawn[p] - expected) * (drawn[p] - expected) / expected;
    }
    return chi;
  }

  /**
   * χ² with k = n − 1 degrees of freedom has mean k and variance 2k; k + 5√(2k) + 10 lies beyond
   * the 99.999th percentile for every k from 1 on. The seeds are fixed, so this fails always or
   * never.
   */
  @Test
  void draws_in_proportion_to_weight() {
    Random random = new Random(3);
    double[][] cases = {
      {1, 2, 3},
      {1, 1, 1, 1, 1},
      {1, 1000},
      {0.1, 1, 1, 1},
      {10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
      random.doubles(100, 0.01, 10).toArray(),
      random.doubles(1_000, 0.5, 2).toArray(),
    };
    long seed = 100;
    for (double[] weights : cases) {
      int k = weights.length - 1;
      assertThat(chiSquare(draw(weights, seed++), weights))
          .as("%d weights", weights.length)
          .isLessThan(k + 5 * Math.sqrt(2 * k) + 10);
    }
  }

  @Test
  void the_test_above_would_notice_one_percent() {
    assertThat(chiSquare(draw(new double[] {1, 2, 3.03}, 1), new double[] {1, 2, 3}))
        .isGreaterThan(2 + 5 * Math.sqrt(4) + 10);
  }

  @Test
  void a_single_position_is_always_drawn() {
    assertThat(draw(new double[] {0.3}, 1)).containsExactly(DRAWS);
  }

  @Test
  void the_extremes_of_randomness_are_in_range() {
    for (double[] weights : new double[][] {{1}, {1, 1}, {1, 2, 3}, {1e-9, 1e9}, {1e300, 1e300}}) {
      AliasTable table = new AliasTable(weights);
      for (long bits : new long[] {0, -1, 0xFFFFFFFFL, 0xFFFFFFFFL << 32, 1L << 63, 1}) {
        assertThat(table.draw(() -> bits)).isBetween(0, weights.length - 1);
      }
    }
  }

  @Test
  void rounding_leaves_no_hole() {
    // Thirds and tenths do not add up to whole columns exactly.
    double[] weights = new double[999];
    Arrays.setAll(weights, i -> i % 3 == 0 ? 0.1 : 1.0 / 3);
    assertThat(draw(weights, 5)).doesNotContain(0);
  }
}
