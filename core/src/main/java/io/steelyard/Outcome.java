package io.steelyard;

/** How one attempt ended, as far as balancing is concerned. */
public enum Outcome {
  /**
   * The endpoint did its work; an answer that the caller's own mistake deserves (404) counts too.
   */
  SUCCESS(false),
  /** The endpoint was reached and failed. */
  FAILURE(true),
  /** No answer came in time. */
  TIMEOUT(true),
  /** No connection could be had: nothing was sent. */
  UNREACHABLE(true),
  /**
   * The endpoint said it has too much to do. A failure as far as load is compared, but not one for
   * which an endpoint is ejected: turning away is what it should do then.
   */
  OVERLOADED(true),
  /** A limit of ours refused it; the endpoint never saw the request. */
  REJECTED(false),
  /** The caller lost interest: says nothing of the endpoint but that it took at least so long. */
  CANCELLED(false);

  private final boolean failure;

  Outcome(boolean failure) {
    this.failure = failure;
  }

  /** Whether it counts against the endpoint. */
  public boolean isFailure() {
    return failure;
  }
}
