package io.steelyard.okhttp;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import okhttp3.Dns;

/**
 * Resolves the name of a service to one endpoint's host. Connections are pooled by it: equal for
 * equal endpoints, however many objects there are.
 *
 * @param theirs resolves every other name, such as that of an endpoint that is none of an address
 */
record EndpointDns(String service, String host, Dns theirs) implements Dns {
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
}
