package io.steelyard.kubernetes;

import io.steelyard.Topology;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How well a {@link KubernetesDiscovery} is doing at one moment: for health checks, metrics and
 * people. Immutable.
 *
 * <p>Being connected says little: a connection may be half open. What matters is {@link
 * #sinceHeard()}, which on a healthy watch stays below about a minute, as the API server sends a
 * bookmark that often.
 */
public final class KubernetesStatus {
  private final String title;
  private final Topology.State state;
  private final @Nullable String detail;
  private final @Nullable Duration sinceHeard;
  private final @Nullable Duration sinceChange;
  private final @Nullable String resourceVersion;
  private final int endpoints;
  private final int slices;
  private final int dropped;
  private final long lists;
  private final long watches;
  private final long reconnects;
  private final long silences;

  KubernetesStatus(
      String title,
      Topology.State state,
      @Nullable String detail,
      @Nullable Duration sinceHeard,
      @Nullable Duration sinceChange,
      @Nullable String resourceVersion,
      int endpoints,
      int slices,
      int dropped,
      long lists,
      long watches,
      long reconnects,
      long silences) {
    this.title = title;
    this.state = state;
    this.detail = detail;
    this.sinceHeard = sinceHeard;
    this.sinceChange = sinceChange;
    this.resourceVersion = resourceVersion;
    this.endpoints = endpoints;
    this.slices = slices;
    this.dropped = dropped;
    this.lists = lists;
    this.watches = watches;
    this.reconnects = reconnects;
    this.silences = silences;
  }

  /** The state of the topology published last; {@code SYNCING} before the first. */
  public Topology.State state() {
    return state;
  }

  /** Why the state is what it is: the last error, or the ports there are; null if all is well. */
  public @Nullable String detail() {
    return detail;
  }

  /**
   * Time since the API server last said anything (a list, an event or a bookmark), by a monotonic
   * clock; null if it never did.
   */
  public @Nullable Duration sinceHeard() {
    return sinceHeard;
  }

  /** Time since the list of endpoints last changed, by a monotonic clock; null before the first. */
  public @Nullable Duration sinceChange() {
    return sinceChange;
  }

  /**
   * The API server's version of what is known, an opaque text; null while that has to be listed.
   */
  public @Nullable String resourceVersion() {
    return resourceVersion;
  }

  /** How many endpoints are published. */
  public int endpoints() {
    return endpoints;
  }

  /** How many EndpointSlices they come from. */
  public int slices() {
    return slices;
  }

  /** How many endpoints in these slices are left out as unusable; {@link #detail()} says why. */
  public int dropped() {
    return dropped;
  }

  /** How many lists were asked for, answered or not. */
  public long lists() {
    return lists;
  }

  /** How many watches the API server accepted. */
  public long watches() {
    return watches;
  }

  /** How many watches ended, in good order or not, and were followed by another attempt. */
  public long reconnects() {
    return reconnects;
  }

  /** How many watches were given up because they said nothing for too long. */
  public long silences() {
    return silences;
  }

  /** One line for people. */
  @Override
  public String toString() {
    return title
        + ": "
        + state
        + (detail == null ? "" : " (" + detail + ")")
        + ", "
        + endpoints
        + " endpoints in "
        + slices
        + " slices, "
        + dropped
        + " dropped, heard "
        + ago(sinceHeard)
        + ", changed "
        + ago(sinceChange)
        + ", at version "
        + resourceVersion
        + ", lists "
        + lists
        + ", watches "
        + watches
        + ", reconnects "
        + reconnects
        + ", silences "
        + silences;
  }

  private static String ago(@Nullable Duration age) {
    return age == null ? "never" : age.toMillis() + " ms ago";
  }
}
