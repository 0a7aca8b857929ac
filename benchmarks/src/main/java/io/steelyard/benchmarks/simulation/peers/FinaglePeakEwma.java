package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;
import java.util.HashMap;
import java.util.Map;

/**
 * Finagle's {@code p2cPeakEwma}: two different endpoints at random, the one with the lower load;
 * the first on a tie.
 *
 * <p>Load is cost × (pending + 1). The cost jumps to a round trip that is longer, and otherwise
 * moves towards it, w = e^(−Δ/τ) being what stays, τ = 10 s. Asking for the load counts as a round
 * trip of zero: it decays the cost, and writes that down. An endpoint without history and with
 * requests pending costs a penalty beyond everything. How a request ends makes no difference:
 * failures are left to other modules of Finagle, as here to the stages. Weights are not looked at.
 */
public final class FinaglePeakEwma implements Strategy, Observer {
  private static final double TAU_NANOS = 10e9;
  private static final double PENALTY = Double.MAX_VALUE / 2;

  private final Map<String, Node> nodes = new HashMap<>();

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Pool pool = new Pool(candidates);
    Node[] in = new Node[pool.size()];
    for (int p = 0; p < in.length; p++) {
      in[p] = nodes.computeIfAbsent(pool.id[p], id -> new Node(context.nanoTime()));
    }
    RandomSource random = context.random();
    return (request, rank) -> {
      if (in.length == 1) {
        return pool.index[0];
      }
      int first = random.nextInt(in.length);
      int second = random.nextInt(in.length - 1);
      if (second >= first) {
        second++;
      }
      long now = context.nanoTime();
      return pool.index[in[second].load(now) < in[first].load(now) ? second : first];
    };
  }

  @Override
  public void begun(Endpoint endpoint, long now) {
    Node node = nodes.get(endpoint.id());
    if (node != null) {
      node.pending++;
    }
  }

  @Override
  public void ended(Endpoint endpoint, Outcome outcome, long nanos, long now) {
    Node node = nodes.get(endpoint.id());
    if (node != null) {
      node.pending--;
      node.observe((double) nanos, now);
    }
  }

  @Override
  public String toString() {
    return "Finagle's peak EWMA";
  }

  private static final class Node {
    int pending;
    private double cost;
    private long stamp;

    Node(long now) {
      stamp = now;
    }

    void observe(double nanos, long now) {
      double since = (double) (now - stamp);
      double stays = StrictMath.exp(-since / TAU_NANOS);
      cost = nanos > cost ? nanos : nanos * (1 - stays) + cost * stays;
      stamp = now;
    }

    double load(long now) {
      observe(0, now);
      return cost == 0 && pending != 0 ? PENALTY + pending : cost * (pending + 1);
    }
  }
}
