package io.steelyard.strategy;

/**
 * Every row's preferences over all M slots, filled in by turns (Eisenbud et al., "Maglev: A Fast
 * and Reliable Software Network Load Balancer", NSDI 2016, section 3.4).
 *
 * <p>Rows take turns in proportion to weight: the k-th turn of a row of weight w falls at k·Σw/w,
 * ties go by row. With equal weights that is round by round, so each row has ⌊M/n⌋ or ⌈M/n⌉ slots;
 * with unequal ones M·w/Σw is rounded up, at the expense of whoever has most. The turns are laid
 * out by a counting sort, so that a weight of a millionth costs no more than any other; going
 * through all rows in each round, as it is usually written, would.
 *
 * <p>The walk goes on by a stride of the key's own, which M, a prime, lets visit every slot: the
 * keys of one slot part when its row is out.
 */
final class MaglevTable implements HashTable {
  private final int[] owner;

  /**
   * @param size M, a prime
   */
  MaglevTable(Rows rows, int size) {
    this.owner = new int[size];
    int n = rows.size();
    int[] next = new int[n];
    int[] skip = new int[n];
    for (int row = 0; row < n; row++) {
      long hash = Hashes.of(rows.ids[row]);
      next[row] = (int) Long.remainderUnsigned(Hashes.derived(hash, 0), size);
      skip[row] = (int) Long.remainderUnsigned(Hashes.derived(hash, 1), size - 1) + 1;
    }
    // A bit for a slot: most probes hit taken ones, and the bits stay in the processor's caches.
    long[] taken = new long[(size + 63) >>> 6];
    int[] turns = turns(rows.weights, size);
    for (int t = 0; t < size; t++) {
      int row = turns[t];
      int slot = next[row];
      while ((taken[slot >>> 6] & 1L << slot) != 0) {
        slot += skip[row];
        slot -= slot >= size ? size : 0;
      }
      taken[slot >>> 6] |= 1L << slot;
      owner[slot] = row;
      slot += skip[row];
      next[row] = slot - (slot >= size ? size : 0);
    }
  }

  /** The rows in the order of their turns, at least {@code size} of them. */
  private static int[] turns(int[] weights, int size) {
    long sum = 0;
    for (int weight : weights) {
      sum += weight;
    }
    // A turn falls into the bucket of its whole part; start[b] is where bucket b begins.
    int[] start = new int[size + 1];
    for (int weight : weights) {
      for (long k = 0; weight > 0 && k * sum / weight < size; k++) {
        start[(int) (k * sum / weight) + 1]++;
      }
    }
    for (int b = 0; b < size; b++) {
      start[b + 1] += start[b];
    }
    int[] turns = new int[start[size]];
    for (int row = 0; row < weights.length; row++) {
      int weight = weights[row];
      for (long k = 0; weight > 0 && k * sum / weight < size; k++) {
        turns[start[(int) (k * sum / weight)]++] = row;
      }
    }
    return turns;
  }

  @Override
  public int start(long hash) {
    return Hashes.below(owner.length, hash);
  }

  @Override
  public int position(long hash, int start, int step) {
    if (step == 0) {
      return start;
    }
    int stride = Hashes.below(owner.length - 1, Hashes.derived(hash, 0)) + 1;
    return (int) ((start + (long) step * stride) % owner.length);
  }

  @Override
  public int row(int position) {
    return owner[position];
  }

  @Override
  public long salt(int position, int step) {
    return position;
  }

  @Override
  public int length() {
    return owner.length;
  }
}
