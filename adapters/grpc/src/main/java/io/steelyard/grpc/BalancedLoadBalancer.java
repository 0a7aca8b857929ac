package io.steelyard.grpc;

import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.steelyard.Balancer;
import io.steelyard.BalancerBuilder;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PolicySource;
import io.steelyard.PolicySource.Advice;
import io.steelyard.Topology;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a connection to every endpoint of the list, and a balancer that chooses among those that
 * are ready.
 *
 * <p>Everything here runs within the channel's synchronization context, the balancer's control work
 * included; only pickers are asked from other threads. A connection that is not ready is masked
 * below the stages, so that a panic guard, which lets ejected endpoints back, never lets back one
 * that has no connection.
 */
final class BalancedLoadBalancer extends LoadBalancer {
  private static final Logger log = LoggerFactory.getLogger(BalancedLoadBalancer.class);

  /** How long a new connection may wait until it is taken up, if there are others. */
  private static final long REFRESH_MILLIS = 10;

  private final Helper helper;
  private final SynchronizationContext channel;
  private final String name;
  private final Services services;
  private final Feed feed = new Feed();
  private final Advised policies = new Advised();

  /**
   * By endpoint id: replaced as a whole, since pickers keep it, and whoever applies a policy asks
   * what is ready from a thread of its own.
   */
  private volatile Map<String, Connection> connections = Map.of();

  private @Nullable Balancer balancer;
  private Metadata.@Nullable Key<String> affinityHeader;
  private boolean refreshDue;
  private boolean closed;

  BalancedLoadBalancer(Helper helper) {
    this.helper = helper;
    this.channel = helper.getSynchronizationContext();
    this.name = helper.getAuthority();
    Services given = helper.getNameResolverArgs().getArg(Services.KEY);
    this.services = given == null ? Services.none() : given;
  }

  // ---- what the name resolver says ----

  @Override
  public Status acceptResolvedAddresses(ResolvedAddresses resolved) {
    Topology topology = topology(resolved);
    Map<String, EquivalentAddressGroup> addresses = addresses(resolved);
    Map<String, Connection> before = connections;
    connections = connect(topology, addresses, before);
    configure((BalancingConfig) resolved.getLoadBalancingPolicyConfig());
    feed.publish(topology);
    if (balancer == null) {
      balancer = build();
      announce(balancer);
    }
    balancer.refresh();
    for (Map.Entry<String, Connection> connection : before.entrySet()) {
      if (connections.get(connection.getKey()) != connection.getValue()) {
        connection.getValue().shutdown(); // its streams go on until they end
      }
    }
    return topology.endpoints().isEmpty()
        ? Status.UNAVAILABLE.withDescription(name + ": no endpoints (" + topology.state() + ")")
        : Status.OK;
  }

  @Override
  public void handleNameResolutionError(Status error) {
    feed.fail(error.asException());
    if (connections.isEmpty()) {
      helper.updateBalancingState(
          ConnectivityState.TRANSIENT_FAILURE, new FixedResultPicker(PickResult.withError(error)));
    }
  }

  /** The list of our own resolver, or what can be made of another's addresses. */
  private static Topology topology(ResolvedAddresses resolved) {
    Topology published = resolved.getAttributes().get(DiscoveryResolver.TOPOLOGY);
    if (published != null) {
      return published;
    }
    List<Endpoint> endpoints = new ArrayList<>();
    for (EquivalentAddressGroup group : resolved.getAddresses()) {
      endpoints.add(endpoint(group.getAddresses().get(0)));
    }
    return Topology.distinct(endpoints, dropped -> {});
  }

  /**
   * An endpoint by its address. The name that an address was looked up by is that of all the
   * others, too.
   */
  private static Endpoint endpoint(SocketAddress address) {
    if (address instanceof InetSocketAddress internet && internet.getPort() > 0) {
      InetAddress found = internet.getAddress();
      String host = found == null ? internet.getHostString() : found.getHostAddress();
      return Endpoint.of(host, internet.getPort());
    }
    return Endpoint.builder(address.toString()).host("localhost").port(1).build();
  }

