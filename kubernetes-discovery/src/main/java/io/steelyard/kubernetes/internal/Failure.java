package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import java.io.InterruptedIOException;
import java.net.http.HttpTimeoutException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;

/**
 * What an exception of the client means for a reflector.
 *
 * @param kind what to do about it
 * @param code the HTTP status, 0 without an answer
 * @param retryAfter how long the server asks to be left alone; zero if it does not
 * @param timedOut whether no answer came in time, as over a connection that is half open
 * @param text for a log or a state's detail, on one line
 */
record Failure(Kind kind, int code, Duration retryAfter, boolean timedOut, String text) {
  private static final Duration LONGEST = Duration.ofMinutes(5);

  enum Kind {
    /** The server no longer has the version we were at: list anew. */
    GONE,
    /** Something that cannot be read stood in the stream: list anew. */
    UNREADABLE,
    /** Not served under this path, or no longer: list anew. */
    NOT_FOUND,
    /** The server knows the question and refuses it. */
    UNAUTHORIZED,
    /** The server is overloaded or not well: 429 and 5xx. */
    BUSY,
    /**
     * No trust between the two sides: a certificate is wrong, or neither speaks the other's TLS.
     */
    UNTRUSTED,
    /** All else: no connection, no answer. */
    UNREACHABLE
  }

  /** Thrown by a source that was handed something it cannot read. */
  static final class UnreadableException extends Exception {
    UnreadableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  /**
   * Says, as a suppressed exception, how long the server wants to be left alone by its Retry-After
   * header.
   */
  static final class RetryAfterException extends Exception {
    private final Duration delay;

    RetryAfterException(Duration delay) {
      super("Retry-After: " + delay.toSeconds() + " s");
      this.delay = bounded(delay);
    }
  }

  static Failure of(Throwable thrown) {
    int code = 0;
    Duration retryAfter = Duration.ZERO;
    boolean unreadable = false;
    boolean untrusted = false;
    boolean timedOut = false;
    int depth = 0;
    for (Throwable t = thrown; t != null && depth < 16; t = t.getCause(), depth++) {
      if (t instanceof KubernetesClientException e) {
        code = code == 0 ? Math.max(0, e.getCode()) : code; // -1: there was no answer
        Duration asked = retryAfter(e.getStatus());
        retryAfter = asked.compareTo(retryAfter) > 0 ? asked : retryAfter;
        if (code == 0 && e.getStatus() != null && e.getStatus().getCode() != null) {
          code = e.getStatus().getCode();
        }
      } else if (t instanceof WatcherException e) {
        code = code == 0 && e.isHttpGone() ? 410 : code;
        unreadable |= e.getRawWatchMessage().isPresent();
      } else if (t instanceof UnreadableException) {
        unreadable = true;
      }
      untrusted |= distrusts(t);
      timedOut |= timesOut(t);
      for (Throwable said : t.getSuppressed()) {
        if (said instanceof RetryAfterException e && e.delay.compareTo(retryAfter) > 0) {
          retryAfter = e.delay;
        }
      }
    }
    if (code == 429 && retryAfter.isZero()) {
      retryAfter = Duration.ofSeconds(1); // what API servers themselves say most of the time
    }
    Kind kind =
        switch (code) {
          case 401, 403 -> Kind.UNAUTHORIZED;
          case 404 -> Kind.NOT_FOUND;
          case 410 -> Kind.GONE;
          default -> {
            if (code == 429 || code >= 500) {
              yield Kind.BUSY;
            }
            yield unreadable ? Kind.UNREADABLE : untrusted ? Kind.UNTRUSTED : Kind.UNREACHABLE;
          }
        };
    return new Failure(kind, code, retryAfter, timedOut, describe(thrown, code));
  }

  /** A handshake may also fail because the other side is not well, so only plain words count. */
  private static boolean distrusts(Throwable t) {
    return t instanceof SSLPeerUnverifiedException
        || t instanceof CertificateException
        || t instanceof CertPathValidatorException
        || t instanceof CertPathBuilderException
        || (t instanceof SSLException && String.valueOf(t.getMessage()).contains("fatal alert"));
  }

  /** Each HTTP client has an exception of its own; OkHttp's is a word. */
  private static boolean timesOut(Throwable t) {
    return t instanceof TimeoutException
        || t instanceof InterruptedIOException
        || t instanceof HttpTimeoutException
        || "Canceled".equals(t.getMessage());
  }

  private static Duration retryAfter(@Nullable Status status) {
    if (status == null
        || status.getDetails() == null
        || status.getDetails().getRetryAfterSeconds() == null) {
      return Duration.ZERO;
    }
    return bounded(Duration.ofSeconds(status.getDetails().getRetryAfterSeconds()));
  }

  /** A server's wish is granted within reason: a slip of its must not blind us for a day. */
  private static Duration bounded(Duration asked) {
    if (asked.isNegative()) {
      return Duration.ZERO;
    }
    return asked.compareTo(LONGEST) > 0 ? LONGEST : asked;
  }

  /** The innermost message says most: "Connection refused" rather than "An error has occurred". */
  private static String describe(Throwable thrown, int code) {
    Throwable root = thrown;
    String message = null;
    String status = null;
    for (int depth = 0; depth < 16; depth++) {
      if (root instanceof KubernetesClientException e
          && e.getStatus() != null
          && e.getStatus().getMessage() != null) {
        status = e.getStatus().getMessage();
      }
      message = root.getMessage() != null ? root.getMessage() : message;
      if (root.getCause() == null || root.getCause() == root) {
        break;
      }
      root = root.getCause();
    }
    String said = status != null ? status : message;
    if (thrown instanceof WatcherException && code == 0 && "Exhausted reconnects".equals(said)) {
      return "the connection could not be made or was cut"; // the client does not say which or why
    }
    String name = root.getClass().getSimpleName();
    String text = code != 0 ? "HTTP " + code : name;
    if (said == null || said.isBlank()) {
      return text;
    }
    String line = said.replaceAll("\\s+", " ").strip();
    return text + ": " + (line.length() > 300 ? line.substring(0, 300) + "…" : line);
  }
}
