package io.steelyard.kubernetes.internal.policy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Endpoint;
import io.steelyard.Reason;
import io.steelyard.Stage;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Gives endpoints the weights that a policy declares, in place of those that discovery does. The
 * first layer, so that what it sees are declared weights.
 *
 * @param otherwise of endpoints that no rule is for; null for what they declare
 */
record Weights(List<Rule> rules, @Nullable Integer otherwise) implements Stage {
  private static final Reason ZERO = Reason.of("weight 0 (policy)");

  /**
   * Whole weights must come out whole, or a schedule of turns would be rounded. The first product
   * may be off in its last place, the second mends nearly all of those, the third what is left.
   */
  static final int PASSES = 3;

  /**
   * One rule, with the pods that it is for at the moment.
   *
   * @param uids of pods; null for any
   */
  record Rule(
      Map<String, String> podLabels,
      @Nullable Set<String> uids,
      @Nullable String zone,
      int weight) {
    Rule {
      uids = uids == null ? null : Set.copyOf(uids);
    }

    private boolean isFor(Endpoint endpoint) {
      return (zone == null || zone.equals(endpoint.zone()))
          && (uids == null || uids.contains(uid(endpoint)));
    }

    /** Discovery makes ids of {@code <uid>:<port>}. */
    private static String uid(Endpoint endpoint) {
      String id = endpoint.id();
      return id.substring(0, Math.max(0, id.lastIndexOf(':')));
    }

    @Override
    public String toString() {
      String labels =
          new TreeMap<>(podLabels)
              .entrySet().stream()
                  .map(label -> label.getKey() + "=" + label.getValue())
                  .collect(Collectors.joining(","));
      String both = labels.isEmpty() || zone == null ? "" : " ";
      return labels + both + (zone == null ? "" : "zone " + zone) + ": " + weight;
    }
  }

  Weights {
    rules = List.copyOf(rules);
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    int n = candidates.size();
    double[] weights = new double[n];
    for (int i = 0; i < n; i++) {
      weights[i] = weight(candidates.endpoint(i));
    }
    Candidates weighed = candidates.exclude(i -> weights[i] == 0 ? ZERO : null);
    for (int pass = 0; pass < PASSES; pass++) {
      Candidates now = weighed;
      weighed = now.scale(i -> factor(now.weight(i), weights[i]));
    }
    return weighed;
  }

  private int weight(Endpoint endpoint) {
    for (Rule rule : rules) {
      if (rule.isFor(endpoint)) {
        return rule.weight();
      }
    }
    return otherwise == null ? endpoint.weight() : otherwise;
  }

  /**
   * What makes the one of the other, or comes as near as a double does: the rest is the next
   * pass's.
   */
  static double factor(double from, double to) {
    double factor = to / from;
    if (factor * from != to) {
      if (Math.nextUp(factor) * from == to) {
        return Math.nextUp(factor);
      }
      if (Math.nextDown(factor) * from == to) {
        return Math.nextDown(factor);
      }
    }
    return factor;
  }

  /** {@code weights(track=canary: 5, else 100)}. */
  @Override
  public String toString() {
    String text = rules.stream().map(Rule::toString).collect(Collectors.joining(", "));
    String rest = otherwise == null ? "" : (text.isEmpty() ? "" : ", else ") + otherwise;
    return "weights(" + text + rest + ")";
  }
}
