package io.steelyard;

import static io.steelyard.Fixture.eps;
import static io.steelyard.Fixture.weighted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.Seeds;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Numbers that are known, from the literature or by computation. */
class TruthTableTest {
  @Test
  void five_one_one_gives_aabacaa() {
    VirtualPlatform platform = new VirtualPlatform().random(ScriptedRandom.of(0));
    Fixture fixture =
        new Fixture(
            platform,
            new ManualDiscovery(weighted(5, 1, 1)),
            b -> b.stages().strategy(Strategies.weightedRoundRobin()));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < 14; i++) {
      order.append(fixture.request().id());
    }
    assertThat(order).hasToString("aabacaaaabacaa");
  }

  @Test
  void round_robin_starts_anywhere_and_survives_the_wrap_of_its_counter() {
    // The counter starts at the lower 32 bits of a random number: here three before its sign
    // changes.
    VirtualPlatform platform = new VirtualPlatform().random(() -> Integer.MAX_VALUE - 2);
    Fixture fixture =
        new Fixture(
            platform,
            new ManualDiscovery(eps(4)),
            b -> b.stages().strategy(Strategies.roundRobin()));
    StringBuilder order = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      order.append(fixture.request().id());
    }
    // 1000 rounds and a pause are 4001 positions; 2^31 - 3 is number 2909, and 2909 modulo 4 is 1.
    // On through -2^31 nothing jumps.
    assertThat(order).hasToString("e1e2e3e0e1e2e3e0");
  }

  /**
   * The rank law of two distinct choices: of n endpoints with loads 1 to n the one of rank r is
   * chosen with probability 2(n − r)/(n(n − 1)). Every pair of draws is scripted once, so the law
   * holds exactly.
   */
  @Test
  void power_of_two_follows_the_rank_law_exactly() {
    int n = 10;
    for (LoadMetric metric : new LoadMetric[] {LoadMetric.inFlight(), byIndex()}) {
      VirtualPlatform platform = new VirtualPlatform();
      Fixture fixture =
          new Fixture(
              platform,
              new ManualDiscovery(eps(n)),
              b -> b.stages().strategy(Strategies.powerOfTwo(metric)));
      for (int i = 0; i < n; i++) { // e0 has none in flight, e9 nine
        for (int k = 0; k < i; k++) {
          fixture.beginOn("e" + i);
        }
      }
      Map<String, Integer> chosen = new HashMap<>();
      for (int first = 0; first < n; first++) {
        for (int second = 0; second < n - 1; second++) {
          platform.random(ScriptedRandom.of(ScriptedRandom.bits(first, n, second, n - 1)));
          chosen.merge(fixture.balancer.pick(PickContext.none()).id(), 1, Integer::sum);
        }
      }
      for (int r = 1; r <= n; r++) {
        assertThat(chosen.getOrDefault("e" + (r - 1), 0))
            .as("rank %d of %s", r, metric)
            .isEqualTo(2 * (n - r));
      }
    }
  }

  /** Another metric, so that the general picker is tested beside the one for requests in flight. */
  private static LoadMetric byIndex() {
    return (stats, now) -> 1 + stats.inFlight();
  }

  @Test
  void power_of_two_never_compares_an_endpoint_with_itself() {
    // Between two endpoints the less loaded one is then chosen always, not three times in four.
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages().strategy(Strategies.powerOfTwo(LoadMetric.inFlight())));
    fixture.beginOn("e0");
    for (int i = 0; i < 1_000; i++) {
      assertThat(fixture.request().id()).isEqualTo("e1");
    }
  }

  /** τ = 10 s, 100 ms at 0 s and 50 ms at 10 s: 68.394 ms, however often it was asked between. */
  @Test
  void peak_ewma_gives_68_394_however_often_it_is_read() {
    for (int reads : new int[] {0, 1, 100}) {
      Fixture fixture = new Fixture(eps(1), b -> b.stages());
      Attempt slow = fixture.beginOn("e0");
      fixture.platform.advance(Duration.ofMillis(100));
      slow.success();
      for (int i = 0; i < reads; i++) {
        fixture.platform.advance(Duration.ofMillis(9_950).dividedBy(reads));
        fixture.stats("e0").latencyNanos(fixture.platform.nanoTime());
        fixture.balancer.explain(PickContext.none());
      }
      if (reads == 0) {
        fixture.platform.advance(Duration.ofMillis(9_950));
      }
      Attempt fast = fixture.beginOn("e0");
      fixture.platform.advance(Duration.ofMillis(50));
      fast.success();
      // The time between samples is known to 1.05 ms, of which 50 ms · 1.05/10,000 is .0053 ms.
      assertThat(fixture.stats("e0").latencyNanos(fixture.platform.nanoTime()) / 1e6)
          .isCloseTo(68.394, within(0.006));
    }
  }

  /**
   * Balls into bins: 1000 balls for each of n bins. With one choice the fullest bin is 82 above the
   * mean at n = 100, with two choices about 1.9 whatever the number of balls. More than 5 above has
   * not been seen; a picker that compares an endpoint with itself, or not at all, is far above.
   */
  @Test
  void two_choices_keep_the_gap_flat() {
    Seeds.forEach(
        3,
        seed -> {
          int n = 100;
          assertThat(gap(seed, n, 20)).isLessThanOrEqualTo(5);
          assertThat(gap(seed, n, 1_000)).isLessThanOrEqualTo(5);
        });
  }

  private static double gap(long seed, int n, int ballsEach) {
    return gap(Strategies.powerOfTwo(LoadMetric.inFlight()), seed, n, ballsEach);
  }

  private static double gap(Strategy strategy, long seed, int n, int ballsEach) {
    Fixture fixture = new Fixture(seed, eps(n), b -> b.stages().strategy(strategy));
    for (int ball = 0; ball < n * ballsEach; ball++) {
      fixture.balancer.begin(PickContext.none());
    }
    Candidates candidates = fixture.balancer.candidates();
    int most = 0;
    for (int i = 0; i < n; i++) {
      most = Math.max(most, candidates.stats(i).inFlight());
    }
    return most - ballsEach;
  }

  /** With two endpoints both are compared each time, so what is in flight never differs by two. */
  @Test
  void two_choices_of_two_endpoints_are_the_best_choice() {
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages().strategy(Strategies.powerOfTwo(LoadMetric.inFlight())));
    for (int i = 0; i < 1_000; i++) {
      fixture.balancer.begin(PickContext.none());
      int difference = fixture.stats("e0").inFlight() - fixture.stats("e1").inFlight();
      assertThat(Math.abs(difference)).isEqualTo((i + 1) % 2);
    }
  }

  /**
   * As many balls as bins: the fullest holds 2.749, 4.233, 5.514 on average at n = 10, 100, 1000
   * with one choice. It varies by less than .9, so the mean of r trials by .9/√r: here four of
   * these.
   */
  @Test
  void one_choice_fills_the_fullest_bin_as_is_known() {
    assertFullest(Strategies.random(), 10, 2_000, 2.749);
    assertFullest(Strategies.random(), 100, 400, 4.233);
    assertFullest(Strategies.random(), 1_000, 100, 5.514);
  }

  private static void assertFullest(Strategy strategy, int n, int trials, double expected) {
    double sum = 0;
    for (int trial = 0; trial < trials; trial++) {
      sum += 1 + gap(strategy, 1_000 * n + trial, n, 1);
    }
    assertThat(sum / trials)
        .as("%s, n = %d", strategy, n)
        .isCloseTo(expected, within(4 * 0.9 / Math.sqrt(trials)));
  }

  /** With two choices it is 2.06, 2.58 and 3.005, and varies by less than .5. */
  @Test
  void two_choices_fill_the_fullest_bin_as_is_known() {
    Strategy two = Strategies.powerOfTwo(LoadMetric.inFlight());
    assertFullest(two, 10, 2_000, 2.06);
    assertFullest(two, 100, 400, 2.58);
    assertFullest(two, 1_000, 100, 3.005);
  }

  /**
   * A thousand balls a bin: with one choice the fullest is 46.5 above the mean at n = 10, 82 at n =
   * 100 and 108 at n = 1000. It grows with the root of the number of balls. The gap of one trial
   * varies by less than 20.
   */
  @Test
  void one_choice_leaves_a_gap_that_grows() {
    assertThat(meanGap(Strategies.random(), 10, 200)).isCloseTo(46.5, within(4 * 20 / 14.1));
    assertThat(meanGap(Strategies.random(), 100, 25)).isCloseTo(82, within(4 * 20 / 5.0));
    assertThat(meanGap(Strategies.random(), 1_000, 4)).isCloseTo(108, within(4 * 20 / 2.0));
  }

  /** With two choices it is 1.1, 1.9 and 2.1, and varies by less than .6. */
  @Test
  void two_choices_leave_a_gap_of_one_or_two() {
    Strategy two = Strategies.powerOfTwo(LoadMetric.inFlight());
    assertThat(meanGap(two, 10, 200)).isCloseTo(1.1, within(0.05 + 4 * 0.6 / 14.1));
    assertThat(meanGap(two, 100, 25)).isCloseTo(1.9, within(0.05 + 4 * 0.6 / 5.0));
    assertThat(meanGap(two, 1_000, 4)).isCloseTo(2.1, within(0.05 + 4 * 0.6 / 2.0));
  }

  private static double meanGap(Strategy strategy, int n, int trials) {
    double sum = 0;
    for (int trial = 0; trial < trials; trial++) {
      sum += gap(strategy, 7_000 * n + trial, n, 1_000);
    }
    return sum / trials;
  }

  @Test
  void least_connections_never_differ_by_more_than_one() {
    Fixture fixture = new Fixture(eps(7), b -> b.stages().strategy(Strategies.leastConnections()));
    for (int i = 0; i < 700; i++) {
      fixture.balancer.begin(PickContext.none());
      Candidates candidates = fixture.balancer.candidates();
      int[] loads = new int[7];
      Arrays.setAll(loads, k -> candidates.stats(k).inFlight());
      Arrays.sort(loads);
      assertThat(loads[6] - loads[0]).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void least_connections_fill_up_in_proportion_to_weight() {
    Fixture fixture =
        new Fixture(weighted(1, 2, 3), b -> b.stages().strategy(Strategies.leastConnections()));
    for (int i = 0; i < 600; i++) {
      fixture.balancer.begin(PickContext.none());
    }
    assertThat(fixture.stats("a").inFlight()).isCloseTo(100, within(1));
    assertThat(fixture.stats("b").inFlight()).isCloseTo(200, within(1));
    assertThat(fixture.stats("c").inFlight()).isCloseTo(300, within(1));
  }

  @Test
  void timed_turns_are_one_slot_long_each() {
    Fixture fixture =
        new Fixture(
            new VirtualPlatform(0, Instant.EPOCH),
            new ManualDiscovery(eps(3)),
            b ->
                b.stages()
                    .strategy(Strategies.timedRoundRobin(Duration.ofSeconds(1), Duration.ZERO)));
    StringBuilder turns = new StringBuilder();
    for (int i = 0; i < 12; i++) {
      turns.append(fixture.request().id().charAt(1));
      fixture.platform.advance(Duration.ofMillis(500));
    }
    assertThat(turns).hasToString("001122001122");
  }

  @Test
  void timed_turns_by_wall_time_agree_between_clients_whose_monotonic_clocks_do_not() {
    Strategy strategy = Strategies.timedRoundRobin(Duration.ofSeconds(1), Duration.ofMillis(300));
    Instant wall = Instant.parse("2026-03-01T12:00:00.777Z");
    Fixture one =
        new Fixture(
            new VirtualPlatform(-77, wall).random(ScriptedRandom.seeded(1)),
            new ManualDiscovery(eps(5)),
            b -> b.stages().strategy(strategy));
    Fixture other =
        new Fixture(
            new VirtualPlatform(Long.MAX_VALUE - 3, wall).random(ScriptedRandom.seeded(2)),
            new ManualDiscovery(eps(5)),
            b -> b.stages().strategy(strategy));
    for (int i = 0; i < 100; i++) {
      assertThat(one.request()).isEqualTo(other.request());
      one.platform.advance(Duration.ofMillis(170));
      other.platform.advance(Duration.ofMillis(170));
    }
  }

  @Test
  void timed_turns_of_many_clients_start_at_different_endpoints() {
    Map<String, Integer> holders = new HashMap<>();
    for (int client = 0; client < 1_000; client++) {
      Fixture fixture =
          new Fixture(
              client,
              eps(10),
              b -> b.stages().strategy(Strategies.timedRoundRobin(Duration.ofSeconds(1))));
      holders.merge(fixture.request().id(), 1, Integer::sum);
    }
    // 100 each, with a standard deviation of 9.5; 50 is beyond five of them.
    assertThat(holders).hasSize(10);
    assertThat(holders.values()).allSatisfy(n -> assertThat(n).isBetween(50, 150));
  }

  @Test
  void a_timed_turn_of_one_that_is_out_goes_to_the_next_and_no_other_turn_moves() {
    Stage out = (candidates, context) -> candidates.exclude(i -> i == 1, Reason.of("out"));
    Fixture fixture =
        new Fixture(
            new VirtualPlatform(0, Instant.EPOCH),
            new ManualDiscovery(eps(4)),
            b ->
                b.stages(out)
                    .strategy(Strategies.timedRoundRobin(Duration.ofSeconds(1), Duration.ZERO)));
    StringBuilder turns = new StringBuilder();
    for (int i = 0; i < 8; i++) {
      turns.append(fixture.request().id().charAt(1));
      fixture.platform.advance(Duration.ofSeconds(1));
    }
    assertThat(turns).hasToString("02230223");
  }

  @Test
  void avoiding_one_endpoint_spreads_its_turns_over_all_others() {
    // Not all to its neighbour: of 4,000 requests each of the other four gets a quarter, give or
    // take five standard deviations of √(4000·¼·¾) = 27.
    for (Strategy strategy : new Strategy[] {Strategies.roundRobin(), Strategies.random()}) {
      Fixture fixture = new Fixture(eps(5), b -> b.stages().strategy(strategy));
      PickContext notTwo = PickContext.none().avoiding(Fixture.ep("e2"));
      Map<String, Integer> counts = new HashMap<>();
      for (int i = 0; i < 4_000; i++) {
        counts.merge(fixture.balancer.pick(notTwo).id(), 1, Integer::sum);
      }
      assertThat(counts).doesNotContainKey("e2").hasSize(4);
      assertThat(counts.values())
          .as(strategy.toString())
          .allSatisfy(n -> assertThat(n).isBetween(1_000 - 137, 1_000 + 137));
    }
  }
}
