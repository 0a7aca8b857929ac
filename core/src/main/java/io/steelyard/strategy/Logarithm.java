package io.steelyard.strategy;

import io.steelyard.EndpointStats;

/**
 * Logarithms on the scale of {@link EndpointStats#logExpectedNanos}, so that loads are sums of
 * whole numbers: what a pick multiplies stands between its clock read and its choice, and nothing
 * else can be done meanwhile.
 */
final class Logarithm {
  private static final int OF_TWO = 1 << 23;
  private static final int ONE = Float.floatToRawIntBits(1);
  private static final int[] OF = new int[256];

  static {
    for (int i = 0; i < OF.length; i++) {
      OF[i] = of(i + 1);
    }
  }

  private Logarithm() {}

  /** The logarithm of a number from 1 on. */
  static int of(double number) {
    return (int) Math.round(Math.log(number) / Math.log(2) * OF_TWO);
  }

  /** The logarithm of one more than is in flight: from 256 on that of a float's bits. */
  static int ofOneMore(int inFlight) {
    return (inFlight & -OF.length) == 0
        ? OF[inFlight]
        : Float.floatToRawIntBits(inFlight + 1f) - ONE;
  }
}
