package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Strategies#rendezvous}.
 *
 * <p>With u the hash of key and endpoint as a fraction, −ln(u)/w is an exponential random number of
 * rate w, and the smallest of several such numbers is that of endpoint i with probability w_i/Σw.
 * Lowering one weight raises one score: only keys of that endpoint leave it. Therefore the weights
 * as stages leave them can be used as they are. (What is computed is −ln(1−u), for 1−u is never 0.)
 * With equal weights the smallest u wins, and no logarithm is needed.
 */
enum Rendezvous implements HashStrategy {
  INSTANCE;

  @Override
  public KeyedPicker compile(Candidates candidates, Context context) {
    TableMemory.Built<long[]> built =
        TableMemory.of(candidates.topology(), context, Rows::byId, Rendezvous::hashes);
    return new Scores(built.table(), built.rows(), candidates, context);
  }

  private static long[] hashes(Rows rows) {
    long[] hashes = new long[rows.size()];
    for (int row = 0; row < hashes.length; row++) {
      hashes[row] = Hashes.of(rows.ids[row]);
    }
    return hashes;
  }

  @Override
  public String toString() {
    return "rendezvous";
  }

  private static final class Scores extends KeyedPicker {
    private final int[] index;
    private final long[] hash;
    private final double[] perWeight;
    private final boolean equalWeights;

    Scores(long[] hashes, Rows rows, Candidates candidates, Context context) {
      super(candidates, context);
      int n = candidates.usable();
      index = new int[n];
      hash = new long[n];
      perWeight = new double[n];
      boolean equal = true;
      int p = 0;
      for (int row = 0; row < hashes.length; row++) {
        double weight = candidates.weight(rows.index[row]);
        if (weight > 0) {
          index[p] = rows.index[row];
          hash[p] = hashes[row];
          perWeight[p] = 1 / weight;
          equal &= perWeight[p] == perWeight[0];
          p++;
        }
      }
      equalWeights = equal;
    }

    @Override
    int walk(long key, int rank, @Nullable Room room, int total) {
      // Each round finds the best score below that of the round before.
      double last = -1;
      int lastAt = -1;
      for (int round = 0; round <= rank; round++) {
        double best = Double.POSITIVE_INFINITY;
        int bestAt = -1;
        for (int p = 0; p < index.length; p++) {
          double score = score(key, p);
          if (score < best
              && (score > last || (score == last && p > lastAt))
              && (room == null || room.in(index[p], total))) {
            best = score;
            bestAt = p;
          }
        }
        if (bestAt < 0) {
          return NONE;
        }
        last = best;
        lastAt = bestAt;
      }
      return index[lastAt];
    }

    /** Smaller is better. */
    private double score(long key, int p) {
      double u = Hashes.fraction(Hashes.mix(key ^ hash[p]));
      // u is below 1, so that the logarithm is finite; both grow with u, so that the order is one.
      return equalWeights ? u : -Math.log(1 - u) * perWeight[p];
    }
  }
}
