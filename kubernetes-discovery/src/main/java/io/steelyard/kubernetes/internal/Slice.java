package io.steelyard.kubernetes.internal;

import java.util.List;
import java.util.Map;
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
   * @param address the first address; the others mean the same and are not used
   * @param uid the pod's, if the endpoint refers to something with a uid
   * @param forZones the zones that are asked to use it: kept for topology-aware routing
   * @param forNodes the nodes that are asked to use it: kept for topology-aware routing
   */
  public record Entry(
      @Nullable String address,
      boolean ready,
      boolean serving,
      boolean terminating,
      @Nullable String uid,
      @Nullable String pod,
      @Nullable String namespace,
      @Nullable String node,
      @Nullable String zone,
      List<String> forZones,
      List<String> forNodes) {

    public Entry {
      forZones = List.copyOf(forZones);
      forNodes = List.copyOf(forNodes);
    }
  }
}
