package io.steelyard.http;

import io.steelyard.Endpoint;
import io.steelyard.adapter.HttpRules;
import java.net.ConnectException;
import java.net.http.HttpConnectTimeoutException;

/** Knows the errors that mean: there was no connection, nothing was sent on it. */
final class ConnectFailures {
  private ConnectFailures() {}

  static boolean is(Throwable error) {
    return HttpRules.isConnectFailure(error) || error instanceof HttpConnectTimeoutException;
  }

  /**
   * Says what the JDK's client leaves out: where there was no connection.
   *
   * @return this error, if it says anything or is another one
   */
  static Throwable named(Throwable error, Endpoint endpoint) {
    return error instanceof ConnectException refused ? named(refused, endpoint) : error;
  }

  /** As {@link #named(Throwable, Endpoint)}. */
  static ConnectException named(ConnectException error, Endpoint endpoint) {
    if (error.getMessage() != null) {
      return error;
    }
    ConnectException named = new ConnectException("no connection to " + endpoint);
    named.initCause(error);
    return named;
  }
}
