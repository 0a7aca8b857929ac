package io.steelyard;

import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Says from outside the program which policy a balancer is to follow, while it runs: a control
 * plane, a file, a resource in a cluster.
 *
 * <p>What it says goes before the builder's policy and behind {@link Balancer#apply}. It is swapped
 * in like any policy: no request is lost, and what was learnt of endpoints stays. A source never
 * stops by itself: while its own source is out of reach, what it said last stays in force.
 *
 * <p>A source may be watched by several balancers, and again after a watch was closed.
 */
@FunctionalInterface
public interface PolicySource {
  /**
   * Starts to watch. The first advice may be given before this method returns; until there is one
   * the builder's policy is in force.
   *
   * @param builders the builder's policy, for a source that only changes parts of it
   * @param listener takes each advice. Calls may come from any thread, but never two at once; they
   *     return quickly and do not throw
   * @return closes this watch: idempotent; afterwards the listener is called no more
   */
  AutoCloseable watch(LoadBalancingPolicy builders, Consumer<Advice> listener);

  /**
   * The policy to follow now, and why. Immutable.
   *
   * @param policy the policy; null for the builder's
   * @param origin where it comes from, and why this one: what {@link Explanation#policySource()}
   *     says while it is in force
   * @param problem what is wrong with the policies at the source, for {@link
   *     Explanation#problem()}; null if nothing is
   */
  record Advice(@Nullable LoadBalancingPolicy policy, String origin, @Nullable String problem) {
    /** Checks. */
    public Advice {
      Objects.requireNonNull(origin, "origin");
    }
  }
}
