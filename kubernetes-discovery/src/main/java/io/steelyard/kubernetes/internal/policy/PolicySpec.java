package io.steelyard.kubernetes.internal.policy;

import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a policy says, checked. A value.
 *
 * @param name for people, or null
 * @param weight of endpoints that no rule is for; null for what they declare
 * @param stages null for the program's own
 */
record PolicySpec(
    Target target,
    Strategy strategy,
    @Nullable String name,
    @Nullable Integer weight,
    List<Rule> rules,
    @Nullable List<Stage> stages) {

  /**
   * The weight of some endpoints: those for which all conditions hold.
   *
   * @param podLabels empty for any
   * @param zone null for any
   */
  record Rule(Map<String, String> podLabels, @Nullable String zone, int weight) {
    Rule {
      podLabels = Map.copyOf(podLabels);
    }
  }

  PolicySpec {
    rules = List.copyOf(rules);
    stages = stages == null ? null : List.copyOf(stages);
  }

  /** The selections of pods that the rules ask for. */
  Set<Map<String, String>> selections() {
    Set<Map<String, String>> selections = new HashSet<>();
    for (Rule rule : rules) {
      if (!rule.podLabels().isEmpty()) {
        selections.add(rule.podLabels());
      }
    }
    return selections;
  }

  /**
   * What it makes of a program's policy.
   *
   * @param pods the uids of the pods that a selection selects
   */
  LoadBalancingPolicy over(
      LoadBalancingPolicy builders, Function<Map<String, String>, Set<String>> pods) {
    List<Stage> all = new ArrayList<>();
    if (weight != null || !rules.isEmpty()) {
      List<Weights.Rule> resolved = new ArrayList<>();
      for (Rule rule : rules) {
        Set<String> uids = rule.podLabels().isEmpty() ? null : pods.apply(rule.podLabels());
        resolved.add(new Weights.Rule(rule.podLabels(), uids, rule.zone(), rule.weight()));
      }
      all.add(new Weights(resolved, weight));
    }
    all.addAll(stages == null ? builders.stages() : stages);
    return new LoadBalancingPolicy(all, strategy);
  }
}
