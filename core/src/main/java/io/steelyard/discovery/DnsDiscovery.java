package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Discovers the addresses behind a name by looking it up again and again; made by {@link
 * Discoveries#dns}.
 *
 * <pre>{@code
 * Discovery cart = Discoveries.dns("cart.shop.svc.cluster.local", 8080).every(Duration.ofSeconds(10));
 * }</pre>
 *
 * <p><b>What is published.</b> One endpoint for each address, sorted, whose id is {@code
 * address:port} and whose host is the address, so that nobody looks it up again. A list is
 * published when it differs from the last.
 *
 * <p><b>States.</b> {@code LIVE}: the last answer. {@code STALE}: there is no answer at the moment,
 * and the last good list stays; the detail has the cause. {@code SYNCING} with a detail: there
 * never was an answer. {@code ABSENT}: there is no such name, or no address for it; empty, which
 * {@link Discoveries#holding} can soften. Without a good answer it asks again sooner, after a
 * random part of 1 s, 2 s, 4 s and so on, at most of what is set by {@link #every}.
 *
 * <p><b>Who is asked.</b> The resolver of this machine, with its hosts file and search domains, by
 * way of the JVM, which keeps addresses for 30 s and failures for 10 s (the security properties
 * {@code networkaddress.cache.ttl} and {@code networkaddress.cache.negative.ttl}): a shorter
 * interval needs a shorter one there too. The JVM does not always tell "no such name" from "no
 * answer"; where it does not, it is taken for the latter.
 *
 * <p>Immutable and thread-safe; each setting returns a copy. Each watch looks up for itself, on the
 * platform's executor, one lookup at a time. A lookup cannot be ended: after closing it goes on by
 * itself, and nobody hears of it.
 */
public final class DnsDiscovery implements Discovery {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  private static final Pattern NAME =
      Pattern.compile(
          "(?=.{1,254}$)[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?"
              + "(\\.[A-Za-z0-9_]([-A-Za-z0-9_]{0,61}[A-Za-z0-9_])?)*\\.?");
  private static final Duration DEFAULT = Duration.ofSeconds(30);
  private static final Duration LEAST = Duration.ofSeconds(1);
  private static final Duration MOST = Duration.ofDays(1);

  /** Which addresses to use of a name that has both kinds, which is nearly always the same host. */
  public enum AddressFamily {
    /** IPv4 addresses (A records); the others if there are none. */
    IPV4,
    /** IPv6 addresses (AAAA records); the others if there are none. */
    IPV6,
    /** All, each an endpoint of its own. */
    BOTH
  }

  private final String host;
  private final int port;
  private final Duration every;
  private final AddressFamily family;
  private final Platform platform;
  private final DnsSource.Resolver resolver;
  private final Set<Poller> watches = ConcurrentHashMap.newKeySet();

  private DnsDiscovery(
      String host,
      int port,
      Duration every,
      AddressFamily family,
      Platform platform,
      DnsSource.Resolver resolver) {
    this.host = host;
    this.port = port;
    this.every = every;
    this.family = family;
    this.platform = platform;
    this.resolver = resolver;
  }

  static DnsDiscovery of(String host, int port) {
    Objects.requireNonNull(host, "host");
    if (!isName(host)) {
      throw new IllegalArgumentException("dns: host: \"" + host + "\" (expected: a host name)");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("dns: port: " + port + " (expected: 1 to 65535)");
    }
    return new DnsDiscovery(
        host, port, DEFAULT, AddressFamily.IPV4, Platform.system(), InetAddress::getAllByName);
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * Sets how long to wait after an answer before asking again, 30 seconds by default. A random part
   * of up to a fifth is added each time, so that clients that began together do not ask together.
   *
   * @param interval 1 second to 1 day
   * @throws IllegalArgumentException if it is out of range
   */
  public DnsDiscovery every(Duration interval) {
    Discoveries.requireBetween("every", interval, LEAST, MOST);
    return new DnsDiscovery(host, port, interval, family, platform, resolver);
  }

  /**
   * Sets which addresses to use where a name has IPv4 and IPv6 addresses; {@link
   * AddressFamily#IPV4} by default.
   */
  public DnsDiscovery addressFamily(AddressFamily preferred) {
    Objects.requireNonNull(preferred, "addressFamily");
    return new DnsDiscovery(host, port, every, preferred, platform, resolver);
  }

  /** Sets clock, timer, threads and randomness; {@link Platform#system()} by default. */
  public DnsDiscovery platform(Platform platform) {
    Objects.requireNonNull(platform, "platform");
    return new DnsDiscovery(host, port, every, family, platform, resolver);
  }

  /** Sets who is asked. For tests. */
  DnsDiscovery resolver(DnsSource.Resolver resolver) {
    return new DnsDiscovery(host, port, every, family, platform, resolver);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Calls within a second of the last question are one question, at its end; those that come
   * during one are one after it. What the JVM still keeps is answered out of its cache (see the
   * description of this class).
   */
  @Override
  public void refresh() {
    watches.forEach(Poller::refresh);
  }

  /** Starts to watch; the first list comes later, from the platform's executor. */
  @Override
  public AutoCloseable watch(Listener listener) {
    Poller poller = new Poller(toString(), source(), every, platform, listener);
    watches.add(poller);
    poller.start();
    return () -> {
      watches.remove(poller);
      poller.close();
    };
  }

  private DnsSource source() {
    long cached = DnsSource.cacheSeconds();
    if (cached < 0 || cached > every.toSeconds()) {
      log.warn(
          "{}: the JVM keeps addresses {}, so asking every {} s is in vain (expected:"
              + " networkaddress.cache.ttl of at most that)",
          this,
          cached < 0 ? "for ever" : "for " + cached + " s",
          every.toSeconds());
    }
    return new DnsSource(host, port, family, resolver, every, platform);
  }

  @Override
  public String toString() {
    return "dns " + host + ":" + port;
  }
}
