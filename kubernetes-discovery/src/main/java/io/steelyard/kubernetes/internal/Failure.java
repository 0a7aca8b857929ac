package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * What an exception of the client means for a reflector.
 *
 * @param kind what to do about it
 * @param retryAfter how long the server asks to be left alone; zero if it does not
 * @param text for a log or a state's detail, on one line
 */
record Failure(Kind kind, Duration retryAfter, String text) {
  enum Kind {
    /** The server no longer has the version we were at: list anew. */
    GONE,
    /** Something that cannot be read stood in the stream: list anew. */
    UNREADABLE,
    /** Not served under this path, or no longer: list anew. */
    NOT_FOUND,
    /** The server knows the question and refuses it. */
    UNAUTHORIZED,
    /** All else: no connection, no answer, a server that is not well. */
    UNREACHABLE
  }

  /** Thrown by a source that was handed something it cannot read. */
  static final class UnreadableException extends Exception {
    UnreadableException(String message, @Nullable Throwable cause) {
      super(message, cause);
    }
  }

  static Failure of(Throwable thrown) {
    int code = 0;
    Duration retryAfter = Duration.ZERO;
    boolean unreadable = false;
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
    }
    Kind kind =
        switch (code) {
          case 401, 403 -> Kind.UNAUTHORIZED;
          case 404 -> Kind.NOT_FOUND;
          case 410 -> Kind.GONE;
          default -> unreadable ? Kind.UNREADABLE : Kind.UNREACHABLE;
        };
    return new Failure(kind, retryAfter, describe(thrown, code));
  }

  private static Duration retryAfter(@Nullable Status status) {
    if (status == null
        || status.getDetails() == null
        || status.getDetails().getRetryAfterSeconds() == null) {
      return Duration.ZERO;
    }
    int seconds = status.getDetails().getRetryAfterSeconds();
    return Duration.ofSeconds(Math.max(0, Math.min(seconds, 300)));
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
