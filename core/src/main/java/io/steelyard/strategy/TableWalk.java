package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import org.jspecify.annotations.Nullable;

/**
 * Walks a {@link HashTable} to the first row that will do, or to the k-th different one.
 *
 * <p>The table knows declared weights alone. What stages did to them is applied on the way: a row
 * of weight zero is passed over, and one that a stage has scaled down keeps the key with a
 * probability of its factor, decided by a hash of the key and the step. So whoever leaves gives its
 * keys to those that follow in the order of each key, nobody else's move, and the higher a factor
 * rises the more of the same keys come back. Factors count relative to the largest: a stage that
 * scales everybody alike moves nothing. Where the walk ends with nobody found it starts again and
 * keeps to whoever is usable.
 *
 * <p>Deciding at each step, and not once for a key and an endpoint, makes the shares come out as
 * the weights say: it is rejection sampling, so that of two endpoints with the factors ½ and 1 the
 * first gets a third and not a quarter.
 */
final class TableWalk extends KeyedPicker {
  private final HashTable table;
  private final int[] index;

  /** By row: 0 is never chosen, 1 always kept. */
  private final double[] keep;

  private final int usable;

  /**
   * @param byWeight whether the table knows nothing of declared weights, so that these are applied
   *     on the way as well
   */
  TableWalk(HashTable table, Rows rows, Candidates candidates, Context context, boolean byWeight) {
    super(candidates, context);
    this.table = table;
    this.index = rows.index;
    this.usable = candidates.usable();
    this.keep = new double[rows.size()];
    double largest = 0;
    int heaviest = 1;
    for (int row = 0; row < keep.length; row++) {
      largest = Math.max(largest, candidates.factor(index[row]));
      heaviest = Math.max(heaviest, rows.weights[row]); // also if it is out: others' keys stay
    }
    for (int row = 0; row < keep.length; row++) {
      double declared = byWeight ? (double) rows.weights[row] / heaviest : 1;
      keep[row] = candidates.factor(index[row]) / largest * declared;
    }
  }

  @Override
  int walk(long hash, int rank, @Nullable Room room, int total) {
    if (rank >= usable) {
      return NONE;
    }
    int kept = walk(hash, rank, room, total, true);
    return kept >= 0 || rank > 0 ? kept : walk(hash, rank, room, total, false);
  }

  private int walk(long hash, int rank, @Nullable Room room, int total, boolean thinned) {
    int start = table.start(hash);
    int found = 0;
    for (int step = 0; step < table.length(); step++) {
      int position = table.position(hash, start, step);
      int row = table.row(position);
      if ((thinned ? keeps(row, hash, position, step) : keep[row] > 0)
          && (room == null || room.in(index[row], total))
          && (rank == 0 || !met(row, hash, start, step))
          && found++ == rank) {
        return index[row];
      }
    }
    return NONE;
  }

  private boolean keeps(int row, long hash, int position, int step) {
    double factor = keep[row];
    return factor == 1
        || (factor > 0
            && Hashes.fraction(Hashes.mix(hash ^ Hashes.mix(table.salt(position, step)))) < factor);
  }

  /** Whether the row came up before on this walk, and was not passed over. */
  private boolean met(int row, long hash, int start, int before) {
    for (int step = 0; step < before; step++) {
      int position = table.position(hash, start, step);
      if (table.row(position) == row && keeps(row, hash, position, step)) {
        return true;
      }
    }
    return false;
  }
}
