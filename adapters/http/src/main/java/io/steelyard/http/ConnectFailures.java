package io.steelyard.http;

import io.steelyard.adapter.HttpRules;
import java.net.http.HttpConnectTimeoutException;

/** Knows the errors that mean: there was no connection, nothing was sent on it. */
final class ConnectFailures {
  private ConnectFailures() {}

  static boolean is(Throwable error) {
    return HttpRules.isConnectFailure(error) || error instanceof HttpConnectTimeoutException;
  }
}
