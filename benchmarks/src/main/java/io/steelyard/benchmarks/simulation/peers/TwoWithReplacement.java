package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;

/**
 * Least request of two choices with replacement, as gRPC's {@code least_request_experimental}
 * (choice count 2, gRFC A48), and Envoy's {@code LEAST_REQUEST} and Stork's {@code
 * power-of-two-choices} where weights are equal: two endpoints are drawn, possibly the same one,
 * and the one with fewer requests in flight is taken, the first on a tie. Weights are not looked
 * at.
 *
 * <p>Requests count from the pick on; in gRPC they count from the stream's creation, which is a
 * little later.
 */
public final class TwoWithReplacement implements Strategy {
  @Override
  public Picker compile(Candidates candidates, Context context) {
    Pool pool = new Pool(candidates);
    RandomSource random = context.random();
    return (request, rank) -> {
      int first = random.nextInt(pool.size());
      int second = random.nextInt(pool.size());
      return pool.index[
          pool.stats[second].inFlight() < pool.stats[first].inFlight() ? second : first];
    };
  }

  @Override
  public String toString() {
    return "two choices with replacement";
  }
}
