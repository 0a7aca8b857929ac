package io.steelyard.benchmarks.peers;

/** A load balancer of another library, over a fixed list of endpoints. */
public abstract class Peer implements AutoCloseable {
  /** Chooses and counts nothing, if it can. Returns what the library returns. */
  public Object pick() {
    throw new UnsupportedOperationException(this + " has no choice without a request");
  }

  /** As {@link #pick}, for a request with a key: one of {@code Keys.SIZE}. */
  public Object pick(int key) {
    throw new UnsupportedOperationException(this + " knows no keys");
  }

  /** Chooses and counts a request; returns what {@link #end} needs. */
  public Object begin() {
    throw new UnsupportedOperationException(this + " counts no requests");
  }

  /** Ends a request well. */
  public void end(Object begun) {
    throw new UnsupportedOperationException(this + " counts no requests");
  }

  /**
   * Something equal for equal endpoints and for no others, from what {@link #pick} or {@link
   * #begin} returned. Not measured.
   */
  public abstract Object endpointOf(Object chosen);

  @Override
  public void close() {}
}