  private static Map<String, EquivalentAddressGroup> addresses(ResolvedAddresses resolved) {
    Map<String, EquivalentAddressGroup> addresses = new HashMap<>();
    for (EquivalentAddressGroup group : resolved.getAddresses()) {
      Endpoint endpoint = group.getAttributes().get(DiscoveryResolver.ENDPOINT);
      if (endpoint == null) {
        addresses.putIfAbsent(endpoint(group.getAddresses().get(0)).id(), group);
      } else {
        // Without what is said of the endpoint: another weight is no other connection.
        addresses.putIfAbsent(endpoint.id(), new EquivalentAddressGroup(group.getAddresses()));
      }
    }
    return addresses;
  }

  // ---- connections ----

  private Map<String, Connection> connect(
      Topology topology,
      Map<String, EquivalentAddressGroup> addresses,
      Map<String, Connection> before) {
    Map<String, Connection> next = new HashMap<>();
    for (Endpoint endpoint : topology.endpoints()) {
      Connection connection = before.get(endpoint.id());
      EquivalentAddressGroup at = addresses.get(endpoint.id());
      if (at == null) {
        // Draining or of weight zero: nothing new goes there, and what is there may end.
        if (connection != null && connection.isReady()) {
          next.put(endpoint.id(), connection.wanted(false));
        }
      } else if (connection != null && connection.addresses.equals(at)) {
        next.put(endpoint.id(), connection.wanted(true));
      } else {
        next.put(endpoint.id(), open(endpoint.id(), at));
      }
    }
    return Map.copyOf(next);
  }

  private Connection open(String endpointId, EquivalentAddressGroup addresses) {
    Subchannel subchannel =
        helper.createSubchannel(CreateSubchannelArgs.newBuilder().setAddresses(addresses).build());
    Connection connection = new Connection(subchannel, endpointId, addresses);
    subchannel.start(state -> changed(connection, state));
    subchannel.requestConnection();
    return connection;
  }

  private void changed(Connection connection, ConnectivityStateInfo info) {
    if (closed || connection.isShutDown() || info.getState() == ConnectivityState.SHUTDOWN) {
      return;
    }
    boolean readyChanged = connection.update(info);
    if (!connection.isReady() && !connection.isWanted()) {
      drop(connection);
    } else {
      if (info.getState() == ConnectivityState.IDLE) {
        connection.subchannel.requestConnection();
      }
      if (info.getState() == ConnectivityState.IDLE
          || info.getState() == ConnectivityState.TRANSIENT_FAILURE) {
        helper.refreshNameResolution();
      }
    }
    if (!readyChanged || balancer == null) {
      publish();
    } else if (connection.isReady() && balancer.candidates().usable() > 0) {
      refreshSoon();
    } else {
      balancer.refresh(); // and publish() with it
    }
  }

  /**
   * Takes up connections that become ready while others are: a thousand of them are not worth a
   * thousand evaluations, each of a thousand endpoints.
   */
  private void refreshSoon() {
    if (refreshDue) {
      return;
    }
    refreshDue = true;
    Runnable refresh =
        () -> {
          refreshDue = false;
          if (balancer != null && !closed) {
            balancer.refresh();
          }
        };
    SynchronizationContext.ScheduledHandle unused =
        channel.schedule(
            refresh, REFRESH_MILLIS, TimeUnit.MILLISECONDS, helper.getScheduledExecutorService());
  }

  /** An endpoint that was to get nothing new is gone, before the list says so. */
  private void drop(Connection connection) {
    Map<String, Connection> left = new HashMap<>(connections);
    left.remove(connection.endpointId);
    connections = Map.copyOf(left);
    connection.shutdown();
  }

  private boolean isReady(Endpoint endpoint) {
    Connection connection = connections.get(endpoint.id());
    return connection != null && connection.isReady();
  }

