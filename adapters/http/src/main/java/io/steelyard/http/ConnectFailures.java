package io.steelyard.http;

import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.net.http.HttpConnectTimeoutException;
import java.nio.channels.UnresolvedAddressException;

/** Knows the errors that mean: there was no connection, nothing was sent on it. */
final class ConnectFailures {
  private ConnectFailures() {}

  static boolean is(Throwable error) {
    return error instanceof ConnectException
        || error instanceof HttpConnectTimeoutException
        || error instanceof UnresolvedAddressException
        || error instanceof UnknownHostException
        || error instanceof NoRouteToHostException;
  }
}
