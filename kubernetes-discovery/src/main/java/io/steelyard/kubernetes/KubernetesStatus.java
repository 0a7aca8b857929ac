package io.steelyard.kubernetes;

import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceWatch;
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
  /** Why a list is not simply current, for programs; {@link #detail()} says it to people. */
  public enum Problem {
    /** The API server cannot be reached or does not answer in time. */
    UNREACHABLE,
    /** The API server is overloaded or not well: 429 or 5xx. */
    BUSY,
    /** One side does not trust the other's certificate, or they have no TLS version in common. */
    UNTRUSTED,
    /**
     * The API server does not know this client (401) or does not allow it to list or watch (403).
     */
    REFUSED,
    /** The API server serves neither {@code discovery.k8s.io/v1} nor {@code v1beta1}. */
    NOT_SERVED,
    /** What the API server says cannot be read, or it no longer has the version asked for. */
    UNREADABLE,
    /** It cannot be told which port is meant. */
    NO_PORT,
    /** The service has become empty, and its last endpoints are held for a while. */
    EMPTY,
    /** No slice belongs to such a service. */
    NO_SLICES,
    /** The client that was given has been closed. */
    CLIENT_CLOSED
  }

  /** Which of a service's endpoints are published, as kube-proxy chooses them. */
  public enum Routing {
    /** Every one that is ready. */
    ALL,
    /** Those that are hinted for this client's zone. */
    SAME_ZONE,
    /** Those that are hinted for this client's node. */
    SAME_NODE,
    /** Those that are terminating but still serve, as none is ready. */
    TERMINATING
  }

  private final String title;
  private final ServiceWatch.@Nullable Snapshot now;

  /** A moment of a watch; null if there was none yet. */
  KubernetesStatus(String title, ServiceWatch.@Nullable Snapshot now) {
    this.title = title;
    this.now = now;
  }

  /** The state of the topology published last; {@code SYNCING} before the first. */
  public Topology.State state() {
    return now == null ? Topology.State.SYNCING : now.topology().state();
  }

  /** Why the state is what it is: the last error, or the ports there are; null if all is well. */
  public @Nullable String detail() {
    return now == null ? "not watched" : now.topology().detail();
  }

  /** Why the list is not simply current; null if it is, or while nothing has been tried yet. */
  public @Nullable Problem problem() {
    return now == null || now.reason() == null ? null : Problem.valueOf(now.reason().name());
  }

  /**
   * What was thrown last while the list has not been current: an exception of the fabric8 client in
   * most cases, as it was thrown; null if all is well or no exception is behind it.
   */
  public @Nullable Throwable cause() {
    return now == null ? null : now.cause();
  }

  /**
   * Time since the API server last said anything (a list, an event or a bookmark), by a monotonic
   * clock; null if it never did.
   */
  public @Nullable Duration sinceHeard() {
    return now == null ? null : now.sinceHeard();
  }

  /** Time since the list of endpoints last changed, by a monotonic clock; null before the first. */
  public @Nullable Duration sinceChange() {
    return now == null ? null : now.sinceChange();
  }

  /**
   * The API server's version of what is known, an opaque text; null while that has to be listed.
   */
  public @Nullable String resourceVersion() {
    return now == null ? null : now.version();
  }

  /** How many endpoints are published. */
  public int endpoints() {
    return now == null ? 0 : now.topology().endpoints().size();
  }

  /** How many EndpointSlices they come from. */
  public int slices() {
    return now == null ? 0 : now.slices();
  }

  /** How many endpoints in these slices are left out as unusable; {@link #detail()} says why. */
  public int dropped() {
    return now == null ? 0 : now.leftOut();
  }

  /** How many slices of the latest list could not be read; what was known of them stays. */
  public int unreadable() {
    return now == null ? 0 : now.counts().unreadable();
  }

  /** Which of the service's endpoints are published. */
  public Routing routing() {
    return now == null ? Routing.ALL : Routing.valueOf(now.routing().name());
  }

  /**
   * How many endpoints the hints select, or why hints that are there are not followed; null where
   * there are no hints.
   */
  public @Nullable String routingDetail() {
    return now == null ? null : now.routingDetail();
  }

  /** How far the weights of pods can be trusted; null unless they were asked for. */
  public Topology.@Nullable State podWeights() {
    Reflector.Health pods = now == null ? null : now.podWeights();
    return pods == null ? null : pods.state();
  }

  /** How many lists were asked for, answered or not; those of audits are not among them. */
  public long lists() {
    return now == null ? 0 : now.counts().lists();
  }

  /** How many of these lists came after the first that was answered. */
  public long relists() {
    return now == null ? 0 : now.counts().relists();
  }

  /** How many watches the API server accepted. */
  public long watches() {
    return now == null ? 0 : now.counts().watches();
  }

  /** How many watches ended, in good order or not, and were followed by another attempt. */
  public long reconnects() {
    return now == null ? 0 : now.counts().reconnects();
  }

  /** How many watches were given up because they said nothing for too long. */
  public long silences() {
    return now == null ? 0 : now.counts().silences();
  }

  /** How often what is known was compared with a list. */
  public long audits() {
    return now == null ? 0 : now.counts().audits();
  }

  /** How many slices these audits found to differ; they were listed anew. Anything but 0 is odd. */
  public long mismatches() {
    return now == null ? 0 : now.counts().mismatches();
  }

  /** One line for people. */
  @Override
  public String toString() {
    String detail = detail();
    String hints = routingDetail();
    return title
        + ": "
        + state()
        + (detail == null ? "" : " (" + detail + ")")
        + ", "
        + endpoints()
        + " endpoints in "
        + slices()
        + " slices, "
        + dropped()
        + " dropped, "
        + unreadable()
        + " slices unreadable, routing "
        + routing()
        + (hints == null ? "" : " (" + hints + ")")
        + ", heard "
        + ago(sinceHeard())
        + ", changed "
        + ago(sinceChange())
        + ", at version "
        + resourceVersion()
        + ", lists "
        + lists()
        + ", relists "
        + relists()
        + ", watches "
        + watches()
        + ", reconnects "
        + reconnects()
        + ", silences "
        + silences()
        + ", audits "
        + audits()
        + ", mismatches "
        + mismatches();
  }

  private static String ago(@Nullable Duration age) {
    return age == null ? "never" : age.toMillis() + " ms ago";
  }
}
