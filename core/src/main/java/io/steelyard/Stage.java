package io.steelyard;

/**
 * A layer between discovery and choice: a function of the candidates, their statistics and the
 * moment.
 *
 * <p>A stage runs when something changed (the list, the policy, a threshold it armed, a time it
 * asked for), one evaluation at a time, and never for a request. It keeps nothing in its own
 * fields: what it remembers belongs to one balancer and stands in {@link Context#memory}. Its
 * {@code toString()} is its name in {@link Balancer#explain()}, and its {@code equals} decides
 * whether a new policy's stage takes over the memory of the old one's.
 *
 * <p>A stage that throws is reported once and the last snapshot stays in use; if it came with a new
 * policy, the last policy goes on.
 */
@FunctionalInterface
public interface Stage {
  /**
   * Returns the candidates as this layer weighs them; the same object if it has nothing to change.
   */
  Candidates apply(Candidates candidates, Context context);

  /**
   * Returns this stage with a panic guard: it stands aside while it would leave less than this
   * share of what was discovered, and takes part again once it would leave five points more.
   *
   * <p>When most endpoints look bad it is likelier that the client, the network or a dependency
   * they share is at fault, and the few that are left would drown. (Envoy's panic threshold, which
   * has no such hysteresis: there a pool that hovers at the threshold moves all its traffic with
   * every step.)
   *
   * @param share above 0, at most 1, of the endpoints by count
   * @throws IllegalArgumentException if the share is out of range
   */
  default Stage panicBelow(double share) {
    return new PanicGuard(this, share);
  }
}
