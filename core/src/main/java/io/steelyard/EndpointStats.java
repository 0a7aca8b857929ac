package io.steelyard;

/**
 * What this client has learnt of one endpoint: live, lock-free, outliving any snapshot.
 *
 * <p>The numbers follow the endpoint's id across list updates, for as long as anything is in flight
 * and ten minutes more. Every method may be called from any thread, takes no lock, allocates
 * nothing and writes nothing: reading does not change what the next reader sees.
 *
 * <p>An abstract class rather than an interface because it is read on every pick: with a single
 * implementation loaded the JVM calls it without a type check.
 */
public abstract class EndpointStats {
  /** For the library and for tests that script their own statistics. */
  protected EndpointStats() {}

  /** Requests begun and not ended: exact. */
  public abstract int inFlight();

  /**
   * The peak-sensitive moving average of latency in nanoseconds, decayed to the given moment; 0
   * while nothing is known. A failed request is charged more than it took.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract double latencyNanos(long nanoTime);

  /** Whether a latency was ever measured. */
  public abstract boolean hasLatency();

  /**
   * How long requests have been waiting here that were begun after the last answer, in nanoseconds;
   * 0 while none waits. It tells an endpoint that hangs from one that is idle, and from one that
   * answers all but one.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract long waitingNanos(long nanoTime);

  /**
   * How long ago the last request was begun here, in nanoseconds; meaningful once one was, and
   * while latency is tracked.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract long sinceBegunNanos(long nanoTime);

  /**
   * Failures in a row, of requests begun since {@link Context#forgetFailures}; 0 to 65535, where it
   * stays.
   */
  public abstract int consecutiveFailures();

  /**
   * Whether a success that was awaited ({@link Context#wakeOnSuccess}) came since {@link
   * Context#forgetFailures}.
   */
  public abstract boolean recovered();

  /** Requests begun since the endpoint was first seen: may lag for a moment, never falls. */
  public abstract long begun();

  /** Requests ended so, since the endpoint was first seen: may lag for a moment, never falls. */
  public abstract long count(Outcome outcome);

  /** The moment the endpoint was first seen, on the scale of {@link Context#nanoTime()}. */
  public abstract long firstSeenNanos();
}
