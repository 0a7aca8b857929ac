package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;

/** See {@link Strategies#leastConnections}. */
enum LeastConnections implements Strategy {
  INSTANCE;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    return new Scan(candidates, context.random());
  }

  @Override
  public String toString() {
    return "leastConnections";
  }

  private static final class Scan implements Picker {
    private final int[] index;
    private final double[] weight;
    private final double[] perRequest;
    private final EndpointStats[] stats;
    private final RandomSource random;

    Scan(Candidates candidates, RandomSource random) {
      Usable usable = Usable.of(candidates);
      this.index = usable.index;
      this.weight = usable.weight;
      this.perRequest = usable.perRequest();
      this.stats = usable.stats(candidates);
      this.random = random;
    }

    @Override
    public int pick(PickContext context, int rank) {
      double load = -1;
      double ties = 0;
      int at = 0;
      // The k-th rank is the k-th lowest load: each round finds the lowest above the one before.
      // Ties share a rank.
      for (int round = 0; round <= rank; round++) {
        double lowest = Double.POSITIVE_INFINITY;
        for (int p = 0; p < index.length; p++) {
          double candidate = load(p);
          if (candidate > load && candidate <= lowest) {
            if (candidate < lowest) {
              lowest = candidate;
              ties = 0;
              at = p;
            }
            ties += weight[p];
          }
        }
        if (lowest == Double.POSITIVE_INFINITY) {
          break; // fewer loads than ranks: among the highest again
        }
        load = lowest;
      }
      return index[ties > weight[at] ? amongTies(load, ties, at) : at];
    }

    /**
     * One of those at this load, by weight. Loads move meanwhile; whoever is not at it any more is
     * passed over.
     */
    private int amongTies(double load, double ties, int first) {
      double left = random.nextDouble() * ties;
      int last = first;
      for (int p = first; p < index.length; p++) {
        if (load(p) == load) {
          last = p;
          left -= weight[p];
          if (left < 0) {
            break;
          }
        }
      }
      return last;
    }

    private double load(int p) {
      return stats[p].inFlight() * perRequest[p];
    }
  }
}
