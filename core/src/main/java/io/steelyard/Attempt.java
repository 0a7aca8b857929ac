package io.steelyard;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One try of one request on one endpoint, counted in flight from {@link Balancer#begin} to its
 * verdict.
 *
 * <p>The first verdict wins; later ones are ignored, so that racing callbacks (a timeout and a late
 * answer) need no coordination. Thread-safe. The counting is atomic; nothing is promised about the
 * visibility of the caller's own data.
 *
 * <pre>{@code
 * try (Attempt attempt = balancer.begin(PickContext.none())) {
 *   try {
 *     send(attempt.endpoint());
 *     attempt.success();
 *   } catch (IOException e) {
 *     attempt.failure(e);
 *     throw e;
 *   }
 * }
 * }</pre>
 *
 * <p>{@link Balancer#call} does just that.
 */
public interface Attempt extends AutoCloseable {
  /** Where to send it. */
  Endpoint endpoint();

  /**
   * Notes that the answer has begun to arrive (headers, first message): takes the latency sample
   * here, so that the time to read a body is not charged to the endpoint. Only the first call
   * counts.
   */
  void responded();

  /**
   * Notes that how long the answer takes says nothing of the endpoint: a subscription, an upload at
   * the caller's own pace. It stays in flight until its verdict, but takes no latency sample and
   * nobody waits for it. Said first; does nothing once an answer has begun.
   */
  default void untimed() {}

  /** Ends it with {@link Outcome#SUCCESS}. */
  default void success() {
    end(Outcome.SUCCESS);
  }

  /** Ends it with what {@link Classifier#standard()} makes of the error. */
  default void failure(Throwable cause) {
    end(Classifier.standard().classify(null, cause));
  }

  /** Ends it with {@link Outcome#CANCELLED}: neutral. */
  default void cancel() {
    end(Outcome.CANCELLED);
  }

  /** Ends it. Does nothing when a verdict was given before. */
  void end(Outcome outcome);

  /**
   * How long it may still take, zero or more, as a {@linkplain io.steelyard.BalancerBuilder#retry
   * retry policy} limits it: the rest of one try's time, or of the deadline of all where that is
   * less. Null if nothing limits it. A {@code call} hands it to its client as a time-out; nobody
   * interrupts a thread.
   */
  default @Nullable Duration remaining() {
    return null;
  }

  /**
   * Has this run when somebody else gives the attempt up, after its verdict: its time is over, or
   * the caller of {@code callAsync} has cancelled. At once if that has happened already; never
   * after the call itself has ended. It calls off what is under way, must be quick, and runs once,
   * on whatever thread gives up. Only attempts that a retry policy has begun are ever given up.
   */
  default void onCancel(Runnable action) {}

  /** Whether a verdict was given. */
  boolean ended();

  /**
   * Without a verdict: ends it with {@link Outcome#FAILURE}; a balancer warns about the first such
   * attempt.
   */
  @Override
  void close();
}
