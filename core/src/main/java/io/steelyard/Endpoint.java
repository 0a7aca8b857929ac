package io.steelyard;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One destination as a discovery last described it.
 *
 * <p>An endpoint is a value: immutable, compared by all its fields. What a balancer learns of it
 * (requests in flight, latency, failures) is not kept here but follows the {@link #id()}, so that
 * an endpoint whose weight, zone or attributes change keeps what was learnt, and an address that is
 * handed to another pod does not inherit it.
 *
 * <pre>{@code
 * Endpoint.of("10.0.0.7", 8080);
 * Endpoint.builder("pod-uid:8080").host("10.0.0.7").port(8080).weight(3).zone("eu-1a").build();
 * }</pre>
 */
public final class Endpoint {
  /** The largest weight an endpoint may declare. */
  public static final int MAX_WEIGHT = 1_000_000;

  private static final String NAME_OR_IPV4 = "[^\\s\\p{Cntrl}:/?#@\\[\\]]+";

  /** With two colons at least, and a scope where it has one. */
  private static final String IPV6 =
      "[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[^\\s\\p{Cntrl}/?#@\\[\\]]+)?";

  private static final Pattern HOST = Pattern.compile(NAME_OR_IPV4 + "|" + IPV6);
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[(" + IPV6 + ")]|(" + NAME_OR_IPV4 + ")):([0-9]{1,5})");

  private final String id;
  private final String host;
  private final int port;
  private final int weight;
  private final @Nullable String zone;
  private final @Nullable String node;
  private final boolean draining;
  private final Map<String, String> attributes;

  private Endpoint(Builder builder) {
    this.id = builder.id;
    this.host = requireHost(builder.host, builder.id);
    this.port = requirePort(builder.port, builder.id);
    this.weight = requireWeight(builder.weight, builder.id);
    this.zone = builder.zone;
    this.node = builder.node;
    this.draining = builder.draining;
    this.attributes = Map.copyOf(builder.attributes);
  }

  /**
   * Returns an endpoint of weight 1 whose id is {@code host:port} (an IPv6 literal in brackets).
   *
   * @param host a name or an address literal, without brackets
   * @param port 1 to 65535
   * @throws IllegalArgumentException if the host is neither, or the port out of range
   */
  public static Endpoint of(String host, int port) {
    Objects.requireNonNull(host, "host");
    return builder(authority(host, port)).host(host).port(port).build();
  }

  /**
   * Returns the endpoint that {@link #of} makes of {@code host:port}, as {@link #authority()}
   * writes it.
   *
   * @param authority an IPv6 literal in brackets, as in {@code [2001:db8::7]:8080}
   * @throws IllegalArgumentException if it is anything else
   */
  public static Endpoint parse(String authority) {
    Matcher parts = AUTHORITY.matcher(Objects.requireNonNull(authority, "authority"));
    if (parts.matches()) {
      int port = Integer.parseInt(parts.group(3));
      if (port >= 1 && port <= 65_535) {
        return of(parts.group(1) != null ? parts.group(1) : parts.group(2), port);
      }
    }
    throw new IllegalArgumentException(
        "endpoint: \"" + authority + "\" (expected: host:port, such as 10.0.0.7:8080)");
  }

  /**
   * Returns a builder of an endpoint with the identity under which statistics are kept.
   *
   * @param id not blank; unique within a topology
   */
  public static Builder builder(String id) {
    return new Builder(id);
  }

  /** The identity: what is learnt of this endpoint follows it. */
  public String id() {
    return id;
  }

  /** The host name or address literal to connect to; an IPv6 literal has no brackets. */
  public String host() {
    return host;
  }

  /** The port to connect to, 1 to 65535. */
  public int port() {
    return port;
  }

  /**
   * {@code host:port}, with brackets around an IPv6 literal: what stands in a URI or a {@code Host}
   * header.
   */
  public String authority() {
    return authority(host, port);
  }

  /** The declared weight, 0 to {@link #MAX_WEIGHT}; an endpoint of weight 0 is never chosen. */
  public int weight() {
    return weight;
  }

  /** The failure zone it runs in, if known. */
  public @Nullable String zone() {
    return zone;
  }

  /** The node (machine) it runs on, if known. */
  public @Nullable String node() {
    return node;
  }

  /** Whether it is going away: it finishes what it has and takes nothing new. */
  public boolean draining() {
    return draining;
  }

  /** Whatever else the discovery knows, for stages, metrics and logs: unmodifiable. */
  public Map<String, String> attributes() {
    return attributes;
  }

  /**
   * Returns this endpoint with another weight, itself if it has that weight already.
   *
   * @param weight 0 to {@link #MAX_WEIGHT}
   */
  public Endpoint withWeight(int weight) {
    return weight == this.weight ? this : toBuilder().weight(weight).build();
  }

  /** Returns this endpoint marked as draining or not, itself if it is so already. */
  public Endpoint withDraining(boolean draining) {
    return draining == this.draining ? this : toBuilder().draining(draining).build();
  }

  /** Returns a builder that starts from this endpoint's values. */
  public Builder toBuilder() {
    Builder copy =
        new Builder(id)
            .host(host)
            .port(port)
            .weight(weight)
            .zone(zone)
            .node(node)
            .draining(draining);
    attributes.forEach(copy::attribute);
    return copy;
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Endpoint that
        && id.equals(that.id)
        && host.equals(that.host)
        && port == that.port
        && weight == that.weight
        && draining == that.draining
        && Objects.equals(zone, that.zone)
        && Objects.equals(node, that.node)
        && attributes.equals(that.attributes);
  }

  @Override
  public int hashCode() {
    return id.hashCode();
  }

  /** The id, with the authority behind it where that differs. */
  @Override
  public String toString() {
    String authority = authority();
    return id.equals(authority) ? id : id + "@" + authority;
  }

  private static String authority(String host, int port) {
    return host.indexOf(':') >= 0 ? "[" + host + "]:" + port : host + ":" + port;
  }

  private static String requireHost(String host, String id) {
    if (host.isBlank()) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": host: \"" + host + "\" (expected: not blank)");
    }
    if (host.startsWith("[")) {
      throw new IllegalArgumentException(
          "endpoint "
              + id
              + ": host: \""
              + host
              + "\" (expected: an IPv6 literal without brackets)");
    }
    if (!HOST.matcher(host).matches()) {
      throw new IllegalArgumentException(
          "endpoint "
              + id
              + ": host: \""
              + host
              + "\" (expected: a name or an address alone, such as 10.0.0.7)");
    }
    return host;
  }

  private static int requirePort(int port, String id) {
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": port: " + port + " (expected: 1 to 65535)");
    }
    return port;
  }

  private static int requireWeight(int weight, String id) {
    if (weight < 0) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": weight: " + weight + " (expected: >= 0)");
    }
    if (weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "endpoint " + id + ": weight: " + weight + " (expected: <= " + MAX_WEIGHT + ")");
    }
    return weight;
  }

  /** Collects an endpoint's values; {@link #build()} checks them. Not thread-safe. */
  public static final class Builder {
    private final String id;
    private String host = "";
    private int port;
    private int weight = 1;
    private @Nullable String zone;
    private @Nullable String node;
    private boolean draining;
    private final Map<String, String> attributes = new LinkedHashMap<>();

    private Builder(String id) {
      Objects.requireNonNull(id, "id");
      if (id.isBlank()) {
        throw new IllegalArgumentException("endpoint id: \"" + id + "\" (expected: not blank)");
      }
      this.id = id;
    }

    /**
     * Sets the name or address literal to connect to: required, an IPv6 literal without brackets.
     */
    public Builder host(String host) {
      this.host = Objects.requireNonNull(host, "host");
      return this;
    }

    /** Sets the port: required, 1 to 65535. */
    public Builder port(int port) {
      this.port = port;
      return this;
    }

    /** Sets the weight, 0 to {@link #MAX_WEIGHT}; 1 by default. */
    public Builder weight(int weight) {
      this.weight = weight;
      return this;
    }

    /** Sets the failure zone; unknown by default. */
    public Builder zone(@Nullable String zone) {
      this.zone = zone;
      return this;
    }

    /** Sets the node; unknown by default. */
    public Builder node(@Nullable String node) {
      this.node = node;
      return this;
    }

    /** Sets whether the endpoint takes nothing new because it is going away; false by default. */
    public Builder draining(boolean draining) {
      this.draining = draining;
      return this;
    }

    /** Adds one attribute, replacing an earlier one of that name. */
    public Builder attribute(String name, String value) {
      attributes.put(Objects.requireNonNull(name, "name"), Objects.requireNonNull(value, "value"));
      return this;
    }

    /**
     * Returns the endpoint.
     *
     * @throws IllegalArgumentException if host, port or weight is missing or out of range, or the
     *     host neither a name nor an address; the message names the id
     */
    public Endpoint build() {
      return new Endpoint(this);
    }
  }
}
