package io.steelyard.internal;

/**
 * e^-x for x ≥ 0, quickly: {@code Math.exp} costs as much as a clock read, and a pick needs two.
 *
 * <p>e^-x = 2^-(x·log₂e) is split into a whole and a fractional power of two. The whole one is an
 * exponent of the result; the fractional one, 2^-f with f in [0, 1), is its Taylor polynomial
 * around f = ½ to the sixth degree, whose relative error stays below 2·10⁻⁷ (the remainder is at
 * most (½·ln 2)⁷/7! · √2). Steps and rounding apart it decreases everywhere, and from x = 708 on it
 * is 0.
 */
final class Decay {
  private static final double LOG2_E = 1.4426950408889634;
  private static final double LN_2 = 0.6931471805599453;
  private static final double SQRT_HALF = 0.7071067811865476;

  private Decay() {}

  static double exp(double x) {
    if (x < 1e-3) {
      return 1 - x * (1 - x / 2); // also the common case, 0: samples within one stamp
    }
    double power = x * LOG2_E;
    if (!(power < 1021)) {
      return 0;
    }
    int whole = (int) power;
    double y = (0.5 - (power - whole)) * LN_2;
    double fraction =
        SQRT_HALF
            * (1
                + y
                    * (1
                        + y
                            * (1 / 2.0
                                + y
                                    * (1 / 6.0
                                        + y * (1 / 24.0 + y * (1 / 120.0 + y * (1 / 720.0)))))));
    return fraction * Double.longBitsToDouble((1023L - whole) << 52);
  }
}
