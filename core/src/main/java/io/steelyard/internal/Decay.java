package io.steelyard.internal;

/**
 * e^-x for x ≥ 0, quickly: {@code Math.exp} costs as much as a clock read, and a pick needs two.
 *
 * <p>e^-x = 2^-(x·log₂e) is split into a whole and a fractional power of two. The whole one is an
 * exponent of the result; the fractional one, 2^-f with f in [0, 1), is its Taylor polynomial
 * around f = ½ to the sixth degree, whose relative error stays below 2·10⁻⁷ (the remainder is at
 * most (½·ln 2)⁷/7! · √2); below 0.1 it is the polynomial around 0, to 10⁻⁷. Steps and rounding
 * apart it decreases everywhere, and from x = 708 on it is 0.
 */
final class Decay {
  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN_2 = 0.6931471805599453;
  private static final double SQRT_HALF = 0.7071067811865476;

  private Decay() {}

  static double exp(double x) {
    if (x < 0.1) {
      // The common case, samples within some stamps: 1 - x + x²/2 - x³/6 + x⁴/24, off by x⁵/120.
      double square = x * x;
      return (1 - x) + square * ((1 / 2.0 - x * (1 / 6.0)) + square * (1 / 24.0));
    }
    double power = x * LOG2_E;
    if (!(power < 1021)) {
      return 0;
    }
    int whole = (int) power;
    double y = (0.5 - (power - whole)) * LN_2;
    // Grouped so that the products need not wait for each other.
    double square = y * y;
    double low = (1 + y) + square * (1 / 2.0 + y * (1 / 6.0));
    double high = (1 / 24.0 + y * (1 / 120.0)) + square * (1 / 720.0);
    double fraction = SQRT_HALF * (low + square * square * high);
    return fraction * Double.longBitsToDouble((1023L - whole) << 52);
  }
}
