package io.steelyard.adapter;

import io.steelyard.Outcome;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;

/** What HTTP, and the JDK's exceptions, say of a request's end. */
public final class HttpRules {
  /** RFC 9110, 9.2.2: may arrive twice. */
  private static final Set<String> IDEMPOTENT =
      Set.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE");

  private HttpRules() {}

  /** Whether a request of this method may arrive twice (RFC 9110, 9.2.2). */
  public static boolean isIdempotent(String method) {
    return IDEMPOTENT.contains(method);
  }

  /**
   * Judges a status: 500, 502 and 504 are {@code FAILURE}, 408 is {@code TIMEOUT}, 429 and 503 are
   * {@code OVERLOADED}, every other status is {@code SUCCESS}.
   */
  public static Outcome ofStatus(int status) {
    return switch (status) {
      case 500, 502, 504 -> Outcome.FAILURE;
      case 408 -> Outcome.TIMEOUT;
      case 429, 503 -> Outcome.OVERLOADED;
      default -> Outcome.SUCCESS;
    };
  }

  /**
   * Judges one of the JDK's exceptions: connect failures are {@code UNREACHABLE}, time-outs {@code
   * TIMEOUT}; cancellation, interruption and requests that a client refused to send {@code
   * CANCELLED}; everything else is {@code FAILURE}.
   */
  public static Outcome ofError(Throwable error) {
    if (isConnectFailure(error)) {
      return Outcome.UNREACHABLE;
    }
    if (error instanceof SocketTimeoutException || error instanceof TimeoutException) {
      return Outcome.TIMEOUT;
    }
    if (error instanceof CancellationException
        || error instanceof InterruptedException
        || error instanceof InterruptedIOException
        || error instanceof IllegalArgumentException
        || error instanceof SecurityException) {
      return Outcome.CANCELLED;
    }
    return Outcome.FAILURE;
  }

  /** Whether the JDK means by it: there was no connection, nothing was sent on it. */
  public static boolean isConnectFailure(Throwable error) {
    return error instanceof ConnectException
        || error instanceof UnresolvedAddressException
        || error instanceof UnknownHostException
        || error instanceof NoRouteToHostException;
  }

  /**
   * Whether this thread, which was carrying out a request when this error came, was interrupted:
   * that ends a wait for a connection, and on a virtual thread it closes the socket.
   */
  public static boolean isInterruption(Throwable error) {
    return Thread.currentThread().isInterrupted()
        || (error instanceof InterruptedIOException && !(error instanceof SocketTimeoutException));
  }

  /** Whether a response of this status asks for its {@code Location} to be fetched. */
  public static boolean isRedirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
  }

  /**
   * The method to follow a redirect with, as browsers and the JDK's client choose it: 303 turns all
   * but HEAD into GET, 301 and 302 turn POST into GET, and what else there is keeps its method, and
   * with it its body.
   */
  public static String methodAfterRedirect(int status, String method) {
    boolean get = status == 303 ? !method.equals("HEAD") : status <= 302 && method.equals("POST");
    return get ? "GET" : method;
  }
}
