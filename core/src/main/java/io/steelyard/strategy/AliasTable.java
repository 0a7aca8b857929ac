package io.steelyard.strategy;

import io.steelyard.RandomSource;

/**
 * Draws positions in proportion to weight: Vose's alias method, one random number and one
 * comparison a draw.
 *
 * <p>Every position is a column of the same height; what a light one does not fill is filled by one
 * heavy one, its alias.
 */
final class AliasTable {
  private final int n;
  private final long[] threshold; // of 2^32, in the upper part; the alias in the lower

  AliasTable(double[] weights) {
    n = weights.length;
    threshold = new long[n];
    double sum = 0;
    for (double w : weights) {
      sum += w;
    }
    double[] height = new double[n];
    int[] light = new int[n];
    int[] heavy = new int[n];
    int lights = 0;
    int heavies = 0;
    for (int i = 0; i < n; i++) {
      height[i] = weights[i] / sum * n;
      if (height[i] < 1) {
        light[lights++] = i;
      } else {
        heavy[heavies++] = i;
      }
    }
    while (lights > 0 && heavies > 0) {
      int l = light[--lights];
      int h = heavy[--heavies];
      set(l, height[l], h);
      height[h] = height[h] + height[l] - 1;
      if (height[h] < 1) {
        light[lights++] = h;
      } else {
        heavy[heavies++] = h;
      }
    }
    // What is left is full but for rounding.
    while (heavies > 0) {
      set(heavy[--heavies], 1, heavy[heavies]);
    }
    while (lights > 0) {
      set(light[--lights], 1, light[lights]);
    }
  }

  private void set(int i, double height, int alias) {
    long cut = Math.min(1L << 32, Math.round(height * (1L << 32)));
    // A full column is its own alias, so that the cut fits in 32 bits.
    threshold[i] = cut == 1L << 32 ? 0xFFFFFFFFL << 32 | i : cut << 32 | alias;
  }

  int draw(RandomSource random) {
    long bits = random.nextLong();
    int column = (int) (((bits >>> 32) * n) >>> 32);
    long entry = threshold[column];
    return (bits & 0xFFFFFFFFL) < entry >>> 32 ? column : (int) entry;
  }
}
