package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static java.util.concurrent.CompletableFuture.completedFuture;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.retry.RetryPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

class BadInputTest {
  private static void assertRefused(ThrowingCallable call, String... fragments) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(fragments);
  }

  private static void assertNull(ThrowingCallable call) {
    assertThatThrownBy(call).isInstanceOf(NullPointerException.class);
  }

  // ---- endpoints ----

  @Test
  void ports_are_1_to_65535() {
    for (int port : new int[] {0, -1, 65_536, 70_000}) {
      assertRefused(() -> Endpoint.of("h", port), "port: " + port, "expected: 1 to 65535");
    }
    assertThat(Endpoint.of("h", 65_535).port()).isEqualTo(65_535);
    assertThat(Endpoint.of("h", 1).port()).isEqualTo(1);
    assertRefused(() -> Endpoint.builder("x").host("h").build(), "endpoint x", "port: 0");
  }

  @Test
  void weights_are_0_to_a_million() {
    assertRefused(() -> ep("x", -1), "endpoint x", "weight: -1", "expected: >= 0");
    assertRefused(() -> ep("x", 1_000_001), "endpoint x", "weight: 1000001");
    assertRefused(() -> ep("x").withWeight(-1), "weight: -1");
    assertThat(ep("x", 0).weight()).isZero();
    assertThat(ep("x", Endpoint.MAX_WEIGHT).weight()).isEqualTo(1_000_000);
  }

  @Test
  void hosts_are_not_blank_and_have_no_brackets() {
    assertRefused(() -> Endpoint.of("", 80), "host", "expected: not blank");
    assertRefused(() -> Endpoint.of(" ", 80), "host");
    assertRefused(() -> Endpoint.of("[::1]", 80), "[::1]", "without brackets");
    assertRefused(() -> Endpoint.builder("x").port(80).build(), "endpoint x", "host");
    Endpoint six = Endpoint.of("::1", 80);
    assertThat(six.host()).isEqualTo("::1");
    assertThat(six.authority()).isEqualTo("[::1]:80");
    assertThat(six.id()).isEqualTo("[::1]:80");
  }

  @Test
  void hosts_are_names_or_addresses_alone() {
    for (String host :
        new String[] {
          "http://h",
          "h:80",
          "10.0.0.7:8080",
          "h/path",
          "user@h",
          "h?q",
          "h#f",
          " h",
          "a b",
          "h\n",
          ":",
          "[::1",
          "1:2",
          "::1%",
          "h%1:2",
          "::1%a b",
          "::1/64"
        }) {
      assertRefused(() -> Endpoint.of(host, 80), "host: \"" + host + "\"", "expected: ");
      assertRefused(() -> Endpoint.builder("x").host(host).port(80).build(), "endpoint x", "host");
    }
    for (String host :
        new String[] {
          "h",
          "h.",
          "my_host",
          "a-b.c",
          "münchen.example",
          "10.0.0.7",
          "::",
          "::1",
          "fe80::1%eth0",
          "2001:db8::7",
          "::ffff:10.0.0.7",
          "1:2:3:4:5:6:7:8"
        }) {
      Endpoint endpoint = Endpoint.of(host, 80);
      assertThat(endpoint.host()).isEqualTo(host);
      assertThat(Endpoint.parse(endpoint.authority())).isEqualTo(endpoint);
    }
    assertRefused(() -> Endpoint.parse("[h]:80"), "endpoint: \"[h]:80\"");
    assertThatThrownBy(() -> Endpoint.parse(null)).hasMessage("authority");
  }

  @Test
  void clients_of_subsets_are_not_blank() {
    assertRefused(() -> Stages.subset(3, ""), "subset: client: \"\"", "expected: not blank");
    assertRefused(() -> Stages.subsetAmong(3, " "), "subsetAmong: client: \" \"");
  }

  @Test
  void ids_are_not_blank() {
    assertRefused(() -> Endpoint.builder(""), "id");
    assertRefused(() -> Endpoint.builder("  "), "id");
  }

  @Test
  void null_is_refused_where_it_is_given() {
    assertNull(() -> Endpoint.of(null, 80));
    assertNull(() -> Endpoint.builder(null));
    assertNull(() -> Endpoint.builder("x").host(null));
    assertNull(() -> Endpoint.builder("x").attribute("a", null));
    assertNull(() -> Endpoint.builder("x").attribute(null, "a"));
    assertNull(() -> Topology.of((Endpoint) null));
    assertNull(() -> Topology.of(Arrays.asList(ep("a"), null)));
    assertNull(() -> Topology.syncing().with(null, null));
    assertNull(() -> PickContext.key(null));
    assertNull(() -> PickContext.none().avoiding(null));
    assertNull(() -> Reason.of(null));
    assertNull(() -> LoadBalancingPolicy.of(null));
    assertNull(() -> LoadBalancingPolicy.of(Strategies.random(), (Stage) null));
    assertNull(() -> Balancer.builder(null));
    assertNull(() -> Strategies.powerOfTwo(null));
    assertNull(() -> Strategies.timedRoundRobin(null));
    assertNull(() -> Strategies.timedRoundRobin(Duration.ofSeconds(1), null));
    BalancerBuilder builder = Balancer.builder(new ManualDiscovery());
    assertNull(() -> builder.name(null));
    assertNull(() -> builder.strategy(null));
    assertNull(() -> builder.stages((Stage) null));
    assertNull(() -> builder.policy(null));
    assertNull(() -> builder.classifier(null));
    assertNull(() -> builder.awaitFirst(null));
    assertNull(() -> builder.latencyDecay(null));
    assertNull(() -> builder.listener(null));
    assertNull(() -> builder.platform(null));
    Fixture fixture = new Fixture(eps(1), b -> b);
    assertNull(() -> fixture.balancer.apply(null));
    assertNull(() -> fixture.balancer.begin(PickContext.none()).end(null));
  }

  @Test
  void a_call_that_is_null_is_nobodys_failure() {
    RetryPolicy retries = RetryPolicy.standard();
    for (boolean retried : new boolean[] {false, true}) {
      Fixture fixture = new Fixture(eps(2), b -> retried ? b.retry(retries) : b);
      Balancer balancer = fixture.balancer;
      assertNull(() -> balancer.call(PickContext.none(), null));
      assertNull(() -> balancer.callAsync(PickContext.none(), null));
      assertNull(() -> balancer.call(null, attempt -> "never called"));
      assertNull(() -> balancer.callAsync(null, attempt -> completedFuture("never called")));
      assertThat(balancer.stats().begun()).isZero();
    }
    Fixture fixture = new Fixture(eps(2), b -> b);
    assertNull(() -> retries.begin(fixture.balancer, PickContext.none()).call(null));
    assertNull(() -> retries.begin(fixture.balancer, PickContext.none()).callAsync(null));
    assertThat(fixture.balancer.stats().begun()).isZero();
  }

  @Test
  void a_context_that_is_null_is_not_the_strategys_fault() {
    Strategy bounded = Strategies.boundedLoad(Strategies.ringHash(), 0.25);
    for (Strategy strategy : List.of(Strategies.adaptive(), Strategies.ringHash(), bounded)) {
      Fixture fixture = new Fixture(eps(2), b -> b.strategy(strategy));
      assertNull(() -> fixture.balancer.begin(null));
      assertNull(() -> fixture.balancer.tryBegin(null));
      assertNull(() -> fixture.balancer.pick(null));
      assertThat(fixture.balancer.explain().problem()).as("%s", strategy).isNull();
      assertThat(fixture.balancer.stats().begun()).isZero();
    }
  }

  // ---- topologies ----

  @Test
  void two_endpoints_of_one_id_are_refused_and_both_named() {
    Endpoint one = Endpoint.builder("x").host("10.0.0.1").port(80).build();
    Endpoint two = Endpoint.builder("x").host("10.0.0.2").port(81).build();
    assertRefused(
        () -> Topology.of(one, ep("y"), two), "x", "10.0.0.1:80", "10.0.0.2:81", "unique ids");
  }

  @Test
  void of_several_of_one_id_distinct_keeps_the_same_one_whatever_the_order() {
    List<Endpoint> same = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      same.add(Endpoint.builder("x").host("10.0.0." + i).port(80 + i).weight(i).build());
    }
    same.add(same.get(0).withDraining(true));
    same.add(same.get(1).toBuilder().zone("eu").build());
    same.add(same.get(1).toBuilder().node("n1").build());
    same.add(same.get(1).toBuilder().attribute("a", "b").build());
    Endpoint kept = Topology.distinct(same, e -> {}).endpoints().get(0);
    assertThat(kept.draining()).isFalse();
    Seeds.forEach(
        50,
        seed -> {
          List<Endpoint> shuffled = new ArrayList<>(same);
          shuffled.add(ep("y"));
          Collections.shuffle(shuffled, new Random(seed));
          List<Endpoint> dropped = new ArrayList<>();
          Topology topology = Topology.distinct(shuffled, dropped::add);
          assertThat(topology.endpoints()).containsExactlyInAnyOrder(kept, ep("y"));
          List<Endpoint> others = new ArrayList<>(same);
          others.remove(kept);
          assertThat(dropped).containsExactlyInAnyOrderElementsOf(others);
        });
  }

  @Test
  void a_topology_does_not_change_with_the_list_it_was_made_of() {
    List<Endpoint> list = new ArrayList<>(List.of(ep("a")));
    Topology topology = Topology.of(list);
    list.add(ep("b"));
    assertThat(topology.endpoints()).containsExactly(ep("a"));
    assertThatThrownBy(() -> topology.endpoints().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  // ---- what stages do ----

  private static void assertStageProblem(Stage stage, String... fragments) {
    Fixture fixture = new Fixture(eps(2), b -> b.stages(stage));
    assertThat(fixture.balancer.explain().problem()).contains(fragments);
  }

  @Test
  void factors_are_finite_and_not_negative() {
    for (double factor :
        new double[] {
          -0.1, Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY,
        }) {
      assertStageProblem(
          (candidates, context) -> candidates.scale(i -> i == 1 ? factor : 1),
          "endpoint e1",
          Double.toString(factor),
          "finite, >= 0");
    }
    assertStageProblem(
        (candidates, context) ->
            candidates.scale(i -> Double.MAX_VALUE).scale(i -> Double.MAX_VALUE),
        "finite");
  }

  @Test
  void a_factor_of_zero_or_one_that_underflows_excludes_with_a_reason() {
    for (double factor : new double[] {0, Double.MIN_VALUE}) {
      Fixture fixture =
          new Fixture(
              eps(2),
              b ->
                  b.stages(
                      (candidates, context) ->
                          candidates
                              .scale(i -> i == 0 ? 1e-10 : 1)
                              .scale(i -> i == 0 ? factor : 1)));
      assertThat(fixture.weight("e0")).isZero();
      assertThat(fixture.reason("e0")).isEqualTo("scaled to 0");
      assertThat(fixture.requests(50)).containsOnlyKeys("e1");
    }
  }

  @Test
  void a_factor_however_large_or_small_is_survived_by_every_strategy() {
    for (Strategy strategy :
        List.of(
            Strategies.roundRobin(),
            Strategies.weightedRoundRobin(),
            Strategies.leastConnections(),
            Strategies.random(),
            Strategies.timedRoundRobin(Duration.ofSeconds(1)),
            Strategies.powerOfTwo(io.steelyard.strategy.LoadMetric.inFlight()),
            Strategies.powerOfTwo(io.steelyard.strategy.LoadMetric.peakEwma()),
            Strategies.powerOf(3, io.steelyard.strategy.LoadMetric.peakEwma()))) {
      for (double factor : new double[] {1e300, 1e-300}) {
        Fixture fixture =
            new Fixture(
                eps(3),
                b ->
                    b.stages((candidates, context) -> candidates.scale(i -> i == 0 ? factor : 1))
                        .strategy(strategy));
        assertThat(fixture.balancer.explain().problem()).as("%s", strategy).isNull();
        assertThatCode(() -> fixture.requests(1_000)).doesNotThrowAnyException();
      }
    }
  }

  @Test
  void limits_and_thresholds_are_checked() {
    assertStageProblem(
        (candidates, context) -> candidates.limit(i -> 0), "endpoint e0", "limit", ">= 1");
    assertStageProblem(
        (candidates, context) -> {
          context.wakeAfterFailures(0, 0);
          return candidates;
        },
        "wakeAfterFailures: 0");
    assertStageProblem(
        (candidates, context) -> {
          context.reevaluateAfter(Duration.ofNanos(-1));
          return candidates;
        },
        "reevaluateAfter");
  }

  @Test
  void a_context_that_was_kept_can_no_longer_ask_for_anything_but_time_and_chance() {
    List<Context> kept = new ArrayList<>();
    new Fixture(
        eps(1),
        b ->
            b.stages(
                (candidates, context) -> {
                  kept.add(context);
                  return candidates;
                }));
    Context context = kept.get(0);
    assertThat(context.nanoTime()).isNotNegative();
    context.random().nextLong();
    assertThatThrownBy(() -> context.reevaluateAfter(Duration.ZERO))
        .isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> context.wakeOnSuccess(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> context.forgetFailures(0)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> context.memory(Object::new)).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> context.note("x")).isInstanceOf(IllegalStateException.class);
  }

  // ---- factories and builder ----

  @Test
  void parameters_of_stages_and_strategies_are_checked() {
    Duration second = Duration.ofSeconds(1);
    assertRefused(() -> Stages.ejection(0, second, second), "failures: 0");
    assertRefused(() -> Stages.ejection(65_536, second, second), "failures: 65536");
    assertRefused(() -> Stages.ejection(1, Duration.ZERO, second), "base");
    assertRefused(() -> Stages.ejection(1, second.negated(), second), "base");
    assertRefused(() -> Stages.ejection(1, second, Duration.ofMillis(999)), "most");
    assertRefused(() -> Stages.maxInFlight(0), "maxInFlight: 0");
    assertRefused(() -> Stages.subset(0), "subset: 0");
    assertRefused(() -> Stages.subsetAmong(0), "subsetAmong: clients: 0");
    for (double share : new double[] {0, -1, 1.01, Double.NaN}) {
      assertRefused(() -> Stages.ejection().panicBelow(share), "panicBelow: " + share);
    }
    assertRefused(() -> Strategies.timedRoundRobin(Duration.ZERO), "slot");
    assertRefused(() -> Strategies.timedRoundRobin(Duration.ofDays(2)), "slot");
    assertRefused(() -> Strategies.timedRoundRobin(second, second.negated()), "phase");
  }

  @Test
  void durations_beyond_all_use_are_refused_at_once() {
    Duration endless = Duration.ofSeconds(Long.MAX_VALUE);
    Duration second = Duration.ofSeconds(1);
    assertRefused(() -> Balancer.builder(new ManualDiscovery()).awaitFirst(endless), "awaitFirst");
    assertRefused(() -> Stages.ejection(1, second, endless), "most");
    assertRefused(() -> Strategies.timedRoundRobin(second, endless), "phase");
  }

  @Test
  void the_builders_arguments_are_checked() {
    BalancerBuilder builder = Balancer.builder(new ManualDiscovery());
    assertRefused(() -> builder.awaitFirst(Duration.ofMillis(-1)), "awaitFirst");
    assertRefused(() -> builder.latencyDecay(Duration.ZERO), "latencyDecay");
    assertRefused(() -> builder.latencyDecay(Duration.ofDays(2)), "latencyDecay");
  }
}
