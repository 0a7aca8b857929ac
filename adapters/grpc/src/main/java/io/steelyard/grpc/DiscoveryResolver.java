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
import java.util.concurrent.Executor;
import java.util.regex.Pattern;
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

  /** An address and not a name: of IPv4, or anything with a colon. */
  private static final Pattern ADDRESS = Pattern.compile("[0-9.]+|.*:.*");

  private final String service;
  private final Discovery discovery;
  private final SynchronizationContext channel;
  private final Executor lookups;

  // Within the channel's context, all of it.
  private @Nullable Listener2 listener;
  private @Nullable AutoCloseable watch;
  private Topology last = Topology.syncing();
  private boolean lookingUp;
  private boolean published;
  private boolean closed;

  /**
   * @param lookups runs what waits for DNS
   */
  DiscoveryResolver(
      String service, Discovery discovery, SynchronizationContext channel, Executor lookups) {
    this.service = service;
    this.discovery = discovery;
    this.channel = channel;
    this.lookups = lookups;
  }

  /** What certificates are checked against: the service's name, whatever the pod's address. */
  @Override
  public String getServiceAuthority() {
    return service;
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    watch();
  }

  /**
   * A connection was lost, or the last attempt failed: discovery is asked anew, the names that it
   * gave are looked up again, and one that would not start is started again.
   */
  @Override
  public void refresh() {
    if (watch == null) {
      watch();
      return;
    }
    try {
      discovery.refresh();
    } catch (RuntimeException e) { // as in watch()
      report(e);
    }
    if (hasNames(last)) {
      lookUp();
    }
  }

  private void watch() {
    if (closed) {
      return;
    }
    try {
      watch =
          discovery.watch(
              new Discovery.Listener() {
                @Override
                public void update(Topology topology) {
                  channel.execute(() -> take(topology));
                }

                @Override
                public void failed(Throwable cause) {
                  channel.execute(() -> report(cause));
                }
              });
    } catch (RuntimeException e) { // in this context it would be the end of the channel
      report(e);
    }
  }

  private void take(Topology topology) {
    last = topology;
    if (hasNames(topology)) {
      lookUp();
    } else {
      publish(topology, groups(topology));
    }
  }

  private void lookUp() {
    if (lookingUp || closed) {
      return; // what comes of it is looked at again below
    }
    lookingUp = true;
    Topology asked = last;
    lookups.execute(
        () -> {
          List<EquivalentAddressGroup> found = groups(asked);
          channel.execute(() -> found(asked, found));
        });
  }

  @SuppressWarnings("ReferenceEquality") // whether that very list was looked up
  private void found(Topology asked, List<EquivalentAddressGroup> groups) {
    lookingUp = false;
    if (asked == last) {
      publish(asked, groups);
    } else {
      take(last);
    }
  }

  private void publish(Topology topology, List<EquivalentAddressGroup> groups) {
    Listener2 listener = this.listener;
    if (closed || listener == null) {
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

  private void report(Throwable cause) {
    Listener2 listener = this.listener;
    if (!closed && !published && listener != null) {
      listener.onError(
          Status.UNAVAILABLE
              .withDescription(service + ": no list of endpoints (" + cause + ")")
              .withCause(cause));
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
   * host is a name and not an address, it is looked up here, which takes its time.
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

  private static boolean hasNames(Topology topology) {
    for (Endpoint endpoint : topology.endpoints()) {
      if (!ADDRESS.matcher(endpoint.host()).matches()) {
        return true;
      }
    }
    return false;
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
