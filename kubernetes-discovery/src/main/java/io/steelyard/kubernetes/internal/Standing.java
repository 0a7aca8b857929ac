package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How a reflector stands with its server, and what is logged of it: one line when an episode of
 * trouble begins and one when it is over. Where episodes follow each other closely, the first of
 * them has its lines and the next ones only after a while.
 *
 * <p>Guarded by the lock of its reflector.
 */
final class Standing {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  private final String what;
  private final Platform platform;
  private final Duration quiet; // between two warnings

  private Reflector.Health health = new Reflector.Health(Topology.State.SYNCING, null);
  private boolean announced; // this episode has had its WARN or ERROR
  private boolean refused; // ... as an ERROR
  private @Nullable Long warned; // when the last WARN was
  private long troubledAt;

  Standing(String what, Platform platform, Duration quiet) {
    this.what = what;
    this.platform = platform;
    this.quiet = quiet;
  }

  Reflector.Health health() {
    return health;
  }

  /** All is well: the list is current. Returns whether that is news. */
  boolean live() {
    if (health.state() == Topology.State.LIVE) {
      return false;
    }
    if (announced) {
      Duration lasted = Duration.ofNanos(platform.nanoTime() - troubledAt);
      log.info("Kubernetes: {} can be watched again, after {} ms", what, lasted.toMillis());
    }
    announced = false;
    refused = false;
    health = new Reflector.Health(Topology.State.LIVE, null);
    return true;
  }

  /** The server cannot be reached or is not well. Returns whether that is news. */
  boolean trouble(boolean loaded, String detail, @Nullable Throwable cause) {
    long now = platform.nanoTime();
    if (!announced && (warned == null || now - warned >= quiet.toNanos())) {
      log.warn("Kubernetes: {}; {}, and goes on trying", detail, kept(loaded));
      announced = true;
      warned = now;
    }
    return become(known(loaded), detail, cause);
  }

  /**
   * As {@link #trouble}, but of a kind that somebody has to mend: an ERROR.
   *
   * @param state null for as much as is known
   */
  boolean refused(
      boolean loaded,
      Topology.@Nullable State state,
      String detail,
      String remedy,
      Throwable cause) {
    if (!refused) {
      log.error("Kubernetes: {}; {}; {}, and goes on trying", detail, remedy, kept(loaded));
      refused = true;
      announced = true;
    }
    return become(state == null ? known(loaded) : state, detail, cause);
  }

  /** Something here is wrong, whatever the server does. */
  void bug(boolean loaded, Throwable cause) {
    log.error("Kubernetes: watching {} met a bug and starts over", what, cause);
    boolean unused = become(known(loaded), "watching " + what + " met a bug: " + cause, cause);
  }

  /** The client was closed by its owner. */
  void clientClosed() {
    log.error("Kubernetes: the client was closed while {} was watched; the last list stays", what);
    boolean unused = become(Topology.State.CLOSED, "the KubernetesClient was closed", null);
  }

  /** Nobody wants to know any more. */
  void closed() {
    health = new Reflector.Health(Topology.State.CLOSED, null);
  }

  private boolean become(Topology.State state, @Nullable String detail, @Nullable Throwable cause) {
    Reflector.Health before = health;
    health = new Reflector.Health(state, detail, cause);
    if (before.detail() == null) { // until now there was none
      troubledAt = platform.nanoTime();
    }
    return state != before.state() || !Objects.equals(detail, before.detail());
  }

  private static Topology.State known(boolean loaded) {
    return loaded ? Topology.State.STALE : Topology.State.SYNCING;
  }

  private static String kept(boolean loaded) {
    return loaded ? "keeps the last good list" : "nothing is known yet";
  }
}
