package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;

/**
 * See {@link Strategies#leastConnections}.
 *
 * <p>One pass, which reads each endpoint once and settles ties on the way: of those with the least
 * load so far one is kept, and the next of them takes its place with the probability of its part of
 * their weights (reservoir sampling, A-Chao with a reservoir of one). Chances are drawn from one
 * random number, stepped by a linear congruence, as a number from the source for each tie would
 * take longer than the scan.
 *
 * <p>The k-th rank is the k-th lowest load, one more pass each. Ties share a rank.
 */
enum LeastConnections implements Strategy {
  INSTANCE;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    EndpointStats[] stats = usable.stats(candidates);
    return usable.equalWeights
        ? new Equal(usable.index, stats, context.random())
        : new Weighted(usable, stats, context.random());
  }

  @Override
  public String toString() {
    return "leastConnections";
  }

  /** Knuth's MMIX generator; its upper bits are good. */
  private static long step(long state) {
    return state * 6364136223846793005L + 1442695040888963407L;
  }

  private static final class Equal implements Picker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final RandomSource random;

    Equal(int[] index, EndpointStats[] stats, RandomSource random) {
      this.index = index;
      this.stats = stats;
      this.random = random;
    }

    @Override
    public int pick(PickContext context, int rank) {
      long chance = random.nextLong();
      EndpointStats[] all = stats;
      int at = 0;
      int above = -1;
      for (int round = 0; round <= rank; round++) {
        int lowest = Integer.MAX_VALUE;
        int ties = 0;
        for (int p = 0; p < all.length; p++) {
          int load = all[p].inFlight();
          if (load > above && load <= lowest) {
            if (load < lowest) {
              lowest = load;
              at = p;
              ties = 1;
            } else {
              ties++;
              chance = step(chance);
              if (((chance >>> 32) * ties) >>> 32 == 0) { // one in so many
                at = p;
              }
            }
          }
        }
        if (lowest == Integer.MAX_VALUE) {
          break; // fewer loads than ranks: of the highest again
        }
        above = lowest;
      }
      return index[at];
    }
  }

  private static final class Weighted implements Picker {
    private final int[] index;
    private final double[] weight;
    private final double[] perRequest;
    private final EndpointStats[] stats;
    private final RandomSource random;

    Weighted(Usable usable, EndpointStats[] stats, RandomSource random) {
      this.index = usable.index;
      this.weight = usable.weight;
      this.perRequest = usable.perRequest();
      this.stats = stats;
      this.random = random;
    }

    @Override
    public int pick(PickContext context, int rank) {
      long chance = random.nextLong();
      int at = 0;
      double above = -1;
      for (int round = 0; round <= rank; round++) {
        double lowest = Double.POSITIVE_INFINITY;
        double ties = 0;
        for (int p = 0; p < index.length; p++) {
          double load = stats[p].inFlight() * perRequest[p];
          if (load > above && load <= lowest) {
            if (load < lowest) {
              lowest = load;
              at = p;
              ties = weight[p];
            } else {
              ties += weight[p];
              chance = step(chance);
              if ((chance >>> 11) * 0x1.0p-53 * ties < weight[p]) {
                at = p;
              }
            }
          }
        }
        if (lowest == Double.POSITIVE_INFINITY) {
          break; // fewer loads than ranks: of the highest again
        }
        above = lowest;
      }
      return index[at];
    }
  }
}
