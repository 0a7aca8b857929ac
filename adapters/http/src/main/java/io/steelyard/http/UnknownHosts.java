package io.steelyard.http;

import java.net.ConnectException;
import java.net.URI;
import java.nio.channels.UnresolvedAddressException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Says what the JDK's client leaves out when a host that is passed through has no address: its
 * name, and the services that a misspelt one may have been meant for.
 */
final class UnknownHosts {
  private UnknownHosts() {}

  /**
   * The error to be thrown in place of this one: itself, unless it is for want of an address.
   *
   * @param services their names, for the message
   */
  static ConnectException explain(ConnectException error, URI uri, String services) {
    if (!isUnresolved(error)) {
      return error;
    }
    ConnectException explained =
        new ConnectException(
            uri.getHost()
                + ": no such host, nor a service of this client (known: "
                + services
                + ")");
    explained.initCause(error);
    return explained;
  }

  /** The same for a future. Cancelling the one returned cancels the one given, as the JDK's do. */
  static <T> CompletableFuture<T> explain(CompletableFuture<T> sending, URI uri, String services) {
    return sending.exceptionally(
        error -> {
          Throwable cause = AsyncSend.unwrap(error);
          throw new CompletionException(
              cause instanceof ConnectException e ? explain(e, uri, services) : cause);
        });
  }

  private static boolean isUnresolved(Throwable error) {
    for (@Nullable Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof UnresolvedAddressException) {
        return true;
      }
    }
    return false;
  }
}
