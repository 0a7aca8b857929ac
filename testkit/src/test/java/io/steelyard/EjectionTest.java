package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class EjectionTest {
  private static final Duration SECOND = Duration.ofSeconds(1);

  private static Fixture ejecting(int n, Stage stage) {
    return new Fixture(eps(n), b -> b.stages(stage).strategy(Strategies.roundRobin()));
  }

  private static Fixture ejecting(int n) {
    return ejecting(n, Stages.ejection());
  }

  private static boolean isOut(Fixture fixture, String id) {
    return fixture.weight(id) == 0;
  }

  private static boolean isProbing(Fixture fixture, String id) {
    return fixture.balancer.candidates().probing(fixture.index(id));
  }

  // ---- out ----

  @Test
  void five_failures_in_a_row_take_an_endpoint_out_and_four_do_not() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 4);
    fixture.settle();
    assertThat(isOut(fixture, "e0")).isFalse();
    fixture.on("e0", Outcome.FAILURE, 1);
    assertThat(isOut(fixture, "e0")).isTrue();
    assertThat(fixture.requests(300)).doesNotContainKey("e0");
  }

  @Test
  void failures_with_a_success_between_do_not() {
    Fixture fixture = ejecting(3);
    for (int i = 0; i < 10; i++) {
      fixture.on("e0", Outcome.FAILURE, 4);
      fixture.on("e0", Outcome.SUCCESS, 1);
      fixture.settle();
    }
    assertThat(isOut(fixture, "e0")).isFalse();
  }

  @Test
  void what_says_nothing_of_the_endpoint_neither_counts_nor_breaks_the_row() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.TIMEOUT, 2);
    fixture.on("e0", Outcome.CANCELLED, 10);
    fixture.on("e0", Outcome.REJECTED, 10);
    fixture.on("e0", Outcome.OVERLOADED, 10);
    fixture.settle();
    assertThat(isOut(fixture, "e0")).isFalse();
    fixture.on("e0", Outcome.UNREACHABLE, 2);
    fixture.on("e0", Outcome.FAILURE, 1);
    assertThat(isOut(fixture, "e0")).isTrue();
  }

  @Test
  void explain_says_it() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofMillis(1_800));
    Explanation.Row row = fixture.balancer.explain().rows().get(0);
    assertThat(row.weight()).isZero();
    assertThat(row.reason()).isEqualTo("ejected: 5 failures in a row, 3.2 s left");
    assertThat(fixture.balancer.explain().toString())
        .contains("3 discovered (LIVE) → 2 ejection → roundRobin")
        .contains("ejected: 5 failures in a row, 3.2 s left");
  }

  @Test
  void when_all_are_out_the_request_is_told_so() {
    Fixture fixture = ejecting(2);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    fixture.on("e1", Outcome.FAILURE, 5);
    assertThatThrownBy(fixture::request)
        .isInstanceOfSatisfying(
            NoEndpointException.class,
            e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.EXCLUDED))
        .hasMessageContaining("5 failures in a row");
  }

  // ---- back ----

  @Test
  void it_is_back_after_five_seconds_by_one_probe_at_a_time() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofMillis(4_999));
    assertThat(isOut(fixture, "e0")).isTrue();
    fixture.platform.advance(Duration.ofMillis(1));
    assertThat(isProbing(fixture, "e0")).isTrue();

    List<Attempt> begun = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      begun.add(fixture.balancer.begin(PickContext.none()));
    }
    List<Attempt> probes = begun.stream().filter(a -> a.endpoint().id().equals("e0")).toList();
    assertThat(probes).hasSize(1);

    probes.get(0).cancel(); // says nothing: the next may try
    begun.clear();
    for (int i = 0; i < 50; i++) {
      begun.add(fixture.balancer.begin(PickContext.none()));
    }
    assertThat(begun.stream().filter(a -> a.endpoint().id().equals("e0"))).hasSize(1);
    assertThat(isProbing(fixture, "e0")).isTrue();
  }

  @Test
  void a_failed_probe_doubles_the_time_and_no_second_probe_slips_in() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    Duration out = Duration.ofSeconds(10);
    for (int episode = 2; episode <= 5; episode++) {
      assertThat(isProbing(fixture, "e0")).as("before episode %d", episode).isTrue();
      fixture.beginOn("e0").end(Outcome.FAILURE);
      assertThatThrownBy(() -> fixture.beginOn("e0")).isInstanceOf(NoEndpointException.class);
      assertThat(isOut(fixture, "e0")).as("episode %d", episode).isTrue();
      assertThat(fixture.balancer.explain().rows().get(0).reason())
          .startsWith("ejected: a failed probe, episode " + episode);
      fixture.platform.advance(out.minusMillis(1));
      assertThat(isOut(fixture, "e0")).as("episode %d", episode).isTrue();
      fixture.platform.advance(Duration.ofMillis(1));
      fixture.settle();
      out = out.multipliedBy(2);
    }
  }

  @Test
  void five_minutes_are_the_longest() {
    Fixture fixture = ejecting(2);
    fixture.on("e0", Outcome.FAILURE, 5);
    for (int episode = 0; episode < 30; episode++) {
      fixture.platform.advance(Duration.ofMinutes(5));
      fixture.settle();
      assertThat(isProbing(fixture, "e0")).as("after episode %d", episode).isTrue();
      fixture.beginOn("e0").end(Outcome.FAILURE);
      fixture.settle();
      assertThat(isOut(fixture, "e0")).isTrue();
    }
    fixture.platform.advance(Duration.ofSeconds(299));
    assertThat(isOut(fixture, "e0")).isTrue();
  }

  @Test
  void a_successful_probe_starts_a_ramp_from_a_tenth() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    fixture.on("e0", Outcome.SUCCESS, 1);
    assertThat(isProbing(fixture, "e0")).isFalse();
    assertThat(fixture.weight("e0")).isCloseTo(0.1, within(1e-9));
    double before = 0.1;
    for (int step = 1; step <= 9; step++) {
      fixture.platform.advance(Duration.ofMillis(500));
      fixture.settle();
      double now = fixture.weight("e0");
      // 9 % a step; each evaluation may be late by the pause, so that the last steps are behind.
      assertThat(now).as("step %d", step).isGreaterThan(before).isLessThan(1);
      assertThat(now).isCloseTo(0.1 + 0.09 * step, within(0.04));
      before = now;
    }
    fixture.platform.advance(SECOND);
    assertThat(fixture.weight("e0")).isEqualTo(1);
  }

  @Test
  void during_the_ramp_it_gets_a_share_of_its_weight() {
    Fixture fixture = ejecting(2);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    fixture.on("e0", Outcome.SUCCESS, 1);
    // A tenth beside one: one of eleven, by a schedule, whose turns are rounded to 1 in 256.
    assertThat(fixture.requests(11_000).get("e0")).isBetween(950, 1_050);
  }

  @Test
  void episodes_are_forgotten_one_for_each_quiet_five_minutes() {
    Fixture fixture = ejecting(2);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    fixture.on("e0", Outcome.SUCCESS, 1);
    fixture.platform.advance(Duration.ofSeconds(6));
    // In full again, but remembered: the next episode is the second.
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.reason("e0")).endsWith("episode 2");
    fixture.platform.advance(Duration.ofSeconds(11));
    fixture.on("e0", Outcome.SUCCESS, 1);
    fixture.platform.advance(Duration.ofSeconds(6));
    fixture.platform.advance(Duration.ofMinutes(11));
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.reason("e0")).isEqualTo("ejected: 5 failures in a row");
  }

  // ---- late results ----

  @Test
  void what_was_in_flight_when_it_was_taken_out_counts_neither_against_nor_for_it() {
    Fixture fixture = ejecting(3);
    List<Attempt> old = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      old.add(fixture.beginOn("e0"));
    }
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    fixture.platform.advance(Duration.ofSeconds(5));
    assertThat(isProbing(fixture, "e0")).isTrue();
    old.subList(0, 10).forEach(a -> a.end(Outcome.SUCCESS));
    fixture.settle();
    assertThat(isProbing(fixture, "e0")).as("an old success is no probe").isTrue();
    old.subList(10, 20).forEach(a -> a.end(Outcome.TIMEOUT));
    fixture.settle();
    assertThat(isProbing(fixture, "e0")).as("an old failure is no probe").isTrue();
    fixture.on("e0", Outcome.SUCCESS, 1);
    fixture.settle();
    assertThat(isProbing(fixture, "e0")).isFalse();
    assertThat(isOut(fixture, "e0")).isFalse();
  }

  @Test
  void one_that_leaves_and_comes_back_starts_afresh() {
    Fixture fixture = ejecting(3);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(isOut(fixture, "e0")).isTrue();
    long failures = fixture.stats("e0").count(Outcome.FAILURE);
    fixture.publish(ep("e1"), ep("e2"));
    fixture.publish(eps(3));
    assertThat(isOut(fixture, "e0")).isFalse();
    assertThat(fixture.stats("e0").count(Outcome.FAILURE)).as("its slot").isEqualTo(failures);
    fixture.on("e0", Outcome.FAILURE, 4);
    fixture.settle();
    assertThat(isOut(fixture, "e0")).isFalse();
    fixture.on("e0", Outcome.FAILURE, 1);
    fixture.settle();
    assertThat(fixture.reason("e0")).isEqualTo("ejected: 5 failures in a row");
  }

  @Test
  void an_endpoint_whose_weight_or_labels_change_stays_out() {
    Fixture fixture = ejecting(2);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    fixture.publish(ep("e0", 7), ep("e1"));
    assertThat(isOut(fixture, "e0")).isTrue();
  }

  // ---- panic ----

  @Test
  void below_half_the_stage_stands_aside_and_says_so() {
    Fixture fixture = ejecting(10, Stages.ejection().panicBelow(0.5));
    for (int i = 0; i < 5; i++) {
      fixture.on("e" + i, Outcome.FAILURE, 5);
      fixture.settle();
    }
    assertThat(fixture.balancer.candidates().usable()).as("half is not below half").isEqualTo(5);
    fixture.on("e5", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(10);
    Explanation.Layer layer = fixture.balancer.explain().layers().get(0);
    assertThat(layer.note()).isEqualTo("panic: stands aside, since it would leave 4 of 10");
    assertThat(layer.usable()).isEqualTo(10);
    assertThat(fixture.balancer.explain().toString()).contains("would leave 4 of 10");
  }

  /** A pool of 100 that hovers at a threshold of 30 %: 29, 31, 29, 31 must not flip all traffic. */
  @Test
  void a_pool_that_hovers_at_the_threshold_does_not_flip() {
    Set<Integer> excluded = new HashSet<>();
    Stage scripted =
        (candidates, context) -> candidates.exclude(excluded::contains, Reason.of("scripted"));
    Fixture fixture =
        new Fixture(
            eps(100), b -> b.stages(scripted.panicBelow(0.3)).strategy(Strategies.roundRobin()));
    List<Integer> seen = new ArrayList<>();
    for (int left : new int[] {40, 31, 30, 29, 31, 29, 31, 34, 30, 35, 31, 30, 29}) {
      excluded.clear();
      for (int i = left; i < 100; i++) {
        excluded.add(i);
      }
      fixture.balancer.apply(
          LoadBalancingPolicy.of(Strategies.roundRobin(), scripted.panicBelow(0.3)));
      fixture.settle();
      seen.add(fixture.balancer.candidates().usable());
    }
    assertThat(seen).containsExactly(40, 31, 30, 100, 100, 100, 100, 100, 100, 35, 31, 30, 100);
  }

  @Test
  void what_discovery_itself_took_out_is_no_reason_to_panic() {
    // Eight of ten weigh zero or drain: of the two that were meant to be used one is a half.
    Endpoint[] endpoints = eps(10);
    for (int i = 2; i < 10; i++) {
      endpoints[i] = i % 2 == 0 ? endpoints[i].withWeight(0) : endpoints[i].withDraining(true);
    }
    Fixture fixture =
        new Fixture(
            endpoints,
            b -> b.stages(Stages.ejection().panicBelow(0.5)).strategy(Strategies.roundRobin()));
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(1);
    fixture.on("e1", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(2);
  }

  @Test
  void with_everything_failing_panic_keeps_everything_in_use() {
    Fixture fixture = ejecting(4, Stages.ejection().panicBelow(0.5));
    for (int round = 0; round < 200; round++) {
      fixture.request(Outcome.FAILURE);
      fixture.platform.advance(Duration.ofMillis(50));
      assertThat(fixture.balancer.candidates().usable()).isGreaterThanOrEqualTo(2);
    }
    assertThat(fixture.requests(400)).hasSize(4);
  }

  /** Everything fails for two minutes; before, episodes had doubled to minutes by then. */
  @Test
  void episodes_do_not_multiply_while_a_panic_keeps_everything_in_use() {
    Fixture fixture = ejecting(4, Stages.ejection().panicBelow(0.5));
    for (int round = 0; round < 2_400; round++) {
      fixture.request(Outcome.FAILURE);
      fixture.platform.advance(Duration.ofMillis(50));
    }
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(4);
    // Then it is over; all are back in full as soon as the longest of the first episodes and its
    // ramp can be: two were ejected before the panic began, and one of them perhaps twice.
    for (int round = 0; round < 400; round++) {
      fixture.request(Outcome.SUCCESS);
      fixture.platform.advance(Duration.ofMillis(50));
    }
    assertThat(fixture.balancer.explain().layers().get(0).note()).isNull();
    for (int e = 0; e < 4; e++) {
      assertThat(fixture.weight("e" + e)).as("e%d", e).isEqualTo(1);
    }
  }
}
