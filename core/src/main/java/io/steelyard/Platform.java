package io.steelyard;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The outside world as a balancer sees it: time, randomness and threads.
 *
 * <p>It is the one seam through which a balancer reaches them, so that a test or a simulation can
 * run the real balancer on a clock of its own. Thread-safe.
 */
public interface Platform {
  /** Monotonic time in nanoseconds from an arbitrary origin, as {@link System#nanoTime()}. */
  long nanoTime();

  /** Wall time in milliseconds since 1970, as {@link System#currentTimeMillis()}. */
  long epochMillis();

  /** Where random numbers come from. */
  RandomSource random();

  /** Runs control work (rebuilding a snapshot, listeners): never a request. */
  Executor executor();

  /**
   * Runs a short task once, after at least {@code delay}. The task hands longer work to {@link
   * #executor()}.
   *
   * @return cancels the task if it has not started: idempotent
   */
  Cancellable schedule(Runnable task, Duration delay);

  /**
   * Runs what somebody waits for on the {@link #executor()}; on this thread if the executor refuses
   * it, being full or shut down, or no thread can be had.
   */
  default void run(Runnable step) {
    try {
      executor().execute(step);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // no worker, no thread for one
      step.run();
    }
  }

  /**
   * As {@link #run}, after at least {@code delay}: on the timer's thread where it would be on this
   * one.
   *
   * @return calls it off, if it has not begun
   */
  default Cancellable runAfter(Duration delay, Runnable step) {
    return schedule(() -> run(step), delay);
  }

  /** Something that can be called off. */
  @FunctionalInterface
  interface Cancellable {
    /** Calls it off: idempotent, never blocks. */
    void cancel();
  }

  /**
   * The real world: the JVM's clocks, {@code ThreadLocalRandom}, and daemon threads named {@code
   * steelyard-…} that end when no balancer has used them for a few seconds.
   */
  static Platform system() {
    return SystemPlatform.INSTANCE;
  }
}
