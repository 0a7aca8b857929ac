package io.steelyard.kubernetes;

import io.steelyard.Topology;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How well a {@link KubernetesPolicies} is doing at one moment, and what it knows: for health
 * checks and people. Immutable.
 */
public final class KubernetesPoliciesStatus {
  private final String title;
  private final Topology.State state;
  private final @Nullable String detail;
  private final @Nullable Duration sinceHeard;
  private final List<Policy> policies;

  KubernetesPoliciesStatus(
      String title,
      Topology.State state,
      @Nullable String detail,
      @Nullable Duration sinceHeard,
      List<Policy> policies) {
    this.title = title;
    this.state = state;
    this.detail = detail;
    this.sinceHeard = sinceHeard;
    this.policies = List.copyOf(policies);
  }

  /**
   * One policy in the namespace.
   *
   * @param name the resource's
   * @param problem why it cannot be followed, with the place; null if it can
   * @param governs the services that follow it, as far as this process balances them; empty if it
   *     selects none of them, or an older one goes before it
   */
  public record Policy(String name, @Nullable String problem, List<String> governs) {
    /** Copies. */
    public Policy {
      governs = List.copyOf(governs);
    }

    /** {@code cart governs [cart]}, or what is wrong. */
    @Override
    public String toString() {
      return name
          + (governs.isEmpty() ? " governs nothing here" : " governs " + governs)
          + (problem == null ? "" : " (" + problem + ")");
    }
  }

  /**
   * {@code LIVE}; {@code SYNCING} while nothing could be read yet, also where the
   * CustomResourceDefinition is missing; {@code STALE} and {@code UNAUTHORIZED} while what was read
   * last stays; {@code CLOSED} when the given client was closed.
   */
  public Topology.State state() {
    return state;
  }

  /** Why the state is what it is; null if all is well. */
  public @Nullable String detail() {
    return detail;
  }

  /** Time since the API server last said anything; null if it never did. */
  public @Nullable Duration sinceHeard() {
    return sinceHeard;
  }

  /** All policies of the namespace, the oldest first. */
  public List<Policy> policies() {
    return policies;
  }

  /** One line for people. */
  @Override
  public String toString() {
    return title + ": " + state + (detail == null ? "" : " (" + detail + ")") + " " + policies;
  }
}
