package io.steelyard.okhttp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import okhttp3.Dns;
import org.jspecify.annotations.Nullable;

/**
 * Resolves the name of a service to one endpoint's host, for one try. Connections are pooled by it:
 * it is equal for equal endpoints, however many objects there are. A connection keeps the one that
 * it was made with, so it holds nothing of the try; but it hears of its connection.
 */
final class EndpointDns implements Dns {
  private final String service;
  private final String host;
  private final Dns theirs;
  private volatile boolean connected;

  /**
   * @param theirs resolves every other name, such as that of an endpoint that is none of an address
   */
  EndpointDns(String service, String host, Dns theirs) {
    this.service = service;
    this.host = host;
    this.theirs = theirs;
  }

  @Override
  public List<InetAddress> lookup(String hostname) throws UnknownHostException {
    if (!hostname.equalsIgnoreCase(service)) {
      return theirs.lookup(hostname);
    }
    return isLiteral(host) ? List.of(InetAddress.getByName(host)) : theirs.lookup(host);
  }

  private static boolean isLiteral(String host) {
    return host.indexOf(':') >= 0 || host.chars().allMatch(c -> c == '.' || (c >= '0' && c <= '9'));
  }

  /** There is a connection, and the request is about to be written to it. */
  void connect() {
    connected = true;
  }

  /** Whether there was a connection for this try. */
  boolean connected() {
    return connected;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof EndpointDns that
        && host.equals(that.host)
        && service.equals(that.service)
        && theirs.equals(that.theirs);
  }

  @Override
  public int hashCode() {
    return 31 * host.hashCode() + service.hashCode();
  }

  @Override
  public String toString() {
    return service + " at " + host;
  }
}
