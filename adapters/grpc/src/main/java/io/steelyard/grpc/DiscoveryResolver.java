package io.steelyard.grpc;

import io.grpc.Attributes;
import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.Status;
import io.grpc.StatusOr;
import io.grpc.SynchronizationContext;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Gives a channel every list that a discovery publishes: one address group for each endpoint, since
 * gRPC's own policies take a group for one backend.
 */
final class DiscoveryResolver extends NameResolver {
  /** The list as it was published, for our load balancer. */
  static final Attributes.Key<Topology> TOPOLOGY = Attributes.Key.create("io.steelyard.topology");

  /** The endpoint behind an address group. */
  static final Attributes.Key<Endpoint> ENDPOINT = Attributes.Key.create("io.steelyard.endpoint");

  private final String service;
  private final Discovery discovery;
  private final SynchronizationContext channel;
  private @Nullable AutoCloseable watch; // within the channel's context, as the rest
  private boolean published;
  private boolean closed;

  DiscoveryResolver(String service, Discovery discovery, SynchronizationContext channel) {
    this.service = service;
    this.discovery = discovery;
    this.channel = channel;
  }

  /** What certificates are checked against: the service's name, whatever the pod's address. */
  @Override
  public String getServiceAuthority() {
    return service;
  }

  @Override
  public void start(Listener2 listener) {
    watch =
        discovery.watch(
            new Discovery.Listener() {
              @Override
              public void update(Topology topology) {
                List<EquivalentAddressGroup> groups = groups(topology); // may ask DNS
                channel.execute(() -> publish(topology, groups, listener));
              }

              @Override
              public void failed(Throwable cause) {
                channel.execute(() -> report(cause, listener));
              }
            });
  }

  /** A connection has failed: its address may be wrong. */
  @Override
  public void refresh() {
    discovery.refresh();
  }

  private void publish(Topology topology, List<EquivalentAddressGroup> groups, Listener2 listener) {
    if (closed) {
      return;
    }
    if (topology.endpoints().isEmpty()) {
      switch (topology.state()) {
        case SYNCING -> {
          return; // no list yet: calls wait, until their deadlines
        }
        case UNAUTHORIZED -> {
          if (!published) {
            listener.onError(Status.UNAVAILABLE.withDescription(describe(topology)));
            return;
          }
        }
        case LIVE, STALE, ABSENT, CLOSED -> {}
      }
    }
    published = true;
    listener.onResult2(
        ResolutionResult.newBuilder()
            .setAddressesOrError(StatusOr.fromValue(groups))
            .setAttributes(Attributes.newBuilder().set(TOPOLOGY, topology).build())
            .build());
  }

  private void report(Throwable cause, Listener2 listener) {
    if (!closed && !published) {
      listener.onError(
          Status.UNAVAILABLE.withDescription(service + ": no list of endpoints").withCause(cause));
    }
  }

  private String describe(Topology topology) {
    String detail = topology.detail();
    return service
        + ": no list of endpoints ("
        + topology.state()
        + (detail == null ? "" : ": " + detail)
        + ")";
  }

  /**
   * Those that may be chosen: gRPC's own policies know nothing of weight zero and draining. Where a
   * host is a name and not an address, it is looked up here.
   */
  private static List<EquivalentAddressGroup> groups(Topology topology) {
    List<EquivalentAddressGroup> groups = new ArrayList<>(topology.endpoints().size());
    for (Endpoint endpoint : topology.endpoints()) {
      if (endpoint.weight() > 0 && !endpoint.draining()) {
        groups.add(
            new EquivalentAddressGroup(
                new InetSocketAddress(endpoint.host(), endpoint.port()),
                Attributes.newBuilder().set(ENDPOINT, endpoint).build()));
      }
    }
    return groups;
  }

  @Override
  public void shutdown() {
    closed = true;
    AutoCloseable watching = watch;
    watch = null;
    if (watching != null) {
      try {
        watching.close();
      } catch (Exception e) {
        throw new IllegalStateException(service + ": discovery could not be closed", e);
      }
    }
  }

  @Override
  public String toString() {
    return Services.SCHEME + ":///" + service;
  }
}
