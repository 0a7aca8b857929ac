package io.steelyard;

import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * Turns what a call returned or threw into an {@link Outcome}. Thread-safe, quick, does not throw.
 */
@FunctionalInterface
public interface Classifier {
  /**
   * Judges one call.
   *
   * @param result what it returned; null if it threw, or returned null
   * @param error what it threw; null if it returned
   */
  Outcome classify(@Nullable Object result, @Nullable Throwable error);

  /**
   * How long the server wants to be left alone, such as an HTTP {@code Retry-After}: the least
   * pause before a retry. Null, as by default, if it did not say.
   *
   * @param result what the call returned; null if it threw, or returned null
   * @param error what it threw; null if it returned
   */
  default @Nullable Duration retryAfter(@Nullable Object result, @Nullable Throwable error) {
    return null;
  }

  /**
   * What {@link Balancer#call} uses unless told otherwise: returning is a success, whatever is
   * returned, so a client that returns an HTTP status wants a classifier of its own. An error is
   * judged by its class, or by its cause's where it is a {@link CompletionException}, an {@link
   * ExecutionException} or an {@link UncheckedIOException}: {@link ConnectException}, {@link
   * NoRouteToHostException} and {@link UnknownHostException} are {@code UNREACHABLE}; {@link
   * SocketTimeoutException} and {@link TimeoutException} are {@code TIMEOUT}; {@link
   * CancellationException}, {@link InterruptedException} and {@link InterruptedIOException} are
   * {@code CANCELLED}; everything else is {@code FAILURE}.
   */
  static Classifier standard() {
    return StandardClassifier.INSTANCE;
  }
}

enum StandardClassifier implements Classifier {
  INSTANCE;

  @Override
  public Outcome classify(@Nullable Object result, @Nullable Throwable error) {
    if (error == null) {
      return Outcome.SUCCESS;
    }
    Throwable cause = error;
    while (isWrapper(cause) && cause.getCause() != null) {
      cause = cause.getCause();
    }
    if (cause instanceof ConnectException
        || cause instanceof NoRouteToHostException
        || cause instanceof UnknownHostException) {
      return Outcome.UNREACHABLE;
    }
    if (cause instanceof SocketTimeoutException || cause instanceof TimeoutException) {
      return Outcome.TIMEOUT;
    }
    if (cause instanceof CancellationException
        || cause instanceof InterruptedException
        || cause instanceof InterruptedIOException) {
      return Outcome.CANCELLED;
    }
    return Outcome.FAILURE;
  }

  private static boolean isWrapper(Throwable error) {
    return error instanceof CompletionException
        || error instanceof ExecutionException
        || error instanceof UncheckedIOException;
  }
}
