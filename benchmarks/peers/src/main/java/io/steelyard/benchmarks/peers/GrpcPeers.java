package io.steelyard.benchmarks.peers;

import io.grpc.Attributes;
import io.grpc.CallOptions;
import io.grpc.ChannelLogger;
import io.grpc.ClientStreamTracer;
import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer;
import io.grpc.LoadBalancer.CreateSubchannelArgs;
import io.grpc.LoadBalancer.PickDetailsConsumer;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.ResolvedAddresses;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.LoadBalancer.SubchannelStateListener;
import io.grpc.LoadBalancerProvider;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.SynchronizationContext;
import io.grpc.internal.PickSubchannelArgsImpl;
import io.grpc.protobuf.services.internal.HealthCheckingRoundRobinLoadBalancerProvider;
import io.grpc.util.GrpcUtil;
import io.grpc.xds.GrpcXds;
import io.grpc.xds.LeastRequestLoadBalancerProvider;
import io.grpc.xds.RingHashLoadBalancerProvider;
import io.steelyard.Endpoint;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import org.jspecify.annotations.Nullable;

/** grpc-java's policies, with subchannels that are ready as soon as a connection is asked for. */
final class GrpcPeers {
  private GrpcPeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    Channel channel = new Channel(GrpcUtil.roundRobin(), endpoints, null);
    return new PickOnly(channel);
  }

  /** The round robin that a program gets that has grpc-services on its class path. */
  static Peer roundRobinWithHealth(List<Endpoint> endpoints) {
    Channel channel =
        new Channel(new HealthCheckingRoundRobinLoadBalancerProvider(), endpoints, null);
    return new PickOnly(channel);
  }

  static Peer leastRequest(List<Endpoint> endpoints) {
    return new LeastRequest(
        new Channel(
            new LeastRequestLoadBalancerProvider(), endpoints, GrpcXds.leastRequestOfTwo()));
  }

  /** A hundred points an endpoint, as in ours. */
  static Peer ringHash(List<Endpoint> endpoints) {
    return new RingHash(
        new Channel(
            new RingHashLoadBalancerProvider(),
            endpoints,
            GrpcXds.ringOf(100L * endpoints.size())));
  }

  private static final class PickOnly extends Peer {
    private final SubchannelPicker picker;
    private final PickSubchannelArgs args = args(CallOptions.DEFAULT);

    PickOnly(Channel channel) {
      this.picker = channel.picker();
    }

    @Override
    public PickResult pick() {
      return picker.pickSubchannel(args);
    }

    @Override
    public Object endpointOf(Object chosen) {
      return Objects.requireNonNull(((PickResult) chosen).getSubchannel());
    }
  }

  /** A request is counted by the tracer of its stream. */
  private static final class LeastRequest extends Peer {
    private final SubchannelPicker picker;
    private final Metadata headers = new Metadata();
    private final PickSubchannelArgs args = args(CallOptions.DEFAULT);
    private final ClientStreamTracer.StreamInfo stream =
        ClientStreamTracer.StreamInfo.newBuilder().build();

    LeastRequest(Channel channel) {
      this.picker = channel.picker();
    }

    @Override
    public PickResult pick() {
      return picker.pickSubchannel(args);
    }

    @Override
    public Begun begin() {
      PickResult picked = picker.pickSubchannel(args);
      ClientStreamTracer tracer =
          Objects.requireNonNull(picked.getStreamTracerFactory())
              .newClientStreamTracer(stream, headers);
      tracer.streamCreated(Attributes.EMPTY, headers);
      return new Begun(picked, tracer);
    }

    @Override
    public void end(Object begun) {
      ((Begun) begun).tracer.streamClosed(Status.OK);
    }

    @Override
    public Object endpointOf(Object chosen) {
      PickResult picked = chosen instanceof Begun begun ? begun.picked : (PickResult) chosen;
      return Objects.requireNonNull(picked.getSubchannel());
    }

    private record Begun(PickResult picked, ClientStreamTracer tracer) {}
  }

  /** The key's hash is in the call options, where the resolver puts it. */
  private static final class RingHash extends Peer {
    private final SubchannelPicker picker;
    private final PickSubchannelArgs[] args = new PickSubchannelArgs[Keys.SIZE];

    RingHash(Channel channel) {
      channel.connectAll();
      this.picker = channel.picker();
      for (int i = 0; i < args.length; i++) {
        args[i] = args(GrpcXds.withHash(Keys.hash(i)));
      }
    }

    @Override
    public PickResult pick(int key) {
      return picker.pickSubchannel(args[key]);
    }

    @Override
    public Object endpointOf(Object chosen) {
      return Objects.requireNonNull(((PickResult) chosen).getSubchannel());
    }
  }

  private static PickSubchannelArgs args(CallOptions options) {
    return new PickSubchannelArgsImpl(
        METHOD, new Metadata(), options, new PickDetailsConsumer() {});
  }

  private static final MethodDescriptor<Object, Object> METHOD =
      MethodDescriptor.<Object, Object>newBuilder()
          .setType(MethodDescriptor.MethodType.UNARY)
          .setFullMethodName("cart/get")
          .setRequestMarshaller(new NoMarshaller())
          .setResponseMarshaller(new NoMarshaller())
          .build();

  private static final class NoMarshaller implements MethodDescriptor.Marshaller<Object> {
    @Override
    public java.io.InputStream stream(Object value) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Object parse(java.io.InputStream stream) {
      throw new UnsupportedOperationException();
    }
  }

  /** What a channel is to its policy. */
  private static final class Channel extends LoadBalancer.Helper {
    private final SynchronizationContext synchronization =
        new SynchronizationContext(
            (thread, error) -> {
              throw new IllegalStateException(error);
            });
    private final List<Ready> subchannels = new ArrayList<>();
    private final LoadBalancer policy;
    private @Nullable SubchannelPicker picker;

    Channel(LoadBalancerProvider provider, List<Endpoint> endpoints, @Nullable Object config) {
      List<EquivalentAddressGroup> addresses = new ArrayList<>();
      for (Endpoint endpoint : endpoints) {
        addresses.add(
            new EquivalentAddressGroup(
                InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port())));
      }
      ResolvedAddresses resolved =
          ResolvedAddresses.newBuilder()
              .setAddresses(addresses)
              .setAttributes(Attributes.EMPTY)
              .setLoadBalancingPolicyConfig(config)
              .build();
      this.policy = provider.newLoadBalancer(this);
      synchronization.execute(
          () -> {
            Status status = policy.acceptResolvedAddresses(resolved);
            if (!status.isOk()) {
              throw new IllegalStateException(provider.getPolicyName() + ": " + status);
            }
          });
    }

    SubchannelPicker picker() {
      return Objects.requireNonNull(picker, "a picker");
    }

    /** For policies that connect only when a request needs it. */
    void connectAll() {
      synchronization.execute(() -> GrpcUtil.connectChildren(policy));
      if (subchannels.isEmpty() || !subchannels.stream().allMatch(s -> s.ready)) {
        throw new IllegalStateException("not all are connected");
      }
    }

    @Override
    public Subchannel createSubchannel(CreateSubchannelArgs args) {
      Ready subchannel = new Ready(args);
      subchannels.add(subchannel);
      return subchannel;
    }

    @Override
    public void updateBalancingState(ConnectivityState state, SubchannelPicker newPicker) {
      picker = newPicker;
    }

    @Override
    public SynchronizationContext getSynchronizationContext() {
      return synchronization;
    }

    @Override
    public String getAuthority() {
      return "cart";
    }

    @Override
    public ChannelLogger getChannelLogger() {
      return NO_LOGGER;
    }

    @Override
    public ScheduledExecutorService getScheduledExecutorService() {
      return TIMER;
    }

    @Override
    public ManagedChannel createOobChannel(EquivalentAddressGroup address, String authority) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void refreshNameResolution() {}
  }

  /** Health checks ask for one; without a service to ask about they never use it. */
  private static final ScheduledExecutorService TIMER =
      Executors.newScheduledThreadPool(
          0,
          task -> {
            Thread thread = new Thread(task, "grpc-timer");
            thread.setDaemon(true);
            return thread;
          });

  private static final ChannelLogger NO_LOGGER =
      new ChannelLogger() {
        @Override
        public void log(ChannelLogLevel level, String message) {}

        @Override
        public void log(ChannelLogLevel level, String messageFormat, Object... args) {}
      };

  /** Ready as soon as a connection is asked for. */
  private static final class Ready extends Subchannel {
    private final CreateSubchannelArgs args;
    private @Nullable SubchannelStateListener listener;
    boolean ready;

    Ready(CreateSubchannelArgs args) {
      this.args = args;
    }

    @Override
    public void start(SubchannelStateListener stateListener) {
      listener = stateListener;
    }

    @Override
    public void requestConnection() {
      if (!ready) {
        ready = true;
        Objects.requireNonNull(listener, "started")
            .onSubchannelState(ConnectivityStateInfo.forNonError(ConnectivityState.READY));
      }
    }

    @Override
    public void shutdown() {}

    @Override
    public List<EquivalentAddressGroup> getAllAddresses() {
      return args.getAddresses();
    }

    @Override
    public Attributes getAttributes() {
      return args.getAttributes();
    }

    @Override
    public ChannelLogger getChannelLogger() {
      return NO_LOGGER;
    }
  }
}
