package io.steelyard;

import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
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
   * What {@link Balancer#call} uses unless told otherwise: returning is a success; an error is
   * judged by its class, or by its cause's where it is a {@link CompletionException} or {@link
   * ExecutionException}. Connect, route and name errors are {@code UNREACHABLE}; time-outs {@code
   * TIMEOUT}; cancellation and interruption {@code CANCELLED}; everything else {@code FAILURE}.
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
    while ((cause instanceof CompletionException || cause instanceof ExecutionException)
        && cause.getCause() != null) {
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
}
