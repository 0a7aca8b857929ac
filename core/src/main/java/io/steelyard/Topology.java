package io.steelyard;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a discovery knows: every endpoint, and how sure it is of them.
 *
 * <p>A topology is always the whole list, never a difference. It is immutable and thread-safe; ids
 * are unique in it. Two topologies are equal when their endpoints (in order), state and detail are.
 */
public final class Topology {
  /** How far a topology can be trusted. */
  public enum State {
    /** Nothing has been heard yet; there are no endpoints because none are known. */
    SYNCING,
    /** The list is current. */
    LIVE,
    /** The list was current once; the source cannot be reached at the moment. */
    STALE,
    /** The source refuses to answer this client; the list is the last one it gave. */
    UNAUTHORIZED,
    /** The source says there is no such service. */
    ABSENT,
    /** The discovery was closed, and the list is the last one it had; or the balancer, and none. */
    CLOSED
  }

  private static final Topology SYNCING = new Topology(List.of(), State.SYNCING, null);

  private final List<Endpoint> endpoints;
  private final State state;
  private final @Nullable String detail;

  private Topology(List<Endpoint> endpoints, State state, @Nullable String detail) {
    this.endpoints = endpoints;
    this.state = state;
    this.detail = detail;
  }

  /** The topology of a discovery that has not heard anything yet. */
  public static Topology syncing() {
    return SYNCING;
  }

  /**
   * Returns a {@link State#LIVE} topology of these endpoints.
   *
   * @throws IllegalArgumentException if two endpoints share an id; the message names both
   */
  public static Topology of(Collection<Endpoint> endpoints) {
    List<Endpoint> copy = List.copyOf(endpoints);
    Map<String, Endpoint> seen = new HashMap<>();
    for (Endpoint endpoint : copy) {
      Endpoint other = seen.put(endpoint.id(), endpoint);
      if (other != null) {
        throw new IllegalArgumentException(
            "endpoint id: "
                + endpoint.id()
                + " is used by "
                + other.authority()
                + " and "
                + endpoint.authority()
                + " (expected: unique ids)");
      }
    }
    return new Topology(copy, State.LIVE, null);
  }

  /** Returns a {@link State#LIVE} topology of these endpoints; see {@link #of(Collection)}. */
  public static Topology of(Endpoint... endpoints) {
    return of(List.of(endpoints));
  }

  /**
   * Returns a {@link State#LIVE} topology of endpoints that came from outside: where several share
   * an id one is kept, the same whatever their order, and the others are handed to {@code dropped}.
   */
  public static Topology distinct(Collection<Endpoint> endpoints, Consumer<Endpoint> dropped) {
    Map<String, Endpoint> kept = new LinkedHashMap<>();
    for (Endpoint endpoint : endpoints) {
      Endpoint other = kept.putIfAbsent(endpoint.id(), endpoint);
      if (other == null) {
        continue;
      }
      boolean replaces = PREFERENCE.compare(endpoint, other) < 0;
      if (replaces) {
        kept.put(endpoint.id(), endpoint);
      }
      dropped.accept(replaces ? other : endpoint);
    }
    return new Topology(List.copyOf(kept.values()), State.LIVE, null);
  }

  private static final Comparator<Endpoint> PREFERENCE =
      Comparator.comparing(Endpoint::draining)
          .thenComparing(Endpoint::host)
          .thenComparing(Endpoint::port)
          .thenComparing(Endpoint::weight, Comparator.reverseOrder())
          .thenComparing(e -> String.valueOf(e.zone()))
          .thenComparing(e -> String.valueOf(e.node()))
          .thenComparing(e -> e.attributes().toString());

  /** Every endpoint, in the discovery's order: unmodifiable, ids unique. */
  public List<Endpoint> endpoints() {
    return endpoints;
  }

  /** How sure the discovery is of this list. */
  public State state() {
    return state;
  }

  /** What the state's name does not say, for people: the last error, or the names that do exist. */
  public @Nullable String detail() {
    return detail;
  }

  /** Returns the same endpoints with another state and detail. */
  public Topology with(State state, @Nullable String detail) {
    Objects.requireNonNull(state, "state");
    return state == this.state && Objects.equals(detail, this.detail)
        ? this
        : new Topology(endpoints, state, detail);
  }

  /**
   * Says how this topology differs from an earlier one, as {@code 12 endpoints (+2 -1 ~3)}: for one
   * log line.
   */
  public String changesSince(Topology earlier) {
    Set<String> before = new HashSet<>();
    Map<String, Endpoint> known = new HashMap<>();
    for (Endpoint endpoint : earlier.endpoints) {
      before.add(endpoint.id());
      known.put(endpoint.id(), endpoint);
    }
    List<String> added = new ArrayList<>();
    int changed = 0;
    for (Endpoint endpoint : endpoints) {
      if (!before.remove(endpoint.id())) {
        added.add(endpoint.id());
      } else if (!endpoint.equals(known.get(endpoint.id()))) {
        changed++;
      }
    }
    return endpoints.size()
        + " endpoints (+"
        + added.size()
        + " -"
        + before.size()
        + " ~"
        + changed
        + ")";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Topology that
        && state == that.state
        && endpoints.equals(that.endpoints)
        && Objects.equals(detail, that.detail);
  }

  @Override
  public int hashCode() {
    return 31 * endpoints.hashCode() + state.hashCode();
  }

  @Override
  public String toString() {
    return state + (detail == null ? "" : " (" + detail + ")") + " " + endpoints;
  }
}
