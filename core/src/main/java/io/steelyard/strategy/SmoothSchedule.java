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
 * with t turns at (k + ½)/t of the period (the order of Webster's apportionment): a heap makes that
 * O(log groups) a turn. Grouping also keeps equal midpoints apart, which would stand in a clump.
 */
final class SmoothSchedule {
  /** Turns × positions up to which every position is weighed by itself. */
  private static final long SMALL = 1 << 18;

  /** The longest period. */
  private static final int LONGEST = 1 << 20;

  /**
   * In a period that has to be rounded, the turns of the lightest, as far as the longest period
   * allows: its share is then right within a sixteenth.
   */
  private static final int TURNS_OF_LIGHTEST = 8;

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
      unit = sum / Math.min(LONGEST, sum / least * TURNS_OF_LIGHTEST);
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

  /** The positions in the order of their turns' midpoints; in a tie the later one first. */
  private static int[] byMidpoints(int[] turns, int period) {
    int n = turns.length;
    int[] heap = new int[n]; // of positions, the next midpoint on top
    double[] midpoint = new double[n];
    double[] step = new double[n];
    for (int p = 0; p < n; p++) {
      step[p] = 1.0 / turns[p];
      midpoint[p] = step[p] / 2;
      heap[p] = p;
    }
    for (int at = n / 2 - 1; at >= 0; at--) {
      sink(heap, at, midpoint);
    }
    int[] schedule = new int[period];
    for (int t = 0; t < period; t++) {
      int next = heap[0];
      schedule[t] = next;
      midpoint[next] += step[next];
      sink(heap, 0, midpoint);
    }
    return schedule;
  }

  private static void sink(int[] heap, int from, double[] key) {
    int at = from;
    int moving = heap[at];
    while (2 * at + 1 < heap.length) {
      int child = 2 * at + 1;
      if (child + 1 < heap.length && before(heap[child + 1], heap[child], key)) {
        child++;
      }
      if (!before(heap[child], moving, key)) {
        break;
      }
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moving;
  }

  private static boolean before(int one, int other, double[] key) {
    return key[one] < key[other] || (key[one] == key[other] && one > other);
  }
}
