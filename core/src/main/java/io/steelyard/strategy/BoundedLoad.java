package io.steelyard.strategy;

import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import java.util.Objects;

/** See {@link Strategies#boundedLoad}. */
record BoundedLoad(HashStrategy hash, double epsilon) implements Strategy {
  BoundedLoad {
    if (!(epsilon > 0) || !Double.isFinite(epsilon)) {
      throw new IllegalArgumentException(
          "boundedLoad: epsilon: " + epsilon + " (expected: finite, > 0)");
    }
  }

  static BoundedLoad of(Strategy hash, double epsilon) {
    if (Objects.requireNonNull(hash, "hash") instanceof HashStrategy keyed) {
      return new BoundedLoad(keyed, epsilon);
    }
    throw new IllegalArgumentException(
        "boundedLoad: hash: " + hash + " (expected: ringHash, maglev or rendezvous)");
  }

  @Override
  public BoundedPicker compile(Candidates candidates, Context context) {
    return new Bounded(hash.compile(candidates, context), candidates, epsilon);
  }

  @Override
  public String toString() {
    return "boundedLoad(" + hash + ", " + epsilon + ")";
  }

  private static final class Bounded implements BoundedPicker, KeyedPicker.Room {
    /** Takes back what products round up, lest 1.1 × 10 become 12. */
    private static final double EXACT = 1 - 1e-12;

    private final KeyedPicker order;
    private final double[] share;
    private final int[] limit;
    private final EndpointStats[] stats;

    Bounded(KeyedPicker order, Candidates candidates, double epsilon) {
      int n = candidates.size();
      this.order = order;
      this.share = new double[n];
      this.limit = new int[n];
      this.stats = new EndpointStats[n];
      double sum = 0;
      for (int i = 0; i < n; i++) {
        sum += candidates.weight(i);
      }
      for (int i = 0; i < n; i++) {
        share[i] = (1 + epsilon) * candidates.weight(i) / sum * EXACT;
        limit[i] = candidates.limit(i);
        stats[i] = candidates.stats(i);
      }
    }

    @Override
    public int limit(int candidate, int total) {
      return (int) Math.ceil(share[candidate] * total); // the cast stops at the largest int
    }

    @Override
    public boolean in(int candidate, int total) {
      int inFlight = stats[candidate].inFlight();
      return inFlight < limit(candidate, total) && inFlight < limit[candidate];
    }

    @Override
    public int pick(PickContext context, int rank) {
      return order.pick(context, rank);
    }

    @Override
    public int pick(PickContext context, int rank, int total) {
      return order.pickWithRoom(context, rank, this, total);
    }
  }
}
