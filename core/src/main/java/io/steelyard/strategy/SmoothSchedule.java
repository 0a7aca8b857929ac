package io.steelyard.strategy;

import java.util.Arrays;

/**
 * One period of turns in which each position stands in proportion to its weight, as evenly spread
 * as it goes.
 *
 * <p>A small pool gets nginx's smooth order: in each turn every position gains its weight, the one
 * with most takes the turn and pays the sum. That is O(n) a turn. A large one is grouped by equal
 * weight first: the smooth order is computed over the groups, and each group's turns go round its
 * members. A group of m members of weight w behaves as one of weight m·w, so the cost is O(groups)
 * a turn, and no position is further from its ideal share than a round of its group.
 */
final class SmoothSchedule {
  /** Turns × positions up to which every position is weighed by itself. */
  private static final long SMALL = 1 << 18;

  /** The longest period, but for pools that need one turn each. */
  private static final int LONGEST = 1 << 20;

  /**
   * The period when weights are no whole numbers: this many turns a position, at most {@link
   * #LONGEST} in all.
   */
  private static final int ROUNDED_TURNS_EACH = 128;

  private SmoothSchedule() {}

  /** Returns the positions in the order of their turns. */
  static int[] of(double[] weights) {
    int[] turns = turns(weights);
    long period = 0;
    for (int t : turns) {
      period += t;
    }
    return period * weights.length <= SMALL
        ? smooth(turns, (int) period)
        : grouped(turns, (int) period);
  }

  /**
   * How many turns each position has in a period: the weights themselves in lowest terms, rounded
   * if need be.
   */
  static int[] turns(double[] weights) {
    double sum = 0;
    boolean whole = true;
    long divisor = 0;
    for (double w : weights) {
      sum += w;
      whole &= w == Math.rint(w) && w <= Integer.MAX_VALUE;
      divisor = whole ? gcd(divisor, (long) w) : 1;
    }
    int[] turns = new int[weights.length];
    if (whole && sum / divisor <= LONGEST) {
      for (int p = 0; p < turns.length; p++) {
        turns[p] = (int) (weights[p] / divisor);
      }
      return turns;
    }
    double period = Math.min((double) LONGEST, (double) ROUNDED_TURNS_EACH * weights.length);
    if (whole) {
      period = LONGEST;
    }
    for (int p = 0; p < turns.length; p++) {
      turns[p] = (int) Math.max(1, Math.rint(weights[p] / sum * period));
    }
    return turns;
  }

  private static long gcd(long a, long b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  private static int[] smooth(int[] turns, int period) {
    int[] schedule = new int[period];
    long[] credit = new long[turns.length];
    for (int t = 0; t < period; t++) {
      int best = 0;
      for (int p = 0; p < turns.length; p++) {
        credit[p] += turns[p];
        if (credit[p] > credit[best]) {
          best = p;
        }
      }
      credit[best] -= period;
      schedule[t] = best;
    }
    return schedule;
  }

  private static int[] grouped(int[] turns, int period) {
    // Positions sorted by their turns, so that a group is a range.
    long[] sorted = new long[turns.length];
    for (int p = 0; p < turns.length; p++) {
      sorted[p] = (long) turns[p] << 32 | p;
    }
    Arrays.sort(sorted);
    int groups = 0;
    int[] start = new int[turns.length + 1];
    for (int k = 0; k < sorted.length; k++) {
      if (k == 0 || sorted[k] >>> 32 != sorted[k - 1] >>> 32) {
        start[groups++] = k;
      }
    }
    start[groups] = sorted.length;
    int[] groupTurns = new int[groups];
    for (int g = 0; g < groups; g++) {
      groupTurns[g] = (int) (sorted[start[g]] >>> 32) * (start[g + 1] - start[g]);
    }
    int[] schedule = smooth(groupTurns, period);
    int[] next = Arrays.copyOf(start, groups);
    for (int t = 0; t < period; t++) {
      int g = schedule[t];
      schedule[t] = (int) sorted[next[g]];
      if (++next[g] == start[g + 1]) {
        next[g] = start[g];
      }
    }
    return schedule;
  }
}
