package io.steelyard.grpc;

import static io.steelyard.grpc.Fixture.call;
import static io.steelyard.grpc.Fixture.calls;
import static io.steelyard.grpc.Fixture.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.grpc.CallCredentials;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.NameResolverRegistry;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Outcome;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.PrintStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Where a call, a connection or a listener does not go the usual way. Real channels and servers.
 */
class ChannelCornersTest {
  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  private ManagedChannel configured(ConfiguredResolver.Provider provider) {
    return fixture.keep(
        fixture
            .services
            .configure(
                Grpc.newChannelBuilder(
                    ConfiguredResolver.SCHEME + ":///x", InsecureChannelCredentials.create()))
            .build());
  }

  // ---- calls ----

  /**
   * gRPC makes a stream for each call that it has kept, one after the other, and drops the stream
   * of a call that was cancelled meanwhile.
   */
  @Test
  void a_kept_call_that_is_cancelled_while_the_channel_comes_to_it_does_not_stay_in_flight()
      throws Exception {
    Pod a = fixture.pod("a");
    List<Future<?>> kept = new ArrayList<>();
    Strategy cancelling =
        (candidates, context) ->
            (request, rank) -> {
              kept.forEach(each -> each.cancel(true)); // the first pick of the list cancels it all
              return 0;
            };
    fixture.services = fixture.services.policy(LoadBalancingPolicy.of(cancelling));
    ManagedChannel channel = fixture.channel();
    for (int i = 0; i < 20; i++) {
      kept.add(
          ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), Pod.HANG));
    }
    fixture.publish(a);
    await().until(() -> fixture.balancer() != null && fixture.balancer().stats().begun() > 0);
    kept.forEach(each -> assertThat(each.isCancelled()).isTrue());
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(
            () -> {
              System.gc();
              assertThat(fixture.balancer().stats().inFlight()).isZero();
            });
    assertThat(fixture.balancer().stats().begun())
        .isEqualTo(fixture.balancer().stats().count(Outcome.CANCELLED));
    assertThat(fixture.balancer().candidates().stats(0).hasLatency()).isFalse();
  }

  @Test
  void a_stream_that_is_silent_does_not_keep_other_calls_from_its_pod() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.publish(a, b);
    fixture.services = fixture.services.policy(LoadBalancingPolicy.of(Strategies.adaptive()));
    ManagedChannel channel = fixture.channel();
    channel.getState(true);
    fixture.awaitReady(2);
    List<ClientCall<String, String>> subscriptions = new ArrayList<>();
    while (a.calls.get() == 0 || a.calls.get() + b.calls.get() < 3) { // one each, and one more
      int before = a.calls.get() + b.calls.get();
      ClientCall<String, String> call = channel.newCall(Pod.CHAT, CallOptions.DEFAULT);
      call.start(new ClientCall.Listener<>() {}, new Metadata());
      call.request(1);
      subscriptions.add(call);
      await().until(() -> a.calls.get() + b.calls.get() > before);
    }
    assertThat(fixture.balancer().stats().inFlight()).isEqualTo(subscriptions.size());
    assertThat(calls(channel, 200)).containsOnlyKeys("a", "b");
    subscriptions.forEach(call -> call.cancel("done", null));
    fixture.awaitNothingInFlight();
    for (int i = 0; i < 2; i++) {
      assertThat(fixture.balancer().candidates().stats(i).latencyNanos(System.nanoTime()))
          .isLessThan(Duration.ofSeconds(1).toNanos());
    }
  }

  @Test
  void the_deadline_of_a_stream_that_has_answered_says_nothing_of_the_pod() throws Exception {
    fixture.publish(fixture.pod("a"));
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    ClientCall<String, String> call =
        channel.newCall(
            Pod.CHAT, CallOptions.DEFAULT.withDeadlineAfter(300, TimeUnit.MILLISECONDS));
    CompletableFuture<Status> closed = new CompletableFuture<>();
    CompletableFuture<String> answer = new CompletableFuture<>();
    call.start(
        new ClientCall.Listener<>() {
          @Override
          public void onMessage(String message) {
            answer.complete(message);
          }

          @Override
          public void onClose(Status status, Metadata trailers) {
            closed.complete(status);
          }
        },
        new Metadata());
    call.request(2);
    call.sendMessage("hello");
    assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("a");
    assertThat(closed.get(10, TimeUnit.SECONDS).getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.CANCELLED)).isEqualTo(1);
    assertThat(fixture.balancer().stats().count(Outcome.TIMEOUT)).isZero();
  }

  @Test
  void credentials_that_cannot_be_had_say_nothing_of_the_pod() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    Status refused = Status.UNAVAILABLE.withDescription("no token");
    for (int i = 0; i < 10; i++) {
      CallOptions options =
          CallOptions.DEFAULT.withCallCredentials(credentials(applier -> applier.fail(refused)));
      assertThat(status(() -> call(channel, "", options)).getDescription()).contains("no token");
    }
    fixture.awaitNothingInFlight();
    assertThat(a.calls).hasValue(1);
    assertThat(fixture.balancer().stats().count(Outcome.CANCELLED)).isEqualTo(10);
    assertThat(fixture.balancer().candidates().stats(0).consecutiveFailures()).isZero();
  }

  @Test
  void a_call_whose_connection_is_lost_before_it_is_sent_finds_the_pod_unreachable()
      throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    CompletableFuture<CallCredentials.MetadataApplier> asked = new CompletableFuture<>();
    var answer =
        ClientCalls.futureUnaryCall(
            channel.newCall(
                Pod.WHO, CallOptions.DEFAULT.withCallCredentials(credentials(asked::complete))),
            "");
    CallCredentials.MetadataApplier applier = asked.get(10, TimeUnit.SECONDS);
    assertThat(fixture.balancer().stats().inFlight()).isEqualTo(1);
    a.close();
    fixture.awaitReady(0);
    applier.apply(new Metadata());
    assertThat(status(() -> get(answer)).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.UNREACHABLE)).isEqualTo(1);
    assertThat(fixture.balancer().stats().count(Outcome.FAILURE)).isZero();
  }

  private static void get(Future<String> answer) {
    try {
      String unused = answer.get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw Status.fromThrowable(e).asRuntimeException();
    }
  }

  private static CallCredentials credentials(
      java.util.function.Consumer<CallCredentials.MetadataApplier> what) {
    return new CallCredentials() {
      @Override
      public void applyRequestMetadata(
          RequestInfo request, Executor executor, MetadataApplier applier) {
        what.accept(applier);
      }
    };
  }

  @Test
  void of_hedged_calls_the_slower_one_is_neutral_and_leaves_nothing() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.publish(a, b);
    ManagedChannel channel =
        fixture.channel(
            builder ->
                builder
                    .enableRetry()
                    .defaultServiceConfig(
                        Map.of(
                            "methodConfig",
                            List.of(
                                Map.of(
                                    "name",
                                    List.of(Map.of()),
                                    "hedgingPolicy",
                                    Map.of("maxAttempts", 2.0, "hedgingDelay", "0.02s"))))));
    channel.getState(true);
    fixture.awaitReady(2);
    a.hangs = true;
    assertThat(calls(channel, 20)).containsOnlyKeys("b");
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(20);
    assertThat(fixture.balancer().stats().count(Outcome.CANCELLED)).isPositive();
    assertThat(fixture.balancer().stats().begun())
        .isEqualTo(20 + fixture.balancer().stats().count(Outcome.CANCELLED));
  }

  @Test
  void a_refusal_is_told_again_and_again_until_there_is_room() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    fixture.services =
        fixture.services.policy(
            LoadBalancingPolicy.of(Strategies.roundRobin(), Stages.maxInFlight(1)));
    ManagedChannel channel = fixture.channel();
    var hanging =
        ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), Pod.HANG);
    a.hanging.get(10, TimeUnit.SECONDS);
    for (int i = 0; i < 5; i++) {
      assertThat(status(() -> call(channel, "")).getDescription()).contains("at their limit");
    }
    assertThat(fixture.balancer().stats().count(Outcome.REJECTED)).isEqualTo(5);
    hanging.cancel(true);
    fixture.awaitNothingInFlight();
    assertThat(call(channel, "")).isEqualTo("a");
  }

  @Test
  void a_channel_that_is_shut_down_at_once_takes_back_what_waits_and_what_hangs() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    List<Future<String>> hanging = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      hanging.add(
          ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), Pod.HANG));
    }
    await().until(() -> a.calls.get() == 21);
    Balancer balancer = fixture.balancer();
    assertThat(balancer.stats().inFlight()).isEqualTo(20);
    channel.shutdownNow();
    for (Future<String> each : hanging) {
      assertThat(status(() -> get(each)).getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    }
    Fixture.awaitNothingInFlight(balancer);
  }

  @Test
  void an_idle_channel_wakes_with_another_balancer_and_its_streams_end_in_the_first_one()
      throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    var hanging =
        ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), Pod.HANG);
    a.hanging.get(10, TimeUnit.SECONDS);
    Balancer first = fixture.balancer();
    channel.enterIdle();
    assertThat(call(channel, "")).isEqualTo("a");
    assertThat(fixture.balancer()).isNotSameAs(first);
    assertThat(first.stats().inFlight()).isEqualTo(1);
    hanging.cancel(true);
    Fixture.awaitNothingInFlight(first);
    fixture.awaitNothingInFlight();
  }

  // ---- addresses and connections ----

  @Test
  void addresses_that_were_looked_up_by_one_name_are_so_many_endpoints() throws Exception {
    Pod one = fixture.keep(new Pod("one", "127.0.0.1", 0, InsecureServerCredentials.create()));
    Pod two =
        fixture.keep(new Pod("two", "127.0.0.2", one.port(), InsecureServerCredentials.create()));
    ConfiguredResolver.Provider provider =
        new ConfiguredResolver.Provider(
            List.of(
                new InetSocketAddress(
                    InetAddress.getByAddress("cart", new byte[] {127, 0, 0, 1}), one.port()),
                new InetSocketAddress(
                    InetAddress.getByAddress("cart", new byte[] {127, 0, 0, 2}), two.port())));
    NameResolverRegistry.getDefaultRegistry().register(provider);
    try {
      provider.config = Map.of("strategy", Map.of("type", "RoundRobin"));
      fixture.services = Services.none().onBalancer((name, made) -> fixture.onBalancer(made));
      ManagedChannel channel = configured(provider);
      channel.getState(true);
      fixture.awaitReady(2);
      assertThat(calls(channel, 10)).containsOnly(Map.entry("one", 5), Map.entry("two", 5));
    } finally {
      NameResolverRegistry.getDefaultRegistry().deregister(provider);
    }
  }

  @Test
  void an_error_of_another_name_resolver_leaves_connections_in_use_and_is_explained()
      throws Exception {
    Pod a = fixture.pod("a");
    ConfiguredResolver.Provider provider =
        new ConfiguredResolver.Provider(List.of(new InetSocketAddress("127.0.0.1", a.port())));
    NameResolverRegistry.getDefaultRegistry().register(provider);
    try {
      fixture.services = Services.none().onBalancer((name, made) -> fixture.onBalancer(made));
      ManagedChannel channel = configured(provider);
      call(channel, "");
      provider.fail(Status.UNAVAILABLE.withDescription("the directory is down"));
      await()
          .until(() -> fixture.balancer().explain().toString().contains("the directory is down"));
      assertThat(calls(channel, 10)).containsEntry("a", 10);
      assertThat(a.connectionsEver).hasValue(1);
      provider.publish();
      await()
          .until(() -> !fixture.balancer().explain().toString().contains("the directory is down"));
    } finally {
      NameResolverRegistry.getDefaultRegistry().deregister(provider);
    }
  }

  @Test
  void a_draining_pod_that_has_gone_is_not_connected_to_again() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.publish(a, b);
    ManagedChannel channel = fixture.channel();
    channel.getState(true);
    fixture.awaitReady(2);
    fixture.discovery.publish(a.endpoint().withDraining(true), b.endpoint());
    fixture.awaitReady(1);
    assertThat(a.connections).hasValue(1); // what is there may end
    a.close();
    Pod next =
        fixture.keep(new Pod("next", "127.0.0.1", a.port(), InsecureServerCredentials.create()));
    channel.resetConnectBackoff();
    await()
        .pollDelay(Duration.ofMillis(500))
        .untilAsserted(() -> assertThat(next.connectionsEver).hasValue(0));
    fixture.discovery.publish(b.endpoint(), next.endpoint()); // another pod of that address
    fixture.awaitReady(2);
    assertThat(next.connectionsEver).hasValue(1);
  }

  @Test
  void connections_that_become_ready_together_are_taken_up_together() throws Exception {
    Pod pod = fixture.pod("pod");
    Endpoint[] many = new Endpoint[300]; // of one address, which are connections all the same
    for (int i = 0; i < many.length; i++) {
      many[i] = Endpoint.builder("p" + i).host("127.0.0.1").port(pod.port()).build();
    }
    fixture.discovery.publish(many);
    ManagedChannel channel = fixture.channel();
    channel.getState(true);
    fixture.awaitReady(many.length);
    assertThat(fixture.balancer().stats().rebuilds()).isLessThan(many.length / 2);
    assertThat(pod.connections).hasValue(many.length);
  }

  @Test
  void a_pod_whose_weight_changes_keeps_its_connection() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.services =
        fixture.services.policy(LoadBalancingPolicy.of(Strategies.weightedRoundRobin()));
    fixture.publish(a, b);
    ManagedChannel channel = fixture.channel();
    channel.getState(true);
    fixture.awaitReady(2);
    fixture.discovery.publish(a.endpoint().withWeight(3), b.endpoint());
    await().until(() -> fixture.balancer().candidates().endpoint(0).weight() == 3);
    assertThat(calls(channel, 40)).containsOnly(Map.entry("a", 30), Map.entry("b", 10));
    assertThat(a.connectionsEver).hasValue(1);
  }

  /** In a JVM of its own, whose names stand in a file. */
  @Test
  void a_name_is_looked_up_again_when_its_connection_is_lost(@TempDir Path folder)
      throws Exception {
    Path hosts = folder.resolve("hosts");
    Process process =
        new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Djdk.net.hosts.file=" + hosts,
                "-Dsun.net.inetaddr.ttl=0",
                "-Dsun.net.inetaddr.negative.ttl=0",
                "-cp",
                System.getProperty("java.class.path"),
                MovedName.class.getName(),
                hosts.toString())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(Files.readString(folder.resolve("output"))).contains("first here, then there");
  }

  static final class MovedName {
    public static void main(String[] args) throws Exception {
      Path hosts = Path.of(args[0]);
      Files.writeString(hosts, "127.0.0.1 cart-0.cart\n");
      Fixture fixture = new Fixture();
      Pod here = fixture.keep(new Pod("here", "127.0.0.1", 0, InsecureServerCredentials.create()));
      fixture.keep(new Pod("there", "127.0.0.2", here.port(), InsecureServerCredentials.create()));
      fixture.discovery.publish(
          Endpoint.builder("cart-0").host("cart-0.cart").port(here.port()).build());
      ManagedChannel channel = fixture.channel();
      String first = call(channel, "");
      Files.writeString(hosts, "127.0.0.2 cart-0.cart\n");
      here.close();
      AtomicReference<String> then = new AtomicReference<>();
      await() // the first one may still meet the connection that closes
          .atMost(Duration.ofSeconds(30))
          .ignoreExceptions()
          .until(() -> then.updateAndGet(before -> call(channel, "")).equals("there"));
      fixture.close();
      System.out.println("first " + first + ", then " + then.get());
      System.exit(0);
    }
  }

  // ---- other people's code ----

  @Test
  void a_policy_applied_from_any_thread_is_in_force_and_told_within_the_channels_context()
      throws Exception {
    fixture.publish(fixture.pod("a"), fixture.pod("b"));
    ManagedChannel channel = fixture.channel();
    channel.getState(true);
    fixture.awaitReady(2);
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    PrintStream before = System.err;
    System.setErr(new PrintStream(log, true));
    try {
      fixture
          .balancer()
          .apply(LoadBalancingPolicy.of(Strategies.powerOfTwo(LoadMetric.inFlight())));
      assertThat(calls(channel, 20)).isNotEmpty();
    } finally {
      System.setErr(before);
    }
    assertThat(fixture.balancer().policy().strategy()).hasToString("powerOfTwo(inFlight)");
    assertThat(log.toString()).doesNotContain("threw");
  }

  @Test
  void a_discovery_that_cannot_start_fails_calls_with_its_reason_and_is_asked_again()
      throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    AtomicInteger asked = new AtomicInteger();
    fixture.services =
        Services.of(
            "cart",
            listener -> {
              if (asked.incrementAndGet() == 1) {
                throw new IllegalStateException("no kubeconfig");
              }
              return fixture.discovery.watch(listener);
            });
    ManagedChannel channel = fixture.channel();
    Status status = status(() -> call(channel, ""));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(status.getDescription()).contains("cart").contains("no kubeconfig");
    assertThat(call(channel, "", CallOptions.DEFAULT.withWaitForReady())).isEqualTo("a");
  }

  @Test
  void a_listener_for_balancers_that_throws_does_not_end_the_channel() throws Exception {
    fixture.publish(fixture.pod("a"));
    fixture.services =
        fixture.services.onBalancer(
            (name, made) -> {
              throw new IllegalStateException("not mine");
            });
    assertThat(call(fixture.channel(), "")).isEqualTo("a");
  }

  @Test
  void a_list_that_is_empty_after_pods_fails_calls_and_one_with_pods_again_serves_them()
      throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    fixture.discovery.publish(Topology.of());
    await()
        .untilAsserted(
            () ->
                assertThat(status(() -> call(channel, "")).getDescription())
                    .contains("cart: no endpoints"));
    fixture.publish(a);
    assertThat(call(channel, "", CallOptions.DEFAULT.withWaitForReady())).isEqualTo("a");
  }

  @Test
  void a_pod_that_refuses_again_and_again_does_not_hold_up_the_others() throws Exception {
    Pod a = fixture.pod("a");
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    fixture.discovery.publish(
        a.endpoint(), Endpoint.builder("dead").host("127.0.0.1").port(port).build());
    ManagedChannel channel = fixture.channel();
    for (int i = 0; i < 20; i++) {
      channel.resetConnectBackoff();
      assertThat(call(channel, "")).isEqualTo("a");
    }
  }
}
