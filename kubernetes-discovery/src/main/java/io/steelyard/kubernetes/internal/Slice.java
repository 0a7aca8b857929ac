package io.steelyard.kubernetes.internal;

import io.steelyard.Endpoint;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * One EndpointSlice, cut down to what is used of it. A value: two slices that mean the same are
 * equal, whatever else changed on the API server's object.
 *
 * @param name for messages and as the last tie-break; never a key to content, as names are reused
 * @param addressType {@code IPv4}, {@code IPv6}, {@code FQDN} or whatever a later API adds
 * @param weight the raw value of the weight label, if there is one
 * @param changedMillis when the change that led to this content happened, from the slice's
 *     last-change-trigger-time; {@link Long#MIN_VALUE} if it does not say
 * @param labels the slice's, among them those of its Service, which Kubernetes copies
 */
public record Slice(
    String name,
    String addressType,
    List<Port> ports,
    List<Entry> endpoints,
    @Nullable String weight,
    long changedMillis,
    Map<String, String> labels) {

  public Slice {
    ports = List.copyOf(ports);
    endpoints = List.copyOf(endpoints);
    labels = Map.copyOf(labels);
  }

  /** A slice without labels. */
  public Slice(
      String name,
      String addressType,
      List<Port> ports,
      List<Entry> endpoints,
      @Nullable String weight,
      long changedMillis) {
    this(name, addressType, ports, endpoints, weight, changedMillis, Map.of());
  }

  /**
   * One port of every endpoint in the slice.
   *
   * @param name "" if it has none
   * @param number null means "all ports"
   * @param protocol {@code TCP} unless the slice says otherwise
   */
  public record Port(
      String name, @Nullable Integer number, String protocol, @Nullable String appProtocol) {}

  /**
   * One endpoint as it stands in the slice, its unset conditions resolved.
   *
   * <p>There may be ten thousand of them, so a uid that is a UUID, as they all are, is kept as two
   * numbers: 16 bytes in place of 80.
   */
  public static final class Entry {
    /** By uid, those without a UUID first: nearly the order in which endpoints are published. */
    static final Comparator<Entry> BY_UUID =
        (a, b) -> a.uuid && b.uuid ? a.compareUuid(b) : Boolean.compare(a.uuid, b.uuid);

    private final @Nullable String address;
    private final boolean ready;
    private final boolean serving;
    private final boolean terminating;
    private final boolean uuid;
    private final long uidHigh; // if it is one
    private final long uidLow;
    private final @Nullable String pod;
    private final @Nullable String node;
    private final @Nullable String zone;
    private final @Nullable Rare rare;

    /**
     * What the union has last made of it, to be used again while that is still right. No part of
     * the value; guarded like the slices themselves by whoever holds them.
     */
    @Nullable Endpoint made;

    /** What most entries do not have. */
    private record Rare(@Nullable String uid, List<String> forZones, List<String> forNodes) {}

    /**
     * Creates an entry.
     *
     * @param address the first address; the others mean the same and are not used
     * @param uid the pod's, if the endpoint refers to something with a uid
     * @param forZones the zones that are asked to use it
     * @param forNodes the nodes that are asked to use it
     */
    public Entry(
        @Nullable String address,
        boolean ready,
        boolean serving,
        boolean terminating,
        @Nullable String uid,
        @Nullable String pod,
        @Nullable String node,
        @Nullable String zone,
        List<String> forZones,
        List<String> forNodes) {
      this.address = address;
      this.ready = ready;
      this.serving = serving;
      this.terminating = terminating;
      UUID bits = uid == null || uid.length() != 36 ? null : uuid(uid);
      this.uuid = bits != null;
      this.uidHigh = bits == null ? 0 : bits.getMostSignificantBits();
      this.uidLow = bits == null ? 0 : bits.getLeastSignificantBits();
      this.pod = pod;
      this.node = node;
      this.zone = zone;
      String text = uuid ? null : uid;
      this.rare =
          text == null && forZones.isEmpty() && forNodes.isEmpty()
              ? null
              : new Rare(text, List.copyOf(forZones), List.copyOf(forNodes));
    }

    private static @Nullable UUID uuid(String text) {
      try {
        UUID uuid = UUID.fromString(text);
        return uuid.toString().equals(text) ? uuid : null;
      } catch (IllegalArgumentException e) {
        return null;
      }
    }

    public @Nullable String address() {
      return address;
    }

    public boolean ready() {
      return ready;
    }

    public boolean serving() {
      return serving;
    }

    public boolean terminating() {
      return terminating;
    }

    /** The pod's uid, written anew at each call if it is a UUID. */
    public @Nullable String uid() {
      return uuid ? new UUID(uidHigh, uidLow).toString() : rare == null ? null : rare.uid();
    }

    /** Whether the uid is a UUID. */
    boolean hasUuid() {
      return uuid;
    }

    /** The order of the texts of two uids that are UUIDs. */
    int compareUuid(Entry that) {
      int high = Long.compareUnsigned(uidHigh, that.uidHigh);
      return high != 0 ? high : Long.compareUnsigned(uidLow, that.uidLow);
    }

    public @Nullable String pod() {
      return pod;
    }

    public @Nullable String node() {
      return node;
    }

    public @Nullable String zone() {
      return zone;
    }

    public List<String> forZones() {
      return rare == null ? List.of() : rare.forZones();
    }

    public List<String> forNodes() {
      return rare == null ? List.of() : rare.forNodes();
    }

    @Override
    public boolean equals(@Nullable Object other) {
      return other instanceof Entry that
          && ready == that.ready
          && serving == that.serving
          && terminating == that.terminating
          && uuid == that.uuid
          && uidHigh == that.uidHigh
          && uidLow == that.uidLow
          && Objects.equals(address, that.address)
          && Objects.equals(pod, that.pod)
          && Objects.equals(node, that.node)
          && Objects.equals(zone, that.zone)
          && Objects.equals(rare, that.rare);
    }

    @Override
    public int hashCode() {
      return Objects.hash(address, uidHigh, uidLow, rare);
    }

    @Override
    public String toString() {
      return address
          + (ready ? " ready" : "")
          + (serving ? " serving" : "")
          + (terminating ? " terminating" : "")
          + " "
          + uid()
          + " pod "
          + pod
          + " on "
          + node
          + " in "
          + zone
          + " for "
          + forZones()
          + forNodes();
    }
  }
}
