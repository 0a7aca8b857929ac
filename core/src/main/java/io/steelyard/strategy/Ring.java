package io.steelyard.strategy;

import java.util.Arrays;

/**
 * Points on a circle of hashes, each owned by a row: a key belongs to the first point at or after
 * its own hash.
 *
 * <p>A point is one {@code long}, its place in the upper bits and its row in the lowest, so that
 * one sorted array is all there is to search and nothing else to look up. Rows take 14 bits at
 * 10,000 endpoints; two of a million points then share a place with a probability of 0.0004, and go
 * by row.
 */
final class Ring implements HashTable {
  private final long[] points;
  private final long rowMask;

  /**
   * @param virtualNodes points of a row of mean weight
   */
  Ring(Rows rows, int virtualNodes) {
    int n = rows.size();
    int shared = 0;
    double sum = 0;
    for (int weight : rows.weights) {
      sum += weight;
      shared += weight > 0 ? 1 : 0;
    }
    this.rowMask = n < 2 ? 0 : (Integer.highestOneBit(n - 1) << 1) - 1L;
    int[] count = new int[n];
    int total = 0;
    for (int row = 0; row < n; row++) {
      if (rows.weights[row] > 0) {
        double ideal = virtualNodes * (rows.weights[row] / sum) * shared;
        count[row] = (int) Math.max(1, Math.rint(ideal));
        total = Math.addExact(total, count[row]);
      }
    }
    long[] unsorted = new long[total];
    int at = 0;
    for (int row = 0; row < n; row++) {
      long hash = count[row] == 0 ? 0 : Hashes.of(rows.ids[row]);
      for (int k = 0; k < count[row]; k++) {
        unsorted[at++] = (Hashes.derived(hash, k) & ~rowMask) | row;
      }
    }
    Arrays.sort(unsorted);
    this.points = unsorted;
  }

  @Override
  public int start(long hash) {
    long from = hash & ~rowMask;
    int low = 0;
    int high = points.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (points[middle] < from) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == points.length ? 0 : low;
  }

  @Override
  public int position(long hash, int start, int step) {
    int at = start + step;
    return at < points.length ? at : at - points.length;
  }

  @Override
  public int row(int position) {
    return (int) (points[position] & rowMask);
  }

  /** The point itself: it stays when others come and go. */
  @Override
  public long salt(int position, int step) {
    return points[position] & ~rowMask;
  }

  @Override
  public int length() {
    return points.length;
  }
}
