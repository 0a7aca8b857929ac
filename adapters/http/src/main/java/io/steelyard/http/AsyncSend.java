package io.steelyard.http;

import io.steelyard.Outcome;
import io.steelyard.Platform;
import java.net.ConnectException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * A {@code sendAsync} under way. Its steps follow each other, on whatever threads; only {@link
 * #stop} may come between them.
 */
final class AsyncSend<T> {
  private final BalancedHttpClient client;
  private final Journey journey;
  private final BodyHandler<T> handler;
  private final @Nullable PushPromiseHandler<T> pushes;
  private final Promise<HttpResponse<T>> result = new Promise<>(null);

  // Written by a step, read by stop(). A step that finds the result done after writing stops
  // itself, so a stop that comes too early to see the step is not lost.
  private volatile @Nullable CompletableFuture<?> gate;
  private volatile @Nullable Exchange exchange;
  private volatile @Nullable CompletableFuture<?> sent;
  private volatile Platform.@Nullable Cancellable pausing;
  private volatile boolean completing;

  AsyncSend(
      BalancedHttpClient client,
      Journey journey,
      BodyHandler<T> handler,
      @Nullable PushPromiseHandler<T> pushes) {
    this.client = client;
    this.journey = journey;
    this.handler = handler;
    this.pushes = pushes;
  }

  CompletableFuture<HttpResponse<T>> start() {
    CompletableFuture<?> unused =
        result.whenComplete(
            (response, error) -> {
              if (!completing) {
                stop(outcomeOf(error));
              }
            });
    begin(true);
    return result;
  }

  private void begin(boolean mayWait) {
    Exchange first;
    try {
      first = journey.begin();
    } catch (ConnectException e) {
      CompletableFuture<@Nullable Void> opening = mayWait ? journey.firstList(e) : null;
      if (opening == null) {
        fail(e);
        return;
      }
      gate = opening;
      CompletableFuture<?> unused =
          opening.whenComplete(
              (nothing, error) -> {
                if (!result.isDone()) {
                  begin(false);
                }
              });
      if (result.isDone()) {
        opening.cancel(false);
      }
      return;
    } catch (Throwable e) {
      fail(e);
      return;
    }
    send(first);
  }

  private void send(Exchange next) {
    exchange = next;
    sent = null;
    pausing = null;
    if (result.isDone()) {
      next.end(Outcome.CANCELLED);
      return;
    }
    CompletableFuture<HttpResponse<T>> sending;
    try {
      sending =
          BalancedHttpClient.sendAsync(
              journey.delegate(), next.request(), next.watch(handler), pushes);
    } catch (Throwable e) {
      next.failed(e);
      fail(e);
      return;
    }
    sent = sending;
    if (result.isDone()) {
      next.end(Outcome.CANCELLED);
      sending.cancel(true);
    }
    CompletableFuture<?> unused =
        sending.whenComplete(
            (response, error) -> {
              if (error == null) {
                arrived(next, response);
              } else {
                failed(next, error);
              }
            });
  }

  private void arrived(Exchange from, HttpResponse<T> response) {
    Duration pause = from.retryIn();
    if (pause != null) {
      goOn(pause, null);
      return;
    }
    from.delivered();
    HttpRequest redirected = journey.redirected();
    if (redirected != null) {
      follow(redirected);
      return;
    }
    completing = true;
    if (!result.complete(response)) {
      from.unwanted(Outcome.CANCELLED);
    }
  }

  private void follow(HttpRequest redirected) {
    if (result.isDone()) {
      return;
    }
    CompletableFuture<HttpResponse<T>> following =
        client.sendAsync(redirected, handler, pushes, journey.hops() + 1);
    sent = following;
    if (result.isDone()) {
      following.cancel(true);
    }
    CompletableFuture<?> unused =
        following.whenComplete(
            (response, error) -> {
              completing = true;
              if (error == null) {
                result.complete(response);
              } else {
                result.completeExceptionally(unwrap(error));
              }
            });
  }

  private void failed(Exchange from, Throwable error) {
    Throwable cause = ConnectFailures.named(unwrap(error), from.endpoint());
    from.failed(cause);
    if (result.isDone()) {
      return;
    }
    Duration pause = journey.afterError(from, cause);
    if (pause == null) {
      fail(cause);
    } else {
      goOn(pause, cause);
    }
  }

  /** The next try after a pause; {@code cause} is what the last one failed with, if it did. */
  private void goOn(Duration pause, @Nullable Throwable cause) {
    if (pause.isZero()) {
      next(cause);
      return;
    }
    Platform.Cancellable pending = journey.after(pause, () -> next(cause));
    pausing = pending;
    if (result.isDone()) {
      pending.cancel();
    }
  }

  private void next(@Nullable Throwable cause) {
    if (result.isDone()) {
      return;
    }
    Exchange next;
    try {
      next = journey.next(cause);
    } catch (ConnectException | RuntimeException e) {
      if (cause == null) {
        fail(e);
        return;
      }
      cause.addSuppressed(e);
      next = null;
    }
    if (next != null) {
      send(next);
    } else if (cause != null) {
      fail(cause);
    }
  }

  private void fail(Throwable error) {
    completing = true;
    result.completeExceptionally(error);
  }

  /** The result was completed by somebody else: nobody waits any more. */
  private void stop(Outcome outcome) {
    CompletableFuture<?> waiting = gate;
    if (waiting != null) {
      waiting.cancel(false);
    }
    Platform.Cancellable pending = pausing;
    if (pending != null) {
      pending.cancel();
    }
    Exchange underWay = exchange;
    if (underWay != null) {
      underWay.end(outcome); // before the cancelling, which looks like a failure from below
    }
    CompletableFuture<?> sending = sent;
    // The JDK's client closes the connection of whatever is cancelled before its future is done. At
    // the end of the body that connection may have gone to another request, which would fail.
    if (sending != null && (underWay == null || !underWay.complete())) {
      sending.cancel(true);
    }
  }

  /** How an attempt ends whose future somebody else has completed. */
  static Outcome outcomeOf(@Nullable Throwable error) {
    return error != null && unwrap(error) instanceof TimeoutException
        ? Outcome.TIMEOUT
        : Outcome.CANCELLED;
  }

  static Throwable unwrap(Throwable error) {
    Throwable cause = error;
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  /**
   * A future that, like those of the JDK's client, passes {@code cancel(true)} on from the futures
   * that depend on it.
   */
  private static final class Promise<V> extends CompletableFuture<V> {
    private final @Nullable Promise<?> parent;

    Promise(@Nullable Promise<?> parent) {
      this.parent = parent;
    }

    @Override
    public <U> CompletableFuture<U> newIncompleteFuture() {
      return new Promise<>(this);
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      if (mayInterruptIfRunning && parent != null) {
        parent.cancel(true);
      }
      return cancelled;
    }
  }
}