  /** Tells the channel: calls that wait are picked again. */
  private void publish() {
    Balancer now = balancer;
    if (closed || now == null) {
      return;
    }
    ConnectivityState state =
        connections.isEmpty() ? ConnectivityState.TRANSIENT_FAILURE : ConnectivityState.READY;
    Status failure = Status.OK;
    int ready = 0;
    int trying = 0;
    for (Connection connection : connections.values()) {
      if (connection.isReady()) {
        ready++;
      } else if (connection.state() != ConnectivityState.TRANSIENT_FAILURE) {
        trying++;
      }
      if (!connection.failure().isOk()) {
        failure = connection.failure();
      }
    }
    if (ready == 0 && !connections.isEmpty()) {
      state = trying > 0 ? ConnectivityState.CONNECTING : ConnectivityState.TRANSIENT_FAILURE;
    }
    AttemptPicker picker = new AttemptPicker(now, connections, state, failure, affinityHeader);
    picker.keptCallsFirst(Thread.currentThread());
    helper.updateBalancingState(state, picker); // gRPC queues it in this context
    channel.execute(() -> picker.keptCallsFirst(null));
  }

  // ---- the balancer ----

  private Balancer build() {
    BalancerBuilder builder =
        Balancer.builder(feed)
            .name(name)
            .platform(new ChannelPlatform(channel, helper.getScheduledExecutorService()))
            .available(this::isReady)
            .policies(policies)
            .listener(candidates -> channel.execute(this::publish)); // whoever calls
    LoadBalancingPolicy policy = services.policy();
    if (policy != null) {
      builder.policy(policy);
    }
    return builder.build();
  }

  private void announce(Balancer made) {
    try {
      services.made(name, made);
    } catch (RuntimeException e) { // in this context it would be the end of the channel
      log.warn("{}: the listener for balancers threw", name, e);
    }
  }

  private void configure(@Nullable BalancingConfig config) {
    affinityHeader = config == null ? null : config.affinityHeader();
    policies.say(config);
  }

  @Override
  @SuppressWarnings("deprecation") // older versions ask; newer ones take the status above
  public boolean canHandleEmptyAddressListFromNameResolution() {
    return true;
  }

  @Override
  public void requestConnection() {
    for (Connection connection : connections.values()) {
      connection.subchannel.requestConnection();
    }
  }

  @Override
  public void shutdown() {
    closed = true;
    if (balancer != null) {
      balancer.close();
    }
    for (Connection connection : connections.values()) {
      connection.shutdown();
    }
    connections = Map.of();
  }

  /** The list that the name resolver gave last. */
  private static final class Feed implements Discovery {
    private Topology last = Topology.syncing();
    private @Nullable Listener listener;

    void publish(Topology topology) {
      last = topology;
      if (listener != null) {
        listener.update(topology);
      }
    }

    void fail(Throwable cause) {
      if (listener != null) {
        listener.failed(cause);
      }
    }

    @Override
    public AutoCloseable watch(Listener listener) {
      this.listener = listener;
      listener.update(last);
      return () -> this.listener = null;
    }
  }

  /** What the service config says of the policy. */
  private static final class Advised implements PolicySource {
    private @Nullable LoadBalancingPolicy builders;
    private @Nullable Consumer<Advice> listener;
    private @Nullable BalancingConfig config;

    void say(@Nullable BalancingConfig next) {
      if (!Objects.equals(config, next)) {
        config = next;
        tell();
      }
    }

    @Override
    public AutoCloseable watch(LoadBalancingPolicy builders, Consumer<Advice> listener) {
      this.builders = builders;
      this.listener = listener;
      tell();
      return () -> this.listener = null;
    }

    private void tell() {
      if (listener == null || builders == null) {
        return;
      }
      LoadBalancingPolicy policy = config == null ? null : config.over(builders);
      listener.accept(
          new Advice(policy, policy == null ? "no service config" : "service config", null));
    }
  }
}
