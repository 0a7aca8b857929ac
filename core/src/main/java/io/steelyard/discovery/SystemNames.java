package io.steelyard.discovery;

import io.steelyard.Endpoint;
import io.steelyard.discovery.Lookup.NotFound.Why;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Asks the resolver of this machine by way of the JVM, which keeps answers for a while.
 *
 * <p>The JVM throws the same exception for a name that does not exist and for a name server that
 * does not answer; the difference is in the text it has from the C library. Only texts that are
 * known to say "no such name" are taken for that. A name wrongly taken for gone would empty a list
 * during an outage; one wrongly taken for unreachable keeps a list for longer than it should.
 */
final class SystemNames implements Lookup {
  private static final List<String> NO_SUCH_NAME =
      List.of(
          "name or service not known", // glibc, EAI_NONAME
          "no address associated with hostname", // glibc, EAI_NODATA
          "name does not resolve", // musl, EAI_NONAME
          "name has no usable address", // musl, EAI_NODATA
          "nodename nor servname provided, or not known", // macOS
          "no such host is known"); // Windows

  private final String host;
  private final int port;
  private final DnsDiscovery.AddressFamily family;

  SystemNames(String host, int port, DnsDiscovery.AddressFamily family) {
    this.host = host;
    this.port = port;
    this.family = family;
  }

  @Override
  public Found find() throws NotFound {
    InetAddress[] addresses;
    try {
      addresses = InetAddress.getAllByName(host);
    } catch (UnknownHostException e) {
      throw notFound(host, e);
    }
    return new Found(
        Addresses.chosen(Arrays.asList(addresses), family).stream()
            .map(address -> Endpoint.of(Addresses.text(address), port))
            .toList(),
        null,
        Long.MAX_VALUE);
  }

  static NotFound notFound(String host, UnknownHostException e) {
    String text = String.valueOf(e.getMessage());
    if (text.equals(host)) { // out of the JVM's cache of failures, which forgets the reason
      return new NotFound(Why.AS_BEFORE, host + " is not known", e);
    }
    String lower = text.toLowerCase(Locale.ROOT);
    Why why = NO_SUCH_NAME.stream().anyMatch(lower::contains) ? Why.ABSENT : Why.FAILED;
    return new NotFound(why, text, e);
  }

  /** How long the JVM keeps an address, in seconds; a negative number for ever. */
  static long cacheSeconds() {
    String text = Security.getProperty("networkaddress.cache.ttl");
    if (text == null) {
      text = System.getProperty("sun.net.inetaddr.ttl");
    }
    try {
      return text == null ? 30 : Long.parseLong(text.strip());
    } catch (NumberFormatException e) {
      return 30;
    }
  }
}
