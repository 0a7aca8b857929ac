package io.steelyard.discovery;

import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.Security;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * Asks the resolver of this machine by way of the JVM, which keeps answers for a while; see {@link
 * DnsDiscovery}.
 *
 * <p>The JVM throws the same exception for a name that does not exist and for a name server that
 * does not answer; the difference is in the text it has from the C library. Only texts that are
 * known to say "no such name" are taken for that. A name wrongly taken for gone would empty a list
 * during an outage; one wrongly taken for unreachable keeps a list for longer than it should.
 */
final class DnsSource implements Poller.Source {
  private static final List<String> NO_SUCH_NAME =
      List.of(
          "name or service not known", // glibc, EAI_NONAME
          "no address associated with hostname", // glibc, EAI_NODATA
          "name does not resolve", // musl, EAI_NONAME
          "name has no usable address", // musl, EAI_NODATA
          "nodename nor servname provided, or not known", // macOS
          "no such host is known"); // Windows

  /** {@link InetAddress#getAllByName}, and for tests what stands in for it. */
  interface Resolver {
    InetAddress[] resolve(String host) throws UnknownHostException;
  }

  private final String host;
  private final int port;
  private final DnsDiscovery.AddressFamily family;
  private final Resolver resolver;
  private final Duration every;
  private final Platform platform;

  private Topology good = Topology.syncing(); // the last answer
  private String reason; // why there is no other
  private boolean absent;
  private int failures;

  DnsSource(
      String host,
      int port,
      DnsDiscovery.AddressFamily family,
      Resolver resolver,
      Duration every,
      Platform platform) {
    this.host = host;
    this.port = port;
    this.family = family;
    this.resolver = resolver;
    this.every = every;
    this.platform = platform;
    this.reason = unknown();
  }

  private String unknown() {
    return host + " is not known";
  }

  @Override
  public Poller.Look look() {
    InetAddress[] addresses;
    try {
      addresses = resolver.resolve(host);
    } catch (UnknownHostException e) {
      failures++;
      return new Poller.Look(without(String.valueOf(e.getMessage())), backoff());
    }
    good =
        Topology.of(
            Addresses.chosen(Arrays.asList(addresses), family).stream()
                .map(address -> Endpoint.of(Addresses.text(address), port))
                .toList());
    reason = unknown();
    absent = false;
    failures = 0;
    return new Poller.Look(good, jittered());
  }

  /** What holds without an answer. */
  private Topology without(String text) {
    if (!text.equals(host)) { // else it is the JVM's cache of failures, which forgets the reason
      String lower = text.toLowerCase(Locale.ROOT);
      absent = NO_SUCH_NAME.stream().anyMatch(lower::contains);
      reason = text;
    }
    if (absent) {
      good = Topology.of();
      return good.with(Topology.State.ABSENT, reason);
    }
    boolean never = good.state() == Topology.State.SYNCING;
    return good.with(never ? Topology.State.SYNCING : Topology.State.STALE, reason);
  }

  /** The interval to a fifth more: clients that began together do not stay together. */
  private Duration jittered() {
    return every.plusNanos((long) (platform.random().nextDouble() * every.toNanos() / 5));
  }

  /**
   * Full jitter (Brooker, "Exponential Backoff and Jitter", 2015): a random part of 1 s, 2 s, 4 s
   * and so on, at most of the interval.
   */
  private Duration backoff() {
    long second = Duration.ofSeconds(1).toNanos();
    long cap = Math.min(every.toNanos(), second << Math.min(failures - 1, 20));
    return Duration.ofNanos((long) (platform.random().nextDouble() * cap));
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
