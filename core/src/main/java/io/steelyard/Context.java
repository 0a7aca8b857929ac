package io.steelyard;

import java.time.Duration;
import java.util.function.Supplier;

/**
 * Given to stages and strategies: time, randomness, what they asked to be woken for, and what they
 * remember for this one balancer.
 *
 * <p>{@link #nanoTime()}, {@link #epochMillis()} and {@link #random()} may be kept by a picker and
 * used from any thread. Everything else is for the evaluation it was given to: on that thread,
 * during that call. Candidates are named by their index.
 */
public interface Context {
  /** Monotonic time in nanoseconds, read afresh on each call; its origin is arbitrary. */
  long nanoTime();

  /** Wall time in milliseconds since 1970, read afresh on each call. */
  long epochMillis();

  /** Where random numbers come from: thread-safe. */
  RandomSource random();

  /**
   * Asks to be evaluated again after {@code delay} at the latest. The soonest of all wishes counts.
   */
  void reevaluateAfter(Duration delay);

  /**
   * Asks to be evaluated again as soon as this candidate has failed so many times in a row. The
   * threshold is compared by the request that fails; no code of the stage runs there.
   *
   * @param consecutive 1 to 65535
   */
  void wakeAfterFailures(int candidate, int consecutive);

  /** Asks to be evaluated again as soon as this candidate succeeds. */
  void wakeOnSuccess(int candidate);

  /**
   * Sets the candidate's consecutive failures to zero, forgets the latency that they were charged
   * to, and ignores, for both, the attempts that are in flight now: what was begun before an
   * episode says nothing about what comes after it. Takes effect with the snapshot that this
   * evaluation makes.
   */
  void forgetFailures(int candidate);

  /**
   * Says something about this evaluation that people should see in {@link Balancer#explain()}: that
   * a stage stands aside, or falls back. Logged when it changes.
   */
  void note(String text);

  /**
   * What this stage or strategy remembers for this one balancer: made on first use, kept while
   * evaluations repeat and when a policy with an equal ({@link Object#equals}) stage or strategy
   * replaces this one, closed (where it is {@link AutoCloseable}) when it is replaced by another. A
   * stage or strategy object keeps no state of its own, so that one object may serve many
   * balancers.
   */
  <T> T memory(Supplier<T> initial);

  /**
   * Whether a panic guard set aside what this stage said last: then the endpoints that it excluded
   * were in use all the same, and what they did since is not what the stage made of them. False for
   * a stage without a guard.
   */
  default boolean setAside() {
    return false;
  }

  /**
   * Returns a context for a stage or strategy inside this one: the same but for the memory.
   *
   * @param memory where the inner one's memory is kept: a part of this one's
   */
  default Context inner(InnerMemory memory) {
    return new NestedContext(this, memory, false);
  }
}
