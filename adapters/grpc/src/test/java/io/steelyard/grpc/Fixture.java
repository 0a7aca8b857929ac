package io.steelyard.grpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ClientCalls;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;

/** Pods, a discovery that lists them, and channels over it; closes them all. */
final class Fixture implements AutoCloseable {
  final ManualDiscovery discovery = new ManualDiscovery();
  private final List<Pod> pods = new ArrayList<>();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final AtomicReference<Balancer> balancer = new AtomicReference<>();

  Services services =
      Services.of("cart", discovery)
          .policy(LoadBalancingPolicy.of(Strategies.roundRobin()))
          .onBalancer((name, made) -> balancer.set(made));

  Pod pod(String name) throws Exception {
    return keep(new Pod(name));
  }

  Pod keep(Pod pod) {
    pods.add(pod);
    return pod;
  }

  void publish(Pod... listed) {
    discovery.publish(Arrays.stream(listed).map(Pod::endpoint).toArray(Endpoint[]::new));
  }

  /** Waits until so many connections can be used. */
  void awaitReady(int connections) {
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> balancer() != null && balancer().candidates().usable() == connections);
  }

  void awaitNothingInFlight() {
    awaitNothingInFlight(balancer());
  }

  static void awaitNothingInFlight(Balancer balancer) {
    await()
        .atMost(Duration.ofSeconds(10))
        .untilAsserted(() -> assertThat(balancer.stats().inFlight()).isZero());
  }

  ManagedChannel channel() {
    return channel(builder -> builder);
  }

  ManagedChannel channel(UnaryOperator<ManagedChannelBuilder<?>> settings) {
    ManagedChannelBuilder<?> builder =
        Grpc.newChannelBuilder("steelyard:///cart", InsecureChannelCredentials.create());
    return keep(settings.apply(services.configure(builder)).build());
  }

  ManagedChannel keep(ManagedChannel channel) {
    channels.add(channel);
    return channel;
  }

  void onBalancer(Balancer made) {
    balancer.set(made);
  }

  /** The balancer of the channel that was made last. */
  Balancer balancer() {
    return balancer.get();
  }

  static String call(Channel channel, String request) {
    return call(channel, request, CallOptions.DEFAULT);
  }

  /** Within ten seconds, waiting for a connection if there is none yet. */
  static String call(Channel channel, String request, CallOptions options) {
    return ClientCalls.blockingUnaryCall(
        channel, Pod.WHO, options.withDeadlineAfter(10, TimeUnit.SECONDS), request);
  }

  static Map<String, Integer> calls(Channel channel, int n) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < n; i++) {
      counts.merge(call(channel, ""), 1, Integer::sum);
    }
    return counts;
  }

  static Status status(Runnable call) {
    try {
      call.run();
      return Status.OK;
    } catch (StatusRuntimeException e) {
      return e.getStatus();
    }
  }

  @Override
  public void close() throws Exception {
    for (ManagedChannel channel : channels) {
      channel.shutdownNow();
    }
    for (ManagedChannel channel : channels) {
      channel.awaitTermination(10, TimeUnit.SECONDS);
    }
    pods.forEach(Pod::close);
  }
}
