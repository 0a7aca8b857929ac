package io.steelyard.kubernetes.internal.policy;

import io.steelyard.kubernetes.internal.ServiceFacts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Which of a namespace's policies one service follows: a pure function of all of them.
 *
 * <p>The oldest that selects the service, so that nobody can take a service over by creating
 * another; those made in one second go by name. A policy that was edited into a bad one counts as
 * what it was before; one that never was good is passed over.
 *
 * @param policy the one that is followed; null if there is none
 * @param spec what it says, or said when it was good
 * @param problem what is wrong with policies that select the service; null if nothing is
 */
record Choice(
    @Nullable Policy policy, @Nullable PolicySpec spec, String origin, @Nullable String problem) {

  /**
   * Chooses.
   *
   * @param lastGood by uid, what policies said when they were last good
   */
  static Choice of(
      Collection<Policy> policies, Map<String, PolicySpec> lastGood, ServiceFacts facts) {
    List<Policy> selecting = new ArrayList<>();
    for (Policy policy : policies) {
      Target target = target(policy, lastGood);
      if (target != null && target.selects(facts)) {
        selecting.add(policy);
      }
    }
    selecting.sort(Policy.BY_AGE);
    Policy chosen = null;
    PolicySpec spec = null;
    List<String> problems = new ArrayList<>();
    for (Policy policy : selecting) {
      PolicySpec says = says(policy, lastGood);
      if (policy.error() != null) {
        problems.add(complaint(policy, says != null));
      }
      if (chosen == null && says != null) {
        chosen = policy;
        spec = says;
      }
    }
    String problem = problems.isEmpty() ? null : String.join("; ", problems);
    if (chosen == null || spec == null) {
      return new Choice(null, null, none(selecting, facts), problem);
    }
    return new Choice(chosen, spec, origin(chosen, spec, selecting), problem);
  }

  /** What a policy counts as. */
  private static @Nullable PolicySpec says(Policy policy, Map<String, PolicySpec> lastGood) {
    return policy.spec() != null ? policy.spec() : lastGood.get(policy.uid());
  }

  /** Whom it is for: a bad edit changes nothing, that neither. */
  static @Nullable Target target(Policy policy, Map<String, PolicySpec> lastGood) {
    PolicySpec says = says(policy, lastGood);
    return says != null ? says.target() : policy.target();
  }

  /** {@code policy shop/cart: spec.weights[0].weight: -1 (expected: >= 0)}, and what follows. */
  static String complaint(Policy policy, boolean wasGood) {
    return policy.title()
        + ": "
        + policy.error()
        + (wasGood ? "; the last good one stays" : "; it is passed over");
  }

  private static String none(List<Policy> selecting, ServiceFacts facts) {
    return selecting.isEmpty()
        ? "no policy in " + facts.namespace() + " selects " + facts.service()
        : "no good policy in " + facts.namespace() + " selects " + facts.service();
  }

  private static String origin(Policy chosen, PolicySpec spec, List<Policy> selecting) {
    String name = spec.name() == null ? "" : " \"" + spec.name() + "\"";
    String others =
        selecting.stream()
            .filter(policy -> !policy.equals(chosen))
            .map(Policy::name)
            .collect(Collectors.joining(", "));
    if (others.isEmpty()) {
      return chosen.title() + name;
    }
    String why = selecting.get(0).equals(chosen) ? "the oldest" : "the oldest good one";
    return chosen.title() + name + " (" + why + " of " + selecting.size() + ", not " + others + ")";
  }
}
