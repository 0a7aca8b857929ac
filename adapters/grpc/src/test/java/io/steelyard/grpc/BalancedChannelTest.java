package io.steelyard.grpc;

import static io.steelyard.grpc.Fixture.call;
import static io.steelyard.grpc.Fixture.calls;
import static io.steelyard.grpc.Fixture.status;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.StreamObserver;
import io.steelyard.BalancerStats;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real channels and real servers in one process. */
class BalancedChannelTest {
  private final Fixture fixture = new Fixture();

  @AfterEach
  void close() throws Exception {
    fixture.close();
  }

  @Test
  void the_discovery_is_asked_anew_when_a_connection_fails() throws Exception {
    Pod moved = fixture.pod("a");
    Discovery names =
        new Discovery() {
          @Override
          public AutoCloseable watch(Listener listener) {
            return fixture.discovery.watch(listener);
          }

          @Override
          public void refresh() {
            fixture.publish(moved);
          }
        };
    fixture.services = Services.of("cart", names);
    try (ServerSocket nobody = new ServerSocket(0)) {
      fixture.discovery.publish(Endpoint.of("127.0.0.1", nobody.getLocalPort()));
    }
    // Any other call may fail before the new list is in force: nobody was there to be connected to.
    assertThat(call(fixture.channel(), "", CallOptions.DEFAULT.withWaitForReady())).isEqualTo("a");
  }

  // ---- spreading ----

