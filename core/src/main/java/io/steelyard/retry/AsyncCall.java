package io.steelyard.retry;

import io.steelyard.Attempt;
import io.steelyard.Classifier;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.Platform;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A {@code callAsync} under way. Its steps follow each other, on whatever threads: an answer and a
 * time-out agree by {@link TriedAttempt#claim} on who goes on. Only {@link #stop} may come between
 * them.
 */
final class AsyncCall<T extends @Nullable Object> {
  private final Tries tries;
  private final Platform platform;
  private final Classifier classifier;
  private final boolean repeatable;
  private final Function<Attempt, ? extends CompletionStage<T>> call;
  private final CompletableFuture<T> result = new CompletableFuture<>();

  /**
   * An answer that is the result if there is no further attempt; whoever takes it deals with it.
   */
  private final AtomicReference<@Nullable Object> held = new AtomicReference<>();

  // Written by a step, read by stop(). A step that finds the result done after writing stops
  // itself, so a stop that comes too early to see the step is not lost.
  private volatile @Nullable TriedAttempt attempt;
  private volatile Platform.@Nullable Cancellable pausing;
  private volatile boolean completing;

  AsyncCall(
      Tries tries,
      Platform platform,
      Classifier classifier,
      boolean repeatable,
      Function<Attempt, ? extends CompletionStage<T>> call) {
    this.tries = tries;
    this.platform = platform;
    this.classifier = classifier;
    this.repeatable = repeatable;
    this.call = call;
  }

  CompletableFuture<T> start() {
    CompletableFuture<?> unused =
        result.whenComplete(
            (value, error) -> {
              if (!completing) {
                stop(error instanceof TimeoutException ? Outcome.TIMEOUT : Outcome.CANCELLED);
              }
            });
    Attempt first;
    try {
      first = tries.begin();
    } catch (NoEndpointException e) {
      fail(e);
      return result;
    }
    run((TriedAttempt) first);
    return result;
  }

  private void run(TriedAttempt next) {
    attempt = next;
    pausing = null;
    if (result.isDone()) {
      giveUp(next, Outcome.CANCELLED);
      return;
    }
    CompletionStage<T> answer;
    try {
      answer = Objects.requireNonNull(call.apply(next), "callAsync: the call returned null");
    } catch (Throwable error) {
      ended(next, null, error);
      return;
    }
    limit(next);
    next.onCancel(() -> cancel(answer));
    CompletionStage<?> unused = answer.whenComplete((value, error) -> ended(next, value, error));
  }

  /** Gives the attempt up when its time is over. */
  private void limit(TriedAttempt current) {
    Duration left = current.remaining();
    if (left == null) {
      return;
    }
    try {
      current.timer(platform.runAfter(left, () -> timedOut(current, left)));
    } catch (RuntimeException | OutOfMemoryError e) { // no timer: it is under way all the same
      Tries.log.warn("no timer could be had: an attempt on {} has no limit", current.endpoint(), e);
    }
  }

  @SuppressWarnings("NullAway") // a call may return null
  private void ended(TriedAttempt from, @Nullable T value, @Nullable Throwable error) {
    if (!from.claim()) {
      Tries.discard(value); // too late: it was given up
      return;
    }
    Outcome outcome = from.settle(classifier.classify(value, error));
    Duration retryAfter = classifier.retryAfter(value, error);
    if (error != null) {
      failed(Tries.unwrapped(error), outcome, retryAfter);
      return;
    }
    Duration pause = tries.afterAnswer(outcome, repeatable, retryAfter);
    if (pause == null) {
      succeed(value);
    } else {
      held.set(value);
      goOn(pause, null);
    }
  }

  private void timedOut(TriedAttempt from, Duration after) {
    if (!from.claim()) {
      return;
    }
    from.giveUp(Outcome.TIMEOUT);
    failed(
        new TimeoutException(
            "no answer from " + from.endpoint() + " within " + after.toMillis() + " ms"),
        Outcome.TIMEOUT,
        null);
  }

  private void failed(Throwable error, Outcome outcome, @Nullable Duration retryAfter) {
    Duration pause = tries.afterError(error, outcome, repeatable, retryAfter);
    if (pause == null) {
      fail(error);
    } else {
      goOn(pause, error);
    }
  }

  /** The next attempt, after a pause. What came of the last one is the result if there is none. */
  private void goOn(Duration pause, @Nullable Throwable error) {
    if (pause.isZero()) {
      next(error);
      return;
    }
    Platform.Cancellable pending;
    try {
      pending = tries.after(pause, () -> next(error));
    } catch (RuntimeException | OutOfMemoryError e) { // no timer, no pause, no further attempt
      tries.concede("no timer could be had: " + e);
      conclude(error);
      return;
    }
    pausing = pending;
    if (result.isDone()) {
      pending.cancel();
      Tries.discard(held.getAndSet(null));
    }
  }

  private void next(@Nullable Throwable error) {
    Attempt next = result.isDone() ? null : tries.tryBegin();
    if (next == null) {
      conclude(error);
      return;
    }
    Tries.discard(held.getAndSet(null));
    run((TriedAttempt) next);
  }

  /** There is no further attempt: what came of the last one is the result. */
  @SuppressWarnings({"unchecked", "NullAway"}) // what is held is a T, and a call may return null
  private void conclude(@Nullable Throwable error) {
    Object value = held.getAndSet(null);
    if (error != null) {
      fail(error);
    } else {
      succeed((T) value);
    }
  }

  private void succeed(T value) {
    completing = true;
    if (!result.complete(value)) {
      Tries.discard(value);
    }
  }

  private void fail(Throwable error) {
    completing = true;
    result.completeExceptionally(error);
  }

  /** The result was completed by somebody else: nobody waits any more. */
  private void stop(Outcome outcome) {
    Platform.Cancellable pending = pausing;
    if (pending != null) {
      pending.cancel();
    }
    Tries.discard(held.getAndSet(null));
    TriedAttempt underWay = attempt;
    if (underWay != null) {
      giveUp(underWay, outcome);
    }
  }

  private static void giveUp(TriedAttempt attempt, Outcome outcome) {
    if (attempt.claim()) {
      attempt.giveUp(outcome);
    }
  }

  private static void cancel(CompletionStage<?> answer) {
    try {
      answer.toCompletableFuture().cancel(true);
    } catch (UnsupportedOperationException e) {
      // A stage that cannot be cancelled: its late answer is dropped.
    }
  }
}
