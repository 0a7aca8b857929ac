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
 * Dialogue's balanced node selection: of all endpoints the one with the lowest score, at random
 * among equals. The score is what is in flight plus recent failures, rounded to a whole number;
 * each failure counts 10 and fades by half in 30 s, in steps of 3 s. Weights are not looked at.
 */
public final class BalancedScore implements Strategy, Observer {
  private static final double FAILURE_WEIGHT = 10;
  private static final long STEP_NANOS = 3_000_000_000L;
  private static final double LEFT_AFTER_STEP = StrictMath.pow(0.5, 0.1);

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
      long now = context.nanoTime();
      long lowest = Long.MAX_VALUE;
      int ties = 0;
      int best = 0;
      for (int p = 0; p < in.length; p++) {
        long score = pool.stats[p].inFlight() + in[p].failures(now);
        if (score < lowest) {
          lowest = score;
          best = p;
          ties = 1;
        } else if (score == lowest && random.nextInt(++ties) == 0) {
          best = p;
        }
      }
      return pool.index[best];
    };
  }

  @Override
  public void begun(Endpoint endpoint, long now) {}

  @Override
  public void ended(Endpoint endpoint, Outcome outcome, long nanos, long now) {
    Node node = nodes.get(endpoint.id());
    if (node != null && outcome.isFailure()) {
      node.failed(now);
    }
  }

  @Override
  public String toString() {
    return "balanced score";
  }

  private static final class Node {
    private double failures;
    private long stepped;

    Node(long now) {
      stepped = now;
    }

    void failed(long now) {
      failures(now);
      failures += FAILURE_WEIGHT;
    }

    long failures(long now) {
      if (failures == 0) {
        stepped = now;
        return 0;
      }
      while (now - stepped >= STEP_NANOS) {
        failures *= LEFT_AFTER_STEP;
        stepped += STEP_NANOS;
      }
      return Math.round(failures);
    }
  }
}