  @Test
  void calls_are_spread_evenly_over_one_connection_to_each_pod() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    Pod c = fixture.pod("c");
    fixture.publish(a, b, c);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    fixture.awaitReady(3);
    assertThat(calls(channel, 300))
        .containsOnly(Map.entry("a", 100), Map.entry("b", 100), Map.entry("c", 100));
    for (Pod pod : List.of(a, b, c)) {
      assertThat(pod.connectionsEver).hasValue(1);
    }
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(301);
  }

  @Test
  void a_new_pod_gets_calls_and_a_removed_one_gets_none_and_loses_its_connection()
      throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    assertThat(calls(channel, 10)).containsOnlyKeys("a");
    fixture.publish(a, b);
    fixture.awaitReady(2);
    assertThat(calls(channel, 10)).containsEntry("b", 5);
    fixture.publish(b);
    await().until(() -> fixture.balancer().candidates().size() == 1);
    assertThat(calls(channel, 10)).containsOnlyKeys("b");
    await().untilAsserted(() -> assertThat(a.connections).hasValue(0));
  }

  @Test
  void a_service_that_scales_from_one_to_ten_pods_is_used_as_a_whole() throws Exception {
    List<Pod> pods = new ArrayList<>();
    pods.add(fixture.pod("p0"));
    fixture.publish(pods.get(0));
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    for (int i = 1; i < 10; i++) {
      pods.add(fixture.pod("p" + i));
    }
    fixture.publish(pods.toArray(Pod[]::new));
    fixture.awaitReady(10);
    assertThat(calls(channel, 100).values()).containsOnly(10).hasSize(10);
  }

  @Test
  void the_name_resolver_alone_serves_grpcs_own_round_robin() throws Exception {
    fixture.publish(fixture.pod("a"), fixture.pod("b"), fixture.pod("c"));
    ManagedChannel channel = fixture.channel(b -> b.defaultLoadBalancingPolicy("round_robin"));
    await()
        .untilAsserted(() -> assertThat(calls(channel, 30).values()).containsExactly(10, 10, 10));
    assertThat(fixture.balancer()).isNull();
  }

  @Test
  void the_load_balancer_works_with_any_name_resolver() throws Exception {
    Pod a = fixture.pod("a");
    fixture.services = Services.none().onBalancer((name, b) -> {});
    ManagedChannel channel =
        fixture.keep(
            fixture
                .services
                .configure(
                    Grpc.newChannelBuilder(
                        "dns:///127.0.0.1:" + a.port(), InsecureChannelCredentials.create()))
                .build());
    assertThat(call(channel, "")).isEqualTo("a");
  }

  @Test
  void equal_keys_go_to_the_same_pod_by_option_or_by_header() throws Exception {
    fixture.publish(fixture.pod("a"), fixture.pod("b"), fixture.pod("c"));
    ManagedChannel channel =
        fixture.channel(
            b ->
                b.defaultServiceConfig(
                    config(
                        Map.of(
                            "strategy",
                            Map.of("type", "RingHash"),
                            "affinityHeader",
                            "x-user-id"))));
    call(channel, "");
    fixture.awaitReady(3);
    Set<String> all = new TreeSet<>();
    for (int user = 0; user < 50; user++) {
      String key = "user-" + user;
      Metadata header = new Metadata();
      header.put(Metadata.Key.of("x-user-id", Metadata.ASCII_STRING_MARSHALLER), key);
      String byOption = call(channel, "", CallOptions.DEFAULT.withOption(Affinity.KEY, key));
      for (int i = 0; i < 3; i++) {
        String byHeader =
            call(
                io.grpc.ClientInterceptors.intercept(
                    channel, MetadataUtils.newAttachHeadersInterceptor(header)),
                "");
        assertThat(byHeader).isEqualTo(byOption);
      }
      all.add(byOption);
    }
    assertThat(all).containsExactly("a", "b", "c");
  }

  @Test
  void ipv6_addresses_are_connected_to() throws Exception {
    Pod six = fixture.keep(new Pod("six", "::1", 0, InsecureServerCredentials.create()));
    fixture.discovery.publish(Endpoint.builder("six").host("::1").port(six.port()).build());
    assertThat(call(fixture.channel(), "")).isEqualTo("six");
  }

  // ---- counting ----

  @Test
  void a_call_that_waits_for_a_connection_counts_once_and_leaves_nothing_behind() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0)) {
      port = free.getLocalPort();
    }
    fixture.discovery.publish(Endpoint.builder("late").host("127.0.0.1").port(port).build());
    ManagedChannel channel = fixture.channel();
    ExecutorService callers = Executors.newFixedThreadPool(20);
    try {
      List<Future<String>> answers = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        answers.add(
            callers.submit(
                () ->
                    ClientCalls.blockingUnaryCall(
                        channel,
                        Pod.WHO,
                        CallOptions.DEFAULT
                            .withWaitForReady()
                            .withDeadlineAfter(30, TimeUnit.SECONDS),
                        "")));
      }
      await().until(() -> fixture.balancer() != null);
      assertThat(fixture.balancer().stats().inFlight()).isZero();
      fixture.keep(new Pod("late", "127.0.0.1", port, InsecureServerCredentials.create()));
      channel.resetConnectBackoff();
      for (Future<String> answer : answers) {
        assertThat(answer.get(30, TimeUnit.SECONDS)).isEqualTo("late");
      }
    } finally {
      callers.shutdownNow();
    }
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(20);
  }

  @Test
  void a_stream_is_in_flight_until_it_ends() throws Exception {
    fixture.publish(fixture.pod("a"));
    ManagedChannel channel = fixture.channel();
    LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    StreamObserver<String> requests = chat(channel, answers);
    requests.onNext("hello");
    assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo("a");
    assertThat(fixture.balancer().stats().inFlight()).isEqualTo(1);
    requests.onCompleted();
    assertThat(answers.poll(10, TimeUnit.SECONDS)).isEqualTo("end");
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(1);
  }

  @Test
  void streams_are_spread_though_each_lasts() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    fixture.publish(a, b);
    fixture.services =
        fixture.services.policy(
            LoadBalancingPolicy.of(Strategies.powerOfTwo(LoadMetric.inFlight())));
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    fixture.awaitReady(2);
    LinkedBlockingQueue<String> answers = new LinkedBlockingQueue<>();
    List<StreamObserver<String>> open = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      StreamObserver<String> requests = chat(channel, answers);
      requests.onNext("hello");
      answers.poll(10, TimeUnit.SECONDS);
      open.add(requests);
    }
    assertThat(Math.abs(a.calls.get() - b.calls.get())).isLessThanOrEqualTo(1);
    open.forEach(StreamObserver::onCompleted);
    fixture.awaitNothingInFlight();
  }

  @Test
  void a_cancelled_call_frees_its_place_and_says_nothing_of_the_pod() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    ClientCall<String, String> call = channel.newCall(Pod.WHO, CallOptions.DEFAULT);
    var answer = ClientCalls.futureUnaryCall(call, Pod.HANG);
    a.hanging.get(10, TimeUnit.SECONDS);
    assertThat(fixture.balancer().stats().inFlight()).isEqualTo(1);
    answer.cancel(true);
    fixture.awaitNothingInFlight();
    BalancerStats stats = fixture.balancer().stats();
    assertThat(stats.count(Outcome.CANCELLED)).isEqualTo(1);
    assertThat(fixture.balancer().candidates().stats(0).consecutiveFailures()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "'', SUCCESS",
    "NOT_FOUND, SUCCESS",
    "INVALID_ARGUMENT, SUCCESS",
    "UNIMPLEMENTED, SUCCESS",
    "UNAVAILABLE, FAILURE",
    "INTERNAL, FAILURE",
    "UNKNOWN, FAILURE",
    "DATA_LOSS, FAILURE",
    "RESOURCE_EXHAUSTED, OVERLOADED",
    "DEADLINE_EXCEEDED, TIMEOUT",
    "CANCELLED, CANCELLED"
  })
  void a_status_gives_an_outcome(String code, Outcome outcome) throws Exception {
    fixture.publish(fixture.pod("a"));
    ManagedChannel channel = fixture.channel();
    status(() -> call(channel, code));
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(outcome)).isEqualTo(1);
    assertThat(fixture.balancer().stats().begun()).isEqualTo(1);
  }

  @Test
  void a_deadline_that_passes_is_a_timeout() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    Status status =
        status(
            () ->
                ClientCalls.blockingUnaryCall(
                    channel,
                    Pod.WHO,
                    CallOptions.DEFAULT.withDeadlineAfter(200, TimeUnit.MILLISECONDS),
                    Pod.HANG));
    assertThat(status.getCode()).isEqualTo(Status.Code.DEADLINE_EXCEEDED);
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.TIMEOUT)).isEqualTo(1);
  }

  @Test
  void ten_thousand_calls_of_two_hundred_threads_leave_nothing_in_flight() throws Exception {
    fixture.publish(fixture.pod("a"), fixture.pod("b"), fixture.pod("c"));
    fixture.services =
        fixture.services.policy(
            LoadBalancingPolicy.of(Strategies.powerOfTwo(LoadMetric.peakEwma())));
    ManagedChannel channel = fixture.channel();
    AtomicInteger answered = new AtomicInteger();
    ExecutorService callers = Executors.newFixedThreadPool(200);
    try {
      for (int t = 0; t < 200; t++) {
        callers.execute(
            () -> {
              for (int i = 0; i < 50; i++) {
                call(channel, "");
                answered.incrementAndGet();
              }
            });
      }
      callers.shutdown();
      assertThat(callers.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      callers.shutdownNow();
    }
    assertThat(answered).hasValue(10_000);
    fixture.awaitNothingInFlight();
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(10_000);
  }

  // ---- connections ----

  @Test
  void pods_that_cannot_be_reached_get_nothing_though_the_panic_guard_stands_aside()
      throws Exception {
    Pod alive = fixture.pod("alive");
    List<Endpoint> endpoints = new ArrayList<>(List.of(alive.endpoint()));
    for (int i = 0; i < 3; i++) {
      try (ServerSocket free = new ServerSocket(0)) {
        endpoints.add(
            Endpoint.builder("dead" + i).host("127.0.0.1").port(free.getLocalPort()).build());
      }
    }
    fixture.services =
        fixture.services.policy(
            LoadBalancingPolicy.of(Strategies.roundRobin(), Stages.ejection().panicBelow(0.5)));
    fixture.discovery.publish(endpoints.toArray(Endpoint[]::new));
    ManagedChannel channel = fixture.channel();
    assertThat(calls(channel, 100)).containsOnlyKeys("alive");
    assertThat(fixture.balancer().stats().count(Outcome.SUCCESS)).isEqualTo(100);
    assertThat(fixture.balancer().explain().toString()).contains("not connected");
  }

  @Test
  void when_no_pod_can_be_reached_a_call_fails_at_once_and_says_why() throws Exception {
    try (ServerSocket free = new ServerSocket(0)) {
      fixture.discovery.publish(
          Endpoint.builder("dead").host("127.0.0.1").port(free.getLocalPort()).build());
    }
    Status status = status(() -> call(fixture.channel(), ""));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(status.getDescription()).contains("cart").contains("not connected");
  }

  @Test
  void a_service_without_pods_fails_calls_at_once_and_says_so() {
    fixture.discovery.publish();
    Status status = status(() -> call(fixture.channel(), ""));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(status.getDescription()).contains("cart: no endpoints");
  }

  @Test
  void before_the_first_list_calls_wait_for_it() throws Exception {
    Pod a = fixture.pod("a");
    ManagedChannel channel = fixture.channel();
    var answer = ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), "");
    await().until(() -> fixture.discovery.watchers() == 1);
    assertThat(answer.isDone()).isFalse();
    fixture.publish(a);
    assertThat(answer.get(10, TimeUnit.SECONDS)).isEqualTo("a");
  }

  @Test
  void a_discovery_that_may_not_look_fails_calls_with_its_reason() {
    fixture.discovery.publish(
        Topology.of().with(Topology.State.UNAUTHORIZED, "may not list endpointslices"));
    Status status = status(() -> call(fixture.channel(), ""));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(status.getDescription()).contains("may not list endpointslices");
  }

  @Test
  void what_discovery_complains_of_later_leaves_the_pods_in_use() throws Exception {
    fixture.publish(fixture.pod("a"));
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    fixture.discovery.fail(new IllegalStateException("the control plane is down"));
    assertThat(calls(channel, 10)).containsEntry("a", 10);
  }

  @Test
  void a_pod_that_comes_back_on_the_same_address_is_connected_to_again() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    a.close();
    await().until(() -> fixture.balancer().candidates().usable() == 0);
    fixture.keep(new Pod("a2", "127.0.0.1", a.port(), InsecureServerCredentials.create()));
    channel.resetConnectBackoff();
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> fixture.balancer().candidates().usable() == 1);
    assertThat(call(channel, "")).isEqualTo("a2");
  }

  @Test
  void a_thousand_replaced_pods_leave_no_connection_behind() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    for (int i = 0; i < 1000; i++) {
      fixture.discovery.publish(Endpoint.builder("a" + i).host("127.0.0.1").port(a.port()).build());
      if (i % 10 == 0) {
        call(channel, "");
      }
    }
    assertThat(call(channel, "")).isEqualTo("a");
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(a.connections).hasValue(1));
    assertThat(a.connectionsEver.get()).isGreaterThan(50);
    fixture.awaitNothingInFlight();
  }

  /** The list may also come after a pod has begun to go. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void a_rolling_restart_costs_no_call_where_retries_are_on(boolean listFirst) throws Exception {
    List<Pod> pods =
        new ArrayList<>(List.of(fixture.pod("v1-0"), fixture.pod("v1-1"), fixture.pod("v1-2")));
    fixture.publish(pods.toArray(Pod[]::new));
    ManagedChannel channel =
        fixture.channel(
            b ->
                b.enableRetry()
                    .defaultServiceConfig(
                        Map.of(
                            "loadBalancingConfig",
                            List.of(Map.of("steelyard", Map.of())),
                            "methodConfig",
                            List.of(
                                Map.of(
                                    "name",
                                    List.of(Map.of()),
                                    "retryPolicy",
                                    Map.of(
                                        "maxAttempts",
                                        4.0,
                                        "initialBackoff",
                                        "0.01s",
                                        "maxBackoff",
                                        "0.1s",
                                        "backoffMultiplier",
                                        2.0,
                                        "retryableStatusCodes",
                                        List.of("UNAVAILABLE")))))));
    call(channel, "");
    fixture.awaitReady(3);
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger done = new AtomicInteger();
    List<String> failures = new java.util.concurrent.CopyOnWriteArrayList<>();
    ExecutorService callers = Executors.newFixedThreadPool(4);
    for (int t = 0; t < 4; t++) {
      callers.execute(
          () -> {
            while (!stop.get()) {
              Status status = status(() -> call(channel, ""));
              done.incrementAndGet();
              if (!status.isOk()) {
                failures.add(status.toString());
              }
            }
          });
    }
    for (int i = 0; i < 3; i++) {
      Pod old = pods.remove(0);
      pods.add(fixture.pod("v2-" + i));
      if (!listFirst) {
        old.drain();
      }
      fixture.publish(pods.toArray(Pod[]::new));
      String fresh = "v2-" + i;
      await().atMost(Duration.ofSeconds(20)).until(() -> calls(channel, 9).containsKey(fresh));
      if (listFirst) {
        old.drain();
      }
    }
    stop.set(true);
    callers.shutdown();
    assertThat(callers.awaitTermination(30, TimeUnit.SECONDS)).isTrue();
    assertThat(failures).isEmpty();
    assertThat(done.get()).isGreaterThan(50);
    assertThat(calls(channel, 9)).containsOnlyKeys("v2-0", "v2-1", "v2-2");
    fixture.awaitNothingInFlight();
  }

  // ---- limits, configuration, mistakes ----

  @Test
  void a_call_beyond_the_cap_is_refused_at_once() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    fixture.services =
        fixture.services.policy(
            LoadBalancingPolicy.of(Strategies.roundRobin(), Stages.maxInFlight(1)));
    ManagedChannel channel = fixture.channel();
    var hanging =
        ClientCalls.futureUnaryCall(channel.newCall(Pod.WHO, CallOptions.DEFAULT), Pod.HANG);
    a.hanging.get(10, TimeUnit.SECONDS);
    Status status = status(() -> call(channel, "", CallOptions.DEFAULT.withWaitForReady()));
    assertThat(status.getCode()).isEqualTo(Status.Code.UNAVAILABLE);
    assertThat(status.getDescription()).contains("at their limit");
    hanging.cancel(true);
    fixture.awaitNothingInFlight();
    assertThat(call(channel, "")).isEqualTo("a");
  }

  @Test
  void a_service_config_that_changes_is_taken_up_and_nothing_learnt_is_lost() throws Exception {
    Pod a = fixture.pod("a");
    Pod b = fixture.pod("b");
    ConfiguredResolver.Provider provider =
        new ConfiguredResolver.Provider(
            List.of(
                new InetSocketAddress("127.0.0.1", a.port()),
                new InetSocketAddress("127.0.0.1", b.port())));
    io.grpc.NameResolverRegistry.getDefaultRegistry().register(provider);
    try {
      fixture.services = Services.none().onBalancer((name, made) -> fixture.onBalancer(made));
      provider.config = Map.of("strategy", Map.of("type", "RoundRobin"));
      ManagedChannel channel =
          fixture.keep(
              fixture
                  .services
                  .configure(
                      Grpc.newChannelBuilder(
                          ConfiguredResolver.SCHEME + ":///x", InsecureChannelCredentials.create()))
                  .build());
      call(channel, "");
      fixture.awaitReady(2);
      assertThat(fixture.balancer().policy().strategy()).hasToString("roundRobin");
      assertThat(fixture.balancer().explain().toString()).contains("service config");
      long begun = fixture.balancer().stats().begun();
      var before = fixture.balancer();

      provider.config = Map.of("strategy", Map.of("type", "LeastConnections"));
      provider.publish();
      await()
          .untilAsserted(
              () ->
                  assertThat(fixture.balancer().policy().strategy())
                      .hasToString("leastConnections"));
      assertThat(fixture.balancer()).isSameAs(before);
      assertThat(fixture.balancer().stats().begun()).isEqualTo(begun);

      provider.config = Map.of("strategy", Map.of("type", "Robin"));
      provider.publish();
      assertThat(calls(channel, 10).values().stream().mapToInt(i -> i).sum()).isEqualTo(10);
      assertThat(fixture.balancer().policy().strategy()).hasToString("leastConnections");
    } finally {
      io.grpc.NameResolverRegistry.getDefaultRegistry().deregister(provider);
    }
  }

  @Test
  void an_unknown_strategy_in_a_service_config_is_named() throws Exception {
    fixture.publish(fixture.pod("a"));
    assertThatThrownBy(
            () ->
                call(
                    fixture.channel(
                        b ->
                            b.defaultServiceConfig(
                                config(Map.of("strategy", Map.of("type", "Robin"))))),
                    ""))
        .hasStackTraceContaining(
            "steelyard.strategy.type: \"Robin\" (expected: one of RoundRobin, ");
  }

  @Test
  void an_unknown_service_is_named_with_those_there_are() {
    fixture.services = Services.of("cart", fixture.discovery).and("stock", fixture.discovery);
    assertThatThrownBy(
            () ->
                fixture
                    .services
                    .configure(
                        Grpc.newChannelBuilder(
                            "steelyard:///carts", InsecureChannelCredentials.create()))
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("unknown service \"carts\" (expected: one of [cart, stock])");
  }

  @Test
  void a_target_with_two_slashes_is_told_that_there_are_three() {
    assertThatThrownBy(
            () ->
                fixture
                    .services
                    .configure(
                        Grpc.newChannelBuilder(
                            "steelyard://cart", InsecureChannelCredentials.create()))
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(
            "steelyard://cart: no service (expected: steelyard:///<service>, with one of [cart])");
  }

  @Test
  void a_channel_that_was_not_configured_says_so() {
    assertThatThrownBy(
            () ->
                Grpc.newChannelBuilder("steelyard:///cart", InsecureChannelCredentials.create())
                    .build())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Services.configure");
  }

  @Test
  void services_refuse_names_that_no_target_can_have() {
    assertThatThrownBy(() -> Services.of("", fixture.discovery))
        .hasMessage("service: \"\" (expected: a name without a slash)");
    assertThatThrownBy(() -> Services.of("a", fixture.discovery).and("a", fixture.discovery))
        .hasMessage("service: \"a\" (expected: each name once)");
  }

  @Test
  void a_channel_that_is_shut_down_leaves_nothing() throws Exception {
    Pod a = fixture.pod("a");
    fixture.publish(a);
    ManagedChannel channel = fixture.channel();
    call(channel, "");
    channel.shutdown();
    assertThat(channel.awaitTermination(10, TimeUnit.SECONDS)).isTrue();
    assertThat(fixture.discovery.watchers()).isZero();
    await().untilAsserted(() -> assertThat(a.connections).hasValue(0));
    assertThatThrownBy(() -> fixture.balancer().begin(io.steelyard.PickContext.none()))
        .hasMessageContaining("closed");
    assertThat(
            Thread.getAllStackTraces().keySet().stream()
                .map(Thread::getName)
                .filter(name -> name.startsWith("steelyard"))
                .collect(Collectors.toList()))
        .isEmpty();
  }

  private static Map<String, ?> config(Map<String, ?> steelyard) {
    return Map.of("loadBalancingConfig", List.of(Map.of("steelyard", steelyard)));
  }

  private static StreamObserver<String> chat(
      ManagedChannel channel, LinkedBlockingQueue<String> answers) {
    return ClientCalls.asyncBidiStreamingCall(
        channel.newCall(Pod.CHAT, CallOptions.DEFAULT),
        new StreamObserver<>() {
          @Override
          public void onNext(String answer) {
            answers.add(answer);
          }

          @Override
          public void onError(Throwable error) {
            answers.add(error.toString());
          }

          @Override
          public void onCompleted() {
            answers.add("end");
          }
        });
  }
}
