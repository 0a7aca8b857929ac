package io.steelyard;

/**
 * A balancer's totals at one moment: pulled, never pushed. Counts only grow and include endpoints
 * that have gone; each is exact, but they are read one after the other while requests go on.
 */
public interface BalancerStats {
  /** Attempts begun. */
  long begun();

  /**
   * Attempts ended so; {@link Outcome#REJECTED} counts the requests that found every endpoint full.
   */
  long count(Outcome outcome);

  /** Attempts begun and not ended. */
  int inFlight();

  /** Requests that found no endpoint, for whatever reason; those on a closed balancer aside. */
  long withoutEndpoint();

  /** Attempts begun because an earlier one of the same request had failed, by a retry policy. */
  long retries();

  /** Times that a request would have been tried again, had its retry budget not been spent. */
  long retriesRefused();

  /** Topologies that discovery has published. */
  long topologyUpdates();

  /** Times a snapshot was built. */
  long rebuilds();
}
