package io.steelyard.http;

import io.steelyard.Attempt;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Platform;
import io.steelyard.adapter.OpenBodies;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One try of one request: turns what the client does with it into one verdict on the attempt.
 *
 * <p>The verdict can come from two sides. The client's {@code send} fails, or returns; and the body
 * ends, fails or is cancelled, before that (a string) or after it (a stream). A body that fails
 * while {@code send} is still under way gives no verdict by itself: an interrupted {@code send}
 * tears down its body first and says only then that it was interrupted. So the failure is written
 * down, and whichever of {@link #bodyFailed} and {@link #failed} or {@link #delivered} comes second
 * sees what the first has written; both fields are volatile.
 */
final class Exchange extends OpenBodies.Body {
  private static final Logger log = LoggerFactory.getLogger(BalancedHttpClient.class);

  /** Those of the JDK's own whose body is there when it has arrived to its end, and not before. */
  private static final Set<Class<?>> WHOLE =
      Set.copyOf(
          List.of(
              BodySubscribers.ofByteArray().getClass(),
              BodySubscribers.ofString(StandardCharsets.UTF_8).getClass(),
              BodySubscribers.discarding().getClass(),
              BodySubscribers.replacing("").getClass()));

  private final Journey journey;
  private final Attempt attempt;
  private final HttpOutcomes outcomes;
  private final OpenBodies openBodies;
  private final HttpRequest request;
  private final @Nullable SentWitness body;

  private volatile @Nullable Outcome byStatus;
  private volatile @Nullable Throwable bodyError;
  private volatile boolean sendOver;
  private volatile boolean listed;

  /** Whether the body is complete when {@code send} returns, and is not watched by itself. */
  private volatile boolean whole;

  /** Whether a watched body has arrived to its end. */
  private volatile boolean complete;

  private volatile @Nullable Duration retryIn;
  private volatile Platform.@Nullable Cancellable bodyTimer;
  private volatile @Nullable Subscription subscription;

  /** Buffers that the reader of a watched body has asked for and not got. */
  private volatile @Nullable AtomicLong demand;

  /** Since when the reader has not asked for more; of use while there is no demand. */
  private volatile long idleSince;

  Exchange(
      Journey journey,
      Attempt attempt,
      HttpOutcomes outcomes,
      OpenBodies openBodies,
      HttpRequest request,
      @Nullable SentWitness body) {
    this.journey = journey;
    this.attempt = attempt;
    this.outcomes = outcomes;
    this.openBodies = openBodies;
    this.request = request;
    this.body = body;
  }

  HttpRequest request() {
    return request;
  }

  /** Whether, given that the connection could not be made, the request can be sent elsewhere. */
  boolean nothingSent() {
    return byStatus == null && (body == null || !body.asked());
  }

  /** Whether the request can be sent again: its body is still there, and no answer was shown. */
  boolean canBeSentAgain() {
    return byStatus == null && (body == null || body.canBeSent());
  }

  /** The pause before another try, which an answer has called for; null if it has not. */
  @Nullable Duration retryIn() {
    return retryIn;
  }

  /**
   * The user's handler with us in between. An answer that is to be followed by another is not
   * shown.
   */
  <T> BodyHandler<T> watch(BodyHandler<T> handler) {
    return info -> {
      boolean canBeSentAgain = canBeSentAgain();
      Outcome outcome = responded(info);
      Duration pause = journey.afterAnswer(info, outcome, canBeSentAgain);
      if (pause != null) {
        end(outcome);
        retryIn = pause;
        return new DiscardedBody<>(journey.platform());
      }
      if (journey.redirects(info, body == null || body.canBeSent())) {
        end(outcome);
        return new DiscardedBody<>(journey.platform());
      }
      BodySubscriber<T> reader =
          Objects.requireNonNull(handler.apply(info), "the body handler returned null");
      Duration left = journey.deadlineLeft();
      if (left != null) {
        return new WatchedBody<>(timed(reader, left));
      }
      // Left alone where that is enough: what is no subscriber of the JDK's own, its client asks
      // for the body on another thread.
      whole = WHOLE.contains(reader.getClass());
      return whole ? reader : new WatchedBody<>(reader);
    };
  }

  /** The deadline of the whole covers the body too. */
  private <T> BodySubscriber<T> timed(BodySubscriber<T> reader, Duration left) {
    TimedBody<T> timed = new TimedBody<>(reader);
    bodyTimer = journey.platform().runAfter(left, () -> expire(timed));
    return timed;
  }

  private void expire(TimedBody<?> reader) {
    if (attempt.ended()) {
      return;
    }
    HttpTimeoutException error =
        new HttpTimeoutException(
            "the body from " + attempt.endpoint() + " was not there by the request's deadline");
    bodyError = error;
    end(ofError(error)); // before the cancelling, which looks like the caller's doing
    reader.expire(error);
  }

  private Outcome responded(ResponseInfo info) {
    attempt.responded();
    Outcome outcome;
    try {
      outcome = Objects.requireNonNull(outcomes.ofResponse(info), "outcome");
    } catch (RuntimeException e) {
      log.warn("outcomes threw on a response; judged by the standard ones", e);
      outcome = HttpOutcomes.standard().ofResponse(info);
    }
    byStatus = outcome;
    return outcome;
  }

  /** What its failure means for another try: unreachable if nothing was sent, whoever says so. */
  Outcome outcomeForRetry(Throwable error) {
    if (error instanceof InterruptedException || (body != null && body.failed())) {
      return Outcome.CANCELLED;
    }
    if (ConnectFailures.is(error) && nothingSent()) {
      return Outcome.UNREACHABLE;
    }
    Outcome outcome = ofError(error);
    return outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
  }

  /**
   * Whether there is nothing left to be cancelled: the body is known to have arrived to its end,
   * though the caller's subscriber may still make something of it.
   */
  boolean complete() {
    return complete;
  }

  /** Where it goes. */
  Endpoint endpoint() {
    return attempt.endpoint();
  }

  /** {@code send} has failed. */
  void failed(Throwable error) {
    sendOver = true;
    if (error instanceof InterruptedException || (body != null && body.failed())) {
      end(Outcome.CANCELLED); // the caller's doing
      return;
    }
    Outcome status = byStatus;
    Throwable broken = bodyError;
    if (broken != null) {
      end(ofError(broken));
    } else if (status != null && !whole) {
      end(status); // the caller's handler or subscriber failed
    } else {
      end(ofError(error));
    }
  }

  /** {@code send} has returned a response. Its body may be there, or be still to come. */
  void delivered() {
    sendOver = true;
    Throwable broken = bodyError;
    if (broken != null) {
      end(ofError(broken));
    } else if (whole) {
      endByStatus();
    } else if (!attempt.ended()) {
      listed = true;
      openBodies.add(this);
    }
  }

  /** Nobody will take the response. */
  void unwanted(Outcome outcome) {
    end(outcome);
    Subscription reading = subscription;
    if (reading != null) {
      reading.cancel();
    }
  }

  void end(Outcome outcome) {
    attempt.end(outcome);
    if (listed) {
      openBodies.remove(this);
    }
    Platform.Cancellable pending = bodyTimer;
    if (pending != null) {
      pending.cancel();
    }
  }

  private void bodyFailed(Throwable error) {
    bodyError = error;
    if (sendOver) {
      end(ofError(error));
    }
  }

  private void endByStatus() {
    Outcome status = byStatus;
    end(status == null ? Outcome.SUCCESS : status);
  }

  private Outcome ofError(Throwable error) {
    try {
      return Objects.requireNonNull(outcomes.ofError(error), "outcome");
    } catch (RuntimeException e) {
      log.warn("outcomes threw on {}; judged by the standard ones", error, e);
      return HttpOutcomes.standard().ofError(error);
    }
  }

  // ---- abandoned bodies ----

  @Override
  public boolean ended() {
    return attempt.ended();
  }

  @Override
  public boolean idleFor(long nanos, long now) {
    AtomicLong wanted = demand;
    return (wanted == null || wanted.get() == 0) && now - idleSince >= nanos;
  }

  /** Stops counting; the body itself is left alone. */
  @Override
  public void abandon() {
    endByStatus();
  }

  /** The user's subscriber, with an eye on how the body ends and whether it is being read. */
  private final class WatchedBody<T> implements BodySubscriber<T> {
    private final BodySubscriber<T> reader;
    private final AtomicLong wanted = new AtomicLong();

    WatchedBody(BodySubscriber<T> reader) {
      this.reader = reader;
      demand = wanted;
      idleSince = openBodies.nanoTime();
    }

    @Override
    public CompletionStage<T> getBody() {
      return reader.getBody();
    }

    @Override
    public void onSubscribe(Subscription upstream) {
      Subscription watched = new WatchedSubscription(upstream, wanted);
      subscription = watched;
      reader.onSubscribe(watched);
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      if (wanted.get() != Long.MAX_VALUE && wanted.decrementAndGet() == 0) {
        idleSince = openBodies.nanoTime();
      }
      reader.onNext(item);
    }

    // The verdict comes before the reader hears of the end: it may wake whoever looks at the stats.

    @Override
    public void onError(Throwable error) {
      bodyFailed(error);
      reader.onError(error);
    }

    @Override
    public void onComplete() {
      complete = true;
      endByStatus();
      reader.onComplete();
    }
  }

  private final class WatchedSubscription implements Subscription {
    private final Subscription upstream;
    private final AtomicLong wanted;

    WatchedSubscription(Subscription upstream, AtomicLong wanted) {
      this.upstream = upstream;
      this.wanted = wanted;
    }

    @Override
    public void request(long n) {
      if (n > 0) {
        wanted.accumulateAndGet(n, (a, b) -> a + b < 0 ? Long.MAX_VALUE : a + b);
      }
      upstream.request(n);
    }

    @Override
    public void cancel() {
      endByStatus();
      upstream.cancel();
    }
  }
}
