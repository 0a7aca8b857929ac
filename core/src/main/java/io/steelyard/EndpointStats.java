package io.steelyard;

/**
 * What this client has learnt of one endpoint: live, lock-free, outliving any snapshot.
 *
 * <p>The numbers follow the endpoint's id across list updates, for as long as anything is in flight
 * and ten minutes more. Every method may be called from any thread, takes no lock and allocates
 * nothing. Reading never changes what the next reader sees; what is read in a pick writes nothing
 * at all.
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
   * while nothing is known. A failure never lowers it: one that comes fast is no sign of speed.
   *
   * <p>Its time constant is {@link BalancerBuilder#latencyDecay}, and longer while requests are so
   * rare that an endpoint would see fewer than fifty in that time.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract double latencyNanos(long nanoTime);

  /** Whether a latency was ever measured. */
  public abstract boolean hasLatency();

  /**
   * The share of failures lately, 0 to 1: a moving average over time, with a tenth of the latency's
   * time constant, decayed to the given moment. One failure among frequent requests moves it
   * little, one that comes alone moves it far, and k + 1 in a row make it 1 − 2<sup>−k</sup> at
   * least; 0 where latency is not tracked.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract double failureRate(long nanoTime);

  /**
   * What one more request has to be expected to cost here, in nanoseconds: 0 or more, finite.
   *
   * <p>The latency; or, while requests wait, the longer of that and the wait, unless nothing was
   * begun here for ten seconds: then one request is to find out. Times up to 31 by {@link
   * #failureRate}. While nothing is known 0, or 10<sup>12</sup> where a request is in flight or has
   * just failed, so that exactly one goes to find out, and another after ten seconds. All of it
   * follows from the other methods; it is here because two of these are compared in each pick, and
   * taken together they are read faster.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public abstract double expectedNanos(long nanoTime);

  /**
   * The logarithm of {@link #expectedNanos} to base 2, in units of 2<sup>-23</sup>, counted from
   * -127: a product of costs is a sum of these. It is meant for comparing.
   *
   * <p>The logarithm is that of a float's bits, which is exact at powers of two and at most 0.086
   * below the truth between them, so that costs which differ by less than 6 % may compare the other
   * way round. 0, less than any other, where nothing is expected to be taken.
   *
   * @param nanoTime the moment, from {@link Context#nanoTime()}
   */
  public int logExpectedNanos(long nanoTime) {
    return Float.floatToRawIntBits((float) Math.min(expectedNanos(nanoTime), 1e24));
  }

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
   * stays. {@link Outcome#OVERLOADED} neither adds to the row nor ends it.
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
