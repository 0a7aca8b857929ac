package io.steelyard.strategy;

/**
 * Two different positions below n, each pair as likely as any other, from one random number: the
 * upper half of its bits draws the first, the lower half one of the n-1 others. Multiplied rather
 * than divided (Lemire, "Fast Random Integer Generation in an Interval"); without the rejection
 * there, which leaves a bias of n/2³² at most.
 */
final class Pair {
  private Pair() {}

  static int first(long bits, int n) {
    return (int) (((bits >>> 32) * n) >>> 32);
  }

  static int second(long bits, int n, int first) {
    int other = (int) (((bits & 0xFFFFFFFFL) * (n - 1)) >>> 32);
    return other >= first ? other + 1 : other;
  }
}
