package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class SlowStartTest {
  private static final Duration MINUTE = Duration.ofMinutes(1);

  /** Nine old endpoints, e0 to e8, and a new one, {@code new}, that joins now. */
  private static Fixture joined(Strategy strategy, Stage... stages) {
    Fixture fixture = new Fixture(eps(9), b -> b.stages(stages).strategy(strategy));
    fixture.publish(with(eps(9), ep("new")));
    return fixture;
  }

  private static Fixture joined(Stage... stages) {
    return joined(Strategies.roundRobin(), stages);
  }

  private static Endpoint[] with(Endpoint[] endpoints, Endpoint... more) {
    List<Endpoint> all = new ArrayList<>(Arrays.asList(endpoints));
    all.addAll(Arrays.asList(more));
    return all.toArray(Endpoint[]::new);
  }

  /** Its weight so long after it joined: known to 20 ms, the pauses before and after. */
  private static double weightAfter(int seconds, double aggression) {
    Fixture fixture = joined(Stages.slowStart(MINUTE, aggression));
    fixture.platform.advance(Duration.ofSeconds(seconds));
    fixture.balancer.refresh();
    fixture.settle();
    return fixture.weight("new");
  }

  // ---- the law ----

  @Test
  void a_minutes_window_gives_what_is_known() {
    assertThat(weightAfter(0, 1)).isEqualTo(0.1);
    assertThat(weightAfter(1, 1)).isEqualTo(0.1);
    assertThat(weightAfter(15, 1)).isCloseTo(0.25, within(0.001));
    assertThat(weightAfter(30, 1)).isCloseTo(0.5, within(0.001));
    assertThat(weightAfter(60, 1)).isEqualTo(1);
  }

  @Test
  void a_higher_aggression_rises_sooner() {
    assertThat(weightAfter(0, 2)).isCloseTo(Math.sqrt(1 / 60.0), within(0.001));
    assertThat(weightAfter(15, 2)).isCloseTo(0.5, within(0.001));
    assertThat(weightAfter(60, 2)).isEqualTo(1);
    assertThat(weightAfter(30, 0.5)).isCloseTo(0.25, within(0.001));
    assertThat(weightAfter(10, 0.5)).isEqualTo(0.1);
  }

  @Test
  void a_short_window_begins_where_one_second_is() {
    Fixture fixture = joined(Stages.slowStart(Duration.ofSeconds(4)));
    assertThat(fixture.weight("new")).isEqualTo(0.25);
  }

  /** Twenty evaluations a window, and none when it is over. */
  @Test
  void it_rises_by_itself_and_then_nobody_is_woken() {
    Fixture fixture = joined(Stages.slowStart(MINUTE));
    double before = 0.1;
    for (int step = 1; step <= 20; step++) {
      fixture.platform.advance(Duration.ofSeconds(3));
      fixture.settle();
      double now = fixture.weight("new");
      assertThat(now).as("step %d", step).isCloseTo(Math.max(0.1, step * 0.05), within(0.051));
      assertThat(now).as("step %d", step).isGreaterThanOrEqualTo(before);
      before = now;
    }
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(fixture.weight("new")).isEqualTo(1);
    long rebuilds = fixture.balancer.stats().rebuilds();
    fixture.platform.advance(Duration.ofMinutes(5));
    assertThat(fixture.balancer.stats().rebuilds()).isEqualTo(rebuilds);
  }

  // ---- what strategies make of it ----

  static Stream<Strategy> strategies() {
    return Stream.of(
        Strategies.roundRobin(),
        Strategies.weightedRoundRobin(),
        Strategies.random(),
        Strategies.leastConnections(),
        Strategies.powerOfTwo(LoadMetric.inFlight()),
        Strategies.powerOfTwo(LoadMetric.peakEwma()),
        Strategies.powerOf(3, LoadMetric.inFlight()),
        Strategies.adaptive());
  }

  /** One of 91 requests: of 9,100, 100, with a standard deviation of 10 at most. */
  @ParameterizedTest
  @MethodSource("strategies")
  void every_strategy_gives_the_new_one_a_tenth_of_a_share(Strategy strategy) {
    Fixture fixture = joined(strategy, Stages.slowStart(MINUTE));
    assertThat(fixture.requests(9_100).get("new")).isBetween(50, 150);
  }

  /** The gap of rules that count requests: an idle new one looks best to them. */
  @Test
  void least_connections_fill_it_up_to_a_tenth_only() {
    Fixture fixture = joined(Strategies.leastConnections(), Stages.slowStart(MINUTE));
    for (int i = 0; i < 910; i++) {
      fixture.balancer.begin(PickContext.none());
    }
    assertThat(fixture.stats("new").inFlight()).isBetween(9, 11);
    assertThat(fixture.stats("e0").inFlight()).isBetween(99, 101);
  }

  // ---- who is new ----

  @Test
  void the_first_list_is_not_new() {
    Fixture fixture = new Fixture(new Endpoint[0], b -> b.stages(Stages.slowStart(MINUTE)));
    fixture.publish(eps(3));
    assertThat(fixture.weight("e0")).isEqualTo(1);
    fixture.publish(eps(4));
    assertThat(fixture.weight("e0")).isEqualTo(1);
    assertThat(fixture.weight("e3")).isEqualTo(0.1);
  }

  @Test
  void who_leaves_and_comes_back_is_new_and_who_changes_is_not() {
    Fixture fixture = new Fixture(eps(5), b -> b.stages(Stages.slowStart(MINUTE)));
    fixture.publish(eps(4));
    fixture.publish(ep("e0", 2), ep("e1"), ep("e2"), ep("e3"), ep("e4"));
    assertThat(fixture.weight("e0")).isEqualTo(2);
    assertThat(fixture.weight("e4")).isEqualTo(0.1);
  }

  @Test
  void who_was_draining_or_weighed_nothing_is_new() {
    Endpoint[] endpoints = eps(6);
    endpoints[0] = endpoints[0].withDraining(true);
    endpoints[1] = endpoints[1].withWeight(0);
    Fixture fixture = new Fixture(endpoints, b -> b.stages(Stages.slowStart(MINUTE)));
    fixture.publish(eps(6));
    assertThat(fixture.weight("e0")).isEqualTo(0.1);
    assertThat(fixture.weight("e1")).isEqualTo(0.1);
    assertThat(fixture.weight("e2")).isEqualTo(1);
  }

  @Test
  void each_has_a_time_of_its_own() {
    Fixture fixture = joined(Stages.slowStart(MINUTE));
    fixture.platform.advance(Duration.ofSeconds(30));
    fixture.publish(with(eps(9), ep("new"), ep("newer")));
    assertThat(fixture.weight("new")).isCloseTo(0.5, within(0.001));
    assertThat(fixture.weight("newer")).isEqualTo(0.1);
    fixture.platform.advance(Duration.ofSeconds(31));
    assertThat(fixture.weight("new")).isEqualTo(1);
    assertThat(fixture.weight("newer")).isBetween(0.45, 0.52);
  }

  // ---- where most are new ----

  @Test
  void where_all_have_come_together_it_stands_aside() {
    Fixture fixture = new Fixture(eps(4), b -> b.stages(Stages.slowStart(MINUTE)));
    fixture.publish(ep("a"), ep("b", 3), ep("c"));
    assertThat(fixture.weight("a")).isEqualTo(1);
    assertThat(fixture.weight("b")).isEqualTo(3);
    assertThat(fixture.weight("c")).isEqualTo(1);
  }

  /**
   * One old beside nine new: a tenth each would give the old one 1/1.9 of everything. Raised to 4/9
   * they leave it 1/5, twice a tenth.
   */
  @Test
  void an_old_one_beside_many_new_gets_twice_its_share_at_most() {
    Fixture fixture = new Fixture(eps(1), b -> b.stages(Stages.slowStart(MINUTE)));
    fixture.publish(eps(10));
    assertThat(fixture.weight("e0")).isEqualTo(1);
    assertThat(fixture.weight("e1")).isCloseTo(4 / 9.0, within(1e-9));
    assertThat(fixture.balancer.explain().layers().get(0).note())
        .isEqualTo("most are new: none gets more than twice its share");
    fixture.platform.advance(Duration.ofSeconds(61));
    assertThat(fixture.weight("e1")).isEqualTo(1);
    assertThat(fixture.balancer.explain().layers().get(0).note()).isNull();
  }

  /** Four in ten new: 6.4 of 10 is left, so that nothing has to be raised. */
  @Test
  void an_endpoint_that_is_out_is_not_counted() {
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages(Stages.ejection(), Stages.slowStart(MINUTE)));
    fixture.publish(eps(4));
    // .1, .1, 1, 1 of 4: 2.2, more than half.
    assertThat(fixture.weight("e2")).isEqualTo(0.1);
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.settle();
    // .1, .1, 1 of 3: raised to 1.5.
    assertThat(fixture.weight("e2")).isCloseTo(0.25, within(1e-9));
  }

  @Test
  void keys_that_come_to_a_new_endpoint_come_from_all_others_and_nobody_elses_move() {
    Fixture fixture =
        new Fixture(
            eps(9), b -> b.stages(Stages.slowStart(MINUTE)).strategy(Strategies.ringHash()));
    String[] before = homes(fixture);
    fixture.publish(with(eps(9), ep("new")));
    String[] last = before;
    int moved = 0;
    for (int step = 0; step <= 21; step++) {
      String[] now = homes(fixture);
      for (int k = 0; k < now.length; k++) {
        if (!now[k].equals(last[k])) {
          assertThat(now[k]).isEqualTo("new");
          moved++;
        }
      }
      last = now;
      fixture.platform.advance(Duration.ofSeconds(3));
    }
    // A tenth of 2,000 keys, give or take the grain of a ring (10 %) thrice.
    assertThat(moved).isBetween(140, 260);
  }

  private static String[] homes(Fixture fixture) {
    String[] homes = new String[2_000];
    Arrays.setAll(homes, k -> fixture.balancer.pick(PickContext.key("k" + k)).id());
    return homes;
  }

  // ---- values ----

  @Test
  void parameters_are_checked_and_equal_ones_are_equal() {
    for (Duration window :
        new Duration[] {Duration.ZERO, Duration.ofSeconds(1), Duration.ofDays(1).plusNanos(1)}) {
      assertThatThrownBy(() -> Stages.slowStart(window))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("slowStart: window: " + window)
          .hasMessageContaining("expected: above 1 s");
    }
    for (double aggression : new double[] {0, -1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> Stages.slowStart(MINUTE, aggression))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("slowStart: aggression: " + aggression);
    }
    assertThat(Stages.slowStart(MINUTE)).isEqualTo(Stages.slowStart(MINUTE, 1));
    assertThat(Stages.slowStart(MINUTE)).hasToString("slowStart(PT1M)");
    assertThat(Stages.slowStart(MINUTE, 2)).hasToString("slowStart(PT1M, 2.0)");
  }
}
