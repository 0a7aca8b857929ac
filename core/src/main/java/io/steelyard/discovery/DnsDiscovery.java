package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Discovers the addresses behind a name by looking it up again and again; made by {@link
 * Discoveries#dns} and {@link Discoveries#srv}.
 *
 * <pre>{@code
 * Discovery cart = Discoveries.dns("cart.shop.svc.cluster.local", 8080).every(Duration.ofSeconds(10));
 * }</pre>
 *
 * <p><b>What is published.</b> One endpoint for each address, sorted, whose id is {@code
 * address:port} and whose host is the address, so that nobody looks it up again. A list is
 * published when it differs from the last.
 *
 * <p><b>States.</b> {@code LIVE}: the last answer, which may be that there are no addresses. {@code
 * STALE}: there is no answer at the moment, and the last good list stays; the detail has the cause.
 * {@code SYNCING} with a detail: there never was an answer. {@code ABSENT}: there is no such name;
 * empty, which {@link Discoveries#holding} can soften. Without a good answer it asks again sooner,
 * after a random part of 1 s, 2 s, 4 s and so on, at most of what is set by {@link #every}.
 *
 * <p><b>Who is asked.</b> Hosts: the resolver of this machine, with its hosts file and search
 * domains, by way of the JVM, which keeps addresses for 30 s and failures for 10 s (the security
 * properties {@code networkaddress.cache.ttl} and {@code networkaddress.cache.negative.ttl}): a
 * shorter interval needs a shorter one there too. The JVM does not always tell "no such name" from
 * "no answer"; where it does not, it is taken for the latter. SRV records, and hosts after {@link
 * #servers}: name servers themselves, without a cache in between. Names must be whole then, as
 * search domains do not apply. An answer that is good for less than the interval (its TTL) is asked
 * for again when that is over, but at most every 5 seconds.
 *
 * <p>Immutable and thread-safe; each setting returns a copy. Each watch looks up for itself, on the
 * platform's executor, one lookup at a time. Closing it ends a lookup that is under way; one of
 * this machine's resolver cannot be ended, but nobody hears of it.
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

  private final String name;
  private final int port; // 0: SRV records know it
  private final Duration every;
  private final AddressFamily family;
  private final List<InetSocketAddress> servers;
  private final Platform platform;
  private final Set<Poller> watches = ConcurrentHashMap.newKeySet();

  private DnsDiscovery(
      String name,
      int port,
      Duration every,
      AddressFamily family,
      List<InetSocketAddress> servers,
      Platform platform) {
    this.name = name;
    this.port = port;
    this.every = every;
    this.family = family;
    this.servers = servers;
    this.platform = platform;
  }

  static DnsDiscovery host(String host, int port) {
    Objects.requireNonNull(host, "host");
    if (!isName(host)) {
      throw new IllegalArgumentException("dns: host: \"" + host + "\" (expected: a host name)");
    }
    if (port < 1 || port > 65_535) {
      throw new IllegalArgumentException("dns: port: " + port + " (expected: 1 to 65535)");
    }
    return new DnsDiscovery(host, port, DEFAULT, AddressFamily.IPV4, List.of(), Platform.system());
  }

  static DnsDiscovery service(String name) {
    Objects.requireNonNull(name, "name");
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "srv: name: \"" + name + "\" (expected: a name such as _http._tcp.cart.example.com)");
    }
    return new DnsDiscovery(name, 0, DEFAULT, AddressFamily.IPV4, List.of(), Platform.system());
  }

  static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /**
   * Sets how long to wait at most after an answer before asking again, 30 seconds by default. A
   * random part of up to a fifth is added each time, so that clients that began together do not ask
   * together.
   *
   * @param interval 1 second to 1 day
   * @throws IllegalArgumentException if it is out of range
   */
  public DnsDiscovery every(Duration interval) {
    Discoveries.requireBetween("every", interval, LEAST, MOST);
    return new DnsDiscovery(name, port, interval, family, servers, platform);
  }

  /**
   * Sets which addresses to use where a name has IPv4 and IPv6 addresses; {@link
   * AddressFamily#IPV4} by default.
   */
  public DnsDiscovery addressFamily(AddressFamily preferred) {
    Objects.requireNonNull(preferred, "addressFamily");
    return new DnsDiscovery(name, port, every, preferred, servers, platform);
  }

  /**
   * Sets the name servers to ask, in order, over UDP, and over TCP where an answer is long. By
   * default hosts are asked of this machine's resolver, and SRV records of the name servers in
   * {@code /etc/resolv.conf}; where there is no such file, servers must be set for them. One that
   * does not answer costs 3 seconds.
   *
   * @param addresses {@code 10.96.0.10}, {@code 127.0.0.1:5353} or {@code [2001:db8::53]:53}: port
   *     53 where none is given; at least one
   * @throws IllegalArgumentException if one is none of these, or there is none
   */
  public DnsDiscovery servers(String... addresses) {
    List<InetSocketAddress> checked = new ArrayList<>();
    for (String address : addresses) {
      InetSocketAddress server = Addresses.server(address);
      if (server == null) {
        throw new IllegalArgumentException(
            "servers: \"" + address + "\" (expected: an address such as 10.96.0.10 or [::1]:5353)");
      }
      checked.add(server);
    }
    if (checked.isEmpty()) {
      throw new IllegalArgumentException("servers: none (expected: at least one)");
    }
    return new DnsDiscovery(name, port, every, family, List.copyOf(checked), platform);
  }

  /** Sets clock, timer, threads and randomness; {@link Platform#system()} by default. */
  public DnsDiscovery platform(Platform platform) {
    Objects.requireNonNull(platform, "platform");
    return new DnsDiscovery(name, port, every, family, servers, platform);
  }

  /**
   * {@inheritDoc}
   *
   * <p>Calls within a second of the last question are one question, at its end; those that come
   * during one are one after it. The JVM's cache is asked like everybody else (see the description
   * of this class).
   */
  @Override
  public void refresh() {
    watches.forEach(Poller::refresh);
  }

  /** Starts to watch; the first list comes later, from the platform's executor. */
  @Override
  public AutoCloseable watch(Listener listener) {
    Poller poller =
        new Poller(toString(), new DnsSource(lookup(), every, platform), every, platform, listener);
    watches.add(poller);
    poller.start();
    return () -> {
      watches.remove(poller);
      poller.close();
    };
  }

  private Lookup lookup() {
    if (port == 0) {
      return new NameServers(new DnsClient(servers), family).services(name);
    }
    if (!servers.isEmpty()) {
      return new NameServers(new DnsClient(servers), family).hosts(name, port);
    }
    long cached = SystemNames.cacheSeconds();
    if (cached < 0 || cached > every.toSeconds()) {
      log.warn(
          "{}: the JVM keeps addresses {}, so asking every {} s is in vain (expected:"
              + " networkaddress.cache.ttl of at most that)",
          this,
          cached < 0 ? "for ever" : "for " + cached + " s",
          every.toSeconds());
    }
    return new SystemNames(name, port, family);
  }

  @Override
  public String toString() {
    return port == 0 ? "srv " + name : "dns " + name + ":" + port;
  }
}
