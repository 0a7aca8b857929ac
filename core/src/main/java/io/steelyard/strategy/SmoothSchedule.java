package io.steelyard.strategy;

import java.util.Arrays;

/**
 * One period of turns in which each position stands in proportion to its weight, as evenly spread
 * as it goes.
 *
 * <p>A small pool gets nginx's smooth order: in each turn every position gains its weight, the one
 * with most takes the turn and pays the sum. That is O(n) a turn. In a large pool the positions of
 * equal weight form a group, m of weight w being like one of weight m·w, and each group's turns go
 * round its members. The groups' turns are ordered by their midpoints, the k-th turn of a group
 * with t turns at (k + ½)/t of the period (the order of Webster's apportionment), which takes O(1)
 * a turn. Grouping also keeps equal midpoints apart, which would stand in a clump.
 */
final class SmoothSchedule {
  /** Turns × positions up to which every position is weighed by itself. */
  private static final long SMALL = 1 << 18;

  /** The longest period. */
  private static final int LONGEST = 1 << 20;

  /**
   * In a period that has to be rounded, the turns of the lightest, as far as the longest period
   * allows: nobody's turns are then off by more than a sixteenth.
   */
  private static final int TURNS_OF_LIGHTEST = 8;

  /**
   * The same for weights as they were declared, which do not change from one moment to the next.
   */
  private static final int TURNS_OF_LIGHTEST_DECLARED = 512;

  private SmoothSchedule() {}

  /** Returns the positions in the order of their turns. */
  static int[] of(double[] weights) {
    int[] turns = turns(weights);
    int period = Arrays.stream(turns).sum();
    return (long) period * weights.length <= SMALL ? smooth(turns, period) : grouped(turns, period);
  }

  /**
   * How many turns each position has in a period: the weights themselves in lowest terms, rounded
   * if they are no whole numbers or too many.
   */
  static int[] turns(double[] weights) {
    double sum = 0;
    double least = Double.POSITIVE_INFINITY;
    boolean whole = true;
    long divisor = 0;
    for (double w : weights) {
      sum += w;
      least = Math.min(least, w);
      whole &= w == Math.rint(w) && w <= Integer.MAX_VALUE;
      divisor = whole ? gcd(divisor, (long) w) : 1;
    }
    double unit = divisor;
    if (!whole || sum / unit > LONGEST) {
      int ofLightest = whole ? TURNS_OF_LIGHTEST_DECLARED : TURNS_OF_LIGHTEST;
      unit = sum / Math.min(LONGEST, sum / least * ofLightest);
    }
    int[] turns = new int[weights.length];
    for (int p = 0; p < turns.length; p++) {
      turns[p] = (int) Math.max(1, Math.rint(weights[p] / unit));
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
    int[] schedule = byMidpoints(groupTurns, period);
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

  /**
   * The positions in the order of their turns' midpoints; in a tie the later one first.
   *
   * <p>Midpoints are spread over the period like the turns themselves, about one to each span of
   * one turn. So they are dealt to spans, which is O(1) each, and then moved by the few places that
   * are left.
   */
  static int[] byMidpoints(int[] turns, int period) {
    int[] end = new int[period];
    for (int of : turns) {
      double step = 1.0 / of;
      for (int k = 0; k < of; k++) {
        end[span(k, step, period)]++;
      }
    }
    for (int span = 1; span < period; span++) {
      end[span] += end[span - 1];
    }
    long[] sorted = new long[period]; // | midpoint of 2^41 | how many positions come after |
    for (int p = 0; p < turns.length; p++) {
      double step = 1.0 / turns[p];
      for (int k = 0; k < turns[p]; k++) {
        // Rounded, so that equal midpoints are equal: as fractions they end in the 21st bit or
        // never, and so not halfway.
        long midpoint = (long) ((k + 0.5) * step * (1L << 41) + 0.5);
        sorted[--end[span(k, step, period)]] = (midpoint << 21) | (turns.length - 1 - p);
      }
    }
    for (int t = 1; t < period; t++) {
      long moving = sorted[t];
      int at = t;
      for (; at > 0 && sorted[at - 1] > moving; at--) {
        sorted[at] = sorted[at - 1];
      }
      sorted[at] = moving;
    }
    int[] schedule = new int[period];
    for (int t = 0; t < period; t++) {
      schedule[t] = turns.length - 1 - (int) (sorted[t] & ((1 << 21) - 1));
    }
    return schedule;
  }

  private static int span(int turn, double step, int period) {
    return Math.min(period - 1, (int) ((turn + 0.5) * step * period));
  }
}
