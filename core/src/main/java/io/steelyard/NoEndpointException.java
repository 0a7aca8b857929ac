package io.steelyard;

import java.util.Objects;

/**
 * There is no endpoint to send a request to, and {@link #why()} says why. It is thrown at once: a
 * balancer has no queue.
 */
public final class NoEndpointException extends IllegalStateException {
  private static final long serialVersionUID = 1;

  /** Why there is none. */
  public enum Why {
    /** Discovery has no list yet: it is starting, or it is refused and never had one. */
    WAITING,
    /** Discovery delivered an empty list: scaled to zero, or no such service. */
    EMPTY,
    /** There are endpoints, but each has weight zero: draining, ejected, weight 0. */
    EXCLUDED,
    /** Every usable endpoint is one that the request avoids. */
    AVOIDED,
    /**
     * Every usable endpoint is at its limit, is being probed by another request, or is avoided:
     * {@link Outcome#REJECTED}.
     */
    FULL,
    /** The balancer was closed. */
    CLOSED
  }

  private final Why why;

  /** For the library and for tests. */
  public NoEndpointException(Why why, String message) {
    super(message);
    this.why = Objects.requireNonNull(why, "why");
  }

  /** Why there is none. */
  public Why why() {
    return why;
  }
}
