package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

/**
 * The discoveries that need nothing but the JDK. Immutable and thread-safe; one may be watched by
 * many balancers.
 */
public final class Discoveries {
  private Discoveries() {}

  /**
   * A list that does not change. It is published before {@code watch} returns, so a balancer of it
   * is ready when it is built.
   *
   * @throws IllegalArgumentException if two endpoints share an id; the message names both
   */
  public static Discovery fixed(Endpoint... endpoints) {
    return new FixedDiscovery(Topology.of(endpoints));
  }

  /**
   * The addresses of a host, looked up every 30 seconds: one endpoint for each IPv4 address, or
   * IPv6 where there is no other. For headless Services and whatever else has an address record for
   * each server; behind a name with one address that is itself a load balancer there is nothing to
   * balance.
   *
   * @param host a host name; {@code localhost} and an IPv4 address will do
   * @param port of every endpoint, 1 to 65535
   * @throws IllegalArgumentException if the host is no host name, or the port out of range
   */
  public static DnsDiscovery dns(String host, int port) {
    return DnsDiscovery.of(host, port);
  }

  /**
   * The list in a file, looked at every second: one endpoint a line, in UTF-8.
   *
   * <pre>{@code
   * # shop/cart
   * 10.0.0.7:8080
   * 10.0.0.8:8080 weight=3 zone=eu-1a     # the large one
   * [2001:db8::7]:8080 id=cart-2 node=n7 draining=true
   * }</pre>
   *
   * <p>{@code weight} is 0 to {@link Endpoint#MAX_WEIGHT}, 1 if it is not given; {@code id} is
   * {@code host:port} if it is not given. A line that is wrong, or has the id of an earlier one, is
   * left out alone and logged with its number.
   *
   * @param path need not be there yet
   */
  public static FileDiscovery file(Path path) {
    return FileDiscovery.of(path);
  }

  /**
   * The endpoints of all these, the first ones first. Where several have an endpoint of the same
   * id, that of the first is taken.
   *
   * <p>A list is published as soon as any part has one, and then whenever one changes; parts that
   * have their lists at once are in the first one together. The state is the worst of the parts
   * that count: {@code UNAUTHORIZED} before {@code STALE} before {@code LIVE}. A part without
   * endpoints that is {@code SYNCING} or {@code ABSENT} does not count beside others; if none
   * counts the state is {@code SYNCING} while any part is, else {@code ABSENT}. A part that is
   * {@code CLOSED}, or {@code ABSENT} with endpoints it has kept, counts as {@code STALE}; if only
   * closed parts count the state is {@code CLOSED}. The detail names every part that is not {@code
   * LIVE}.
   *
   * @param parts at least one
   * @throws IllegalArgumentException if there is none
   */
  public static Discovery merged(Discovery... parts) {
    if (parts.length == 0) {
      throw new IllegalArgumentException("merged: none (expected: at least one discovery)");
    }
    return new MergedDiscovery(List.of(parts));
  }

  /** {@link #holding(Discovery, Duration, Platform)} by the system's clock. */
  public static Discovery holding(Discovery discovery, Duration hold) {
    return holding(discovery, hold, Platform.system());
  }

  /**
   * The same as another discovery, but when it becomes empty its last endpoints are kept for so
   * long. Meanwhile the state is {@code STALE}, and the detail says what the other says. A list
   * that is empty from the start, or still empty after that time, is honoured.
   *
   * <p>It guards against a source that goes wrong (a name that does not exist for a moment, a file
   * that was emptied), at the price of as long a time of failing requests when a service is gone on
   * purpose.
   *
   * @param hold 1 ms to 1 day
   * @throws IllegalArgumentException if it is out of range
   */
  public static Discovery holding(Discovery discovery, Duration hold, Platform platform) {
    requireBetween("hold", hold, Duration.ofMillis(1), Duration.ofDays(1));
    return new HoldingDiscovery(
        Objects.requireNonNull(discovery, "discovery"),
        hold,
        Objects.requireNonNull(platform, "platform"));
  }

  static void requireBetween(String what, Duration value, Duration least, Duration most) {
    Objects.requireNonNull(value, what);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
