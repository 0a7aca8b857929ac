package io.steelyard.retry;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Call;
import io.steelyard.Classifier;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way through its attempts, as its {@link RetryPolicy} lets it: begins them on
 * endpoints that were not tried, and says after each failure whether there is another, and when.
 *
 * <p>{@link #call} and {@link #callAsync} do all of it. Code that carries out requests in its own
 * way, such as an interceptor, writes the loop:
 *
 * <pre>{@code
 * Tries tries = policy.begin(balancer, context);
 * Attempt attempt = tries.begin();
 * while (true) {
 *   Duration pause;
 *   try {
 *     Response response = send(request, attempt.endpoint(), attempt.remaining());
 *     Outcome outcome = outcomeOf(response);
 *     attempt.end(outcome);
 *     pause = tries.afterAnswer(outcome, repeatable, retryAfterOf(response));
 *     if (pause == null) {
 *       return response;
 *     }
 *     response.close();
 *   } catch (IOException e) {
 *     Outcome outcome = outcomeOf(e);
 *     attempt.end(outcome);
 *     pause = tries.afterError(e, outcome, repeatable);
 *     if (pause == null) {
 *       throw e;
 *     }
 *   }
 *   tries.pause(pause); // or, without a thread to wait: tries.after(pause, this::next)
 *   attempt = tries.begin();
 * }
 * }</pre>
 *
 * <p>What the caller knows, it has to be honest about: {@code UNREACHABLE} means that nothing was
 * sent; {@code repeatable} that the request may arrive twice <em>and</em> can be sent again, its
 * body included.
 *
 * <p>For one thread at a time: the steps of a request follow each other, on whatever threads.
 */
public final class Tries {
  static final Logger log = LoggerFactory.getLogger(RetryPolicy.class);

  /** Earlier failures that the last one carries. */
  private static final int MOST_SUPPRESSED = 8;

  /** For balancers that are none of ours and have nowhere to keep one. */
  private static final RetryBudget STRANGERS = RetryBudget.standard();

  private final RetryPolicy policy;
  private final Balancer balancer;
  private final @Nullable RetryHost host;
  private final Platform platform;
  private final RetryBudget budget;
  private final boolean limited;
  private final long endsAt;

  private PickContext context;
  private int attempts;

  /** Where the latest attempt is; not yet among those that the context avoids. */
  private @Nullable Endpoint last;

  private Outcome lastOutcome = Outcome.SUCCESS;
  private long lastPauseNanos;
  private @Nullable Throwable lastError;
  private @Nullable List<Throwable> earlier;

  Tries(RetryPolicy policy, Balancer balancer, PickContext context, @Nullable Duration deadline) {
    this.policy = policy;
    this.balancer = balancer;
    this.host = balancer instanceof RetryHost ours ? ours : null;
    this.platform = host == null ? Platform.system() : host.platform();
    this.context = context;
    RetryBudget given = policy.budget();
    this.budget = given != null ? given : host == null ? STRANGERS : host.retryBudget();
    long now = platform.nanoTime();
    this.limited = deadline != null;
    this.endsAt = deadline == null ? 0 : now + nanos(deadline);
    budget.deposit(now);
  }

  /** As nanoseconds, a year at most. */
  private static long nanos(Duration duration) {
    return duration.compareTo(Duration.ofDays(365)) < 0
        ? duration.toNanos()
        : Duration.ofDays(365).toNanos();
  }

  // ---- for code that carries out requests ----

  /**
   * Begins an attempt on an endpoint that this request has not been to.
   *
   * @throws NoEndpointException if there is none; an earlier error is suppressed in it
   */
  public Attempt begin() {
    try {
      return started(balancer.begin(context()));
    } catch (NoEndpointException e) {
      if (lastError != null) {
        earlier().add(lastError);
        lastError = null;
      }
      suppressEarlier(e);
      throw e;
    }
  }

  /** As {@link #begin}, but returns null where that throws; the last error then says so. */
  public @Nullable Attempt tryBegin() {
    Attempt attempt = balancer.tryBegin(context());
    if (attempt == null) {
      concede("no other endpoint would take it");
      return null;
    }
    return started(attempt);
  }

  private TriedAttempt started(Attempt attempt) {
    Endpoint endpoint = attempt.endpoint();
    attempts++;
    if (host != null && last != null) {
      host.retried(last, lastOutcome, endpoint, attempts, lastPauseNanos);
    }
    last = endpoint;
    Duration perTry = policy.perTryTimeout();
    if (perTry == null) {
      return new TriedAttempt(attempt, platform, limited, endsAt);
    }
    long ends = platform.nanoTime() + perTry.toNanos();
    return new TriedAttempt(attempt, platform, true, limited && endsAt - ends < 0 ? endsAt : ends);
  }

  /**
   * An attempt ended with an error: is there another?
   *
   * <p>Where there is none, the errors of earlier attempts are now suppressed in this one (the last
   * 8 of them), and so is a note that says why, where that is not plain: the budget is spent, say.
   *
   * @param error what to throw if there is no other
   * @param outcome how the attempt ended
   * @param repeatable whether the request can be sent again and may arrive twice; it must at least
   *     be possible to send it again after {@code UNREACHABLE}
   * @return the pause before the next attempt, perhaps zero; null if there is none
   */
  public @Nullable Duration afterError(Throwable error, Outcome outcome, boolean repeatable) {
    return afterError(error, outcome, repeatable, null);
  }

  /** As above, where the error says how long the server wants to be left alone. */
  @Nullable Duration afterError(
      Throwable error, Outcome outcome, boolean repeatable, @Nullable Duration retryAfter) {
    lastError = error;
    if (unwrapped(error) instanceof Error) {
      suppressEarlier(error);
      return null;
    }
    return decide(outcome, repeatable, retryAfter);
  }

  /**
   * An attempt brought an answer that says it failed, such as an HTTP status: is there another?
   *
   * @param outcome how the attempt ended; {@code SUCCESS} needs no other
   * @param repeatable whether the request can be sent again and may arrive twice
   * @param retryAfter how long the server wants to be left alone, at least; null if it does not say
   * @return the pause before the next attempt, perhaps zero; null if there is none
   */
  public @Nullable Duration afterAnswer(
      Outcome outcome, boolean repeatable, @Nullable Duration retryAfter) {
    lastError = null;
    return decide(outcome, repeatable, retryAfter);
  }

  private @Nullable Duration decide(
      Outcome outcome, boolean repeatable, @Nullable Duration retryAfter) {
    lastOutcome = outcome;
    if (attempts >= policy.maxAttempts() || !policy.covers(outcome, repeatable)) {
      return concede(null);
    }
    long pause = policy.pauseNanos(outcome, attempts, platform.random());
    if (retryAfter != null && retryAfter.compareTo(Duration.ofNanos(pause)) > 0) {
      if (retryAfter.compareTo(Duration.ofNanos(policy.longestPauseNanos())) > 0) {
        return concede("the server wants to be left alone for " + retryAfter);
      }
      pause = retryAfter.toNanos();
    }
    long now = platform.nanoTime();
    if (limited && pause >= endsAt - now) {
      return concede("the deadline leaves no time");
    }
    if (balancer.pick(context()) == null) {
      return concede("every endpoint that could take it was tried");
    }
    if (!budget.tryWithdraw(now)) { // last: what is withdrawn is used
      if (host != null && last != null) {
        host.retryRefused(last, outcome, attempts + 1);
      }
      return concede("the retry budget is spent (" + budget + ")");
    }
    remember(outcome);
    lastPauseNanos = pause;
    return pause == 0 ? Duration.ZERO : Duration.ofNanos(pause);
  }

  /** Keeps this failure for the error that there may be in the end. */
  private void remember(Outcome outcome) {
    List<Throwable> failures = earlier();
    if (failures.size() == MOST_SUPPRESSED) {
      failures.remove(0);
    }
    failures.add(
        lastError != null
            ? lastError
            : new RetryNote("attempt " + attempts + " on " + last + ": " + outcome));
  }

  private List<Throwable> earlier() {
    if (earlier == null) {
      earlier = new ArrayList<>(2);
    }
    return earlier;
  }

  /** There is no further try: the last error, if it was one, says what came before, and why. */
  @Nullable Duration concede(@Nullable String why) {
    Throwable error = lastError;
    if (error != null) {
      suppressEarlier(error);
      if (why != null && takesMore(error)) {
        error.addSuppressed(new RetryNote("not retried: " + why));
      }
    }
    return null;
  }

  private void suppressEarlier(Throwable error) {
    if (earlier == null) {
      return;
    }
    for (Throwable before : earlier) {
      if (before != error && before != error.getCause() && takesMore(error)) {
        error.addSuppressed(before);
      }
    }
    earlier = null;
  }

  /** Some clients throw the same object each time: it must not grow with every request. */
  private static boolean takesMore(Throwable error) {
    return error.getSuppressed().length < 2 * MOST_SUPPRESSED;
  }

  /** How many attempts were begun. */
  public int attempts() {
    return attempts;
  }

  /** What is left of the policy's deadline or the request's own limit; null if there is neither. */
  public @Nullable Duration remaining() {
    if (!limited) {
      return null;
    }
    long left = endsAt - platform.nanoTime();
    return left <= 0 ? Duration.ZERO : Duration.ofNanos(left);
  }

  /** What the next attempt tells the balancer: the endpoints tried are to be avoided. */
  public PickContext context() {
    if (last != null) {
      context = context.avoiding(last);
    }
    return context;
  }

  /**
   * Waits on the calling thread, by the balancer's clock.
   *
   * @throws InterruptedException if the thread is interrupted, or was before
   */
  public void pause(Duration pause) throws InterruptedException {
    try {
      if (pause.isZero()) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        return;
      }
      CountDownLatch over = new CountDownLatch(1);
      Platform.Cancellable timer = platform.schedule(over::countDown, pause);
      try {
        over.await();
      } finally {
        timer.cancel();
      }
    } catch (InterruptedException e) {
      concede("interrupted");
      throw e;
    }
  }

  /**
   * Runs the next step after a pause: at once on this thread if that is zero, else on the executor
   * of the balancer's platform.
   *
   * @return calls it off, if it has not begun
   */
  public Platform.Cancellable after(Duration pause, Runnable step) {
    if (pause.isZero()) {
      step.run();
      return () -> {};
    }
    return platform.runAfter(pause, step);
  }

  // ---- the whole of it ----

  /**
   * Runs the request to its end, as {@link Balancer#call} does on a balancer with this policy. A
   * result that is judged a failure is returned if there is no further try; if there is, it is
   * closed where it is {@link AutoCloseable}, and dropped. Pauses are waited for on the calling
   * thread; interrupting it ends them, and the last failure is thrown with the thread's flag set.
   *
   * @throws NoEndpointException if there is no endpoint for the first attempt
   * @throws X what the last attempt throws
   */
  @SuppressWarnings("NullAway") // a call may return null
  public <T extends @Nullable Object, X extends Throwable> T call(Call<T, X> call) throws X {
    Objects.requireNonNull(call, "call");
    Classifier classifier = classifier();
    boolean repeatable = context.isIdempotent();
    TriedAttempt attempt = (TriedAttempt) begin();
    while (true) {
      T result = null;
      Throwable error = null;
      try {
        result = call.execute(attempt);
      } catch (Throwable e) {
        error = e;
      }
      Outcome outcome = attempt.settle(classifier.classify(result, error));
      Duration retryAfter = classifier.retryAfter(result, error);
      Duration pause =
          error == null
              ? afterAnswer(outcome, repeatable, retryAfter)
              : afterError(error, outcome, repeatable, retryAfter);
      Attempt next = pause == null ? null : beginAfter(pause);
      if (next == null) {
        if (error != null) {
          throw Tries.<X>asDeclared(error);
        }
        return result;
      }
      discard(result);
      attempt = (TriedAttempt) next;
    }
  }

  private @Nullable Attempt beginAfter(Duration pause) {
    try {
      pause(pause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
    return tryBegin();
  }

  /** What a call threw: X, or unchecked. */
  @SuppressWarnings({"unchecked", "TypeParameterUnusedInFormals"})
  private static <X extends Throwable> X asDeclared(Throwable error) {
    return (X) error;
  }

  /**
   * As {@link #call}, for a call that answers later, and without a thread that waits. An attempt
   * that takes longer than the policy lets it ends with {@code TIMEOUT} and {@link
   * java.util.concurrent.TimeoutException}, and what it was doing is called off: its stage, if that
   * is a {@code CompletableFuture}, is cancelled, and what it gave to {@link Attempt#onCancel} is
   * run. The same happens, with {@code CANCELLED}, when the returned stage's {@code
   * toCompletableFuture()} is cancelled or completed by somebody else; then there is no further
   * try. Calls after a pause are made on the executor of the balancer's platform.
   */
  public <T extends @Nullable Object> CompletionStage<T> callAsync(
      Function<Attempt, ? extends CompletionStage<T>> call) {
    Objects.requireNonNull(call, "call");
    return new AsyncCall<>(this, platform, classifier(), context.isIdempotent(), call).start();
  }

  private Classifier classifier() {
    return host == null ? Classifier.standard() : host.classifier();
  }

  /** Lets go of a result that nobody will see. */
  static void discard(@Nullable Object result) {
    if (result instanceof AutoCloseable closeable) {
      try {
        closeable.close();
      } catch (Throwable e) { // whatever it is, the next try is under way
        log.debug("a result that was dropped for another try could not be closed", e);
      }
    }
  }

  static Throwable unwrapped(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  @Override
  public String toString() {
    return attempts + " of " + policy.maxAttempts() + " attempts, " + context();
  }
}
