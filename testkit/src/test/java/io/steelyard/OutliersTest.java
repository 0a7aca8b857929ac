package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutliersTest {
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private static Fixture pool(int n) {
    return new Fixture(eps(n), b -> b.stages(Stages.outliers()).strategy(Strategies.roundRobin()));
  }

  /** So many requests to each endpoint, of which so many fail at the first {@code k}. */
  private static void traffic(Fixture fixture, int requests, int k, int failures) {
    int n = fixture.balancer.candidates().size();
    for (int i = 0; i < n; i++) {
      if (fixture.weight("e" + i) > 0) {
        int failing = i < k ? failures : 0;
        fixture.on("e" + i, Outcome.FAILURE, failing);
        fixture.on("e" + i, Outcome.SUCCESS, requests - failing);
      }
    }
  }

  private static List<String> out(Fixture fixture) {
    List<String> out = new ArrayList<>();
    Candidates candidates = fixture.balancer.candidates();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.weight(i) == 0) {
        out.add(candidates.endpoint(i).id());
      }
    }
    return out;
  }

  private static List<String> outAfterAnInterval(Fixture fixture) {
    fixture.platform.advance(INTERVAL);
    fixture.settle();
    return out(fixture);
  }

  // ---- the success rate ----

  /**
   * k endpoints that fail as often as each other, among n: √((n−k)/k) deviations off, which is more
   * than 1.9 for these, and less for their neighbours. The worst goes first, so it is one of them.
   */
  @ParameterizedTest
  @CsvSource({
    "4, 1, false", // 1.732, and four are too few in any case
    "5, 1, true", // 2
    "9, 2, false", // 1.871
    "10, 2, true", // 2
    "13, 3, false", // 1.826
    "14, 3, true", // 1.915
    "18, 4, false", // 1.871
    "19, 4, true", // 1.936
  })
  void how_many_failing_ones_are_told_among_how_many(int n, int k, boolean told) {
    Fixture fixture = pool(n);
    traffic(fixture, 100, k, 50);
    List<String> out = outAfterAnInterval(fixture);
    assertThat(out.isEmpty()).isNotEqualTo(told);
    assertThat(out).allSatisfy(id -> assertThat(Integer.parseInt(id.substring(1))).isLessThan(k));
  }

  @Test
  void the_reason_says_what_was_seen() {
    Fixture fixture = pool(10);
    traffic(fixture, 120, 1, 40);
    assertThat(outAfterAnInterval(fixture)).containsExactly("e0");
    assertThat(fixture.reason("e0")).isEqualTo("outlier: 40 of 120 failed");
    assertThat(fixture.requests(100)).doesNotContainKey("e0");
  }

  @Test
  void below_a_hundred_requests_nobody_is_judged() {
    Fixture fixture = pool(10);
    traffic(fixture, 99, 1, 50);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
    traffic(fixture, 99, 1, 50);
    assertThat(outAfterAnInterval(fixture)).as("each interval counts for itself").isEmpty();
    traffic(fixture, 100, 1, 50);
    assertThat(outAfterAnInterval(fixture)).containsExactly("e0");
  }

  @Test
  void the_most_requests_that_can_be_asked_for_judge_nobody() {
    Fixture fixture =
        new Fixture(
            eps(10),
            b ->
                b.stages(
                        Stages.outliers(
                            Integer.MAX_VALUE,
                            INTERVAL,
                            Duration.ofSeconds(30),
                            INTERVAL.multipliedBy(30)))
                    .strategy(Strategies.roundRobin()));
    traffic(fixture, 1000, 1, 1000);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
  }

  @Test
  void what_says_nothing_of_the_endpoint_does_not_count() {
    Fixture fixture = pool(10);
    traffic(fixture, 100, 0, 0);
    fixture.on("e0", Outcome.OVERLOADED, 100);
    fixture.on("e1", Outcome.CANCELLED, 100);
    fixture.on("e2", Outcome.REJECTED, 100);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
    traffic(fixture, 100, 0, 0);
    fixture.on("e3", Outcome.TIMEOUT, 25);
    fixture.on("e3", Outcome.UNREACHABLE, 25);
    assertThat(outAfterAnInterval(fixture)).containsExactly("e3");
  }

  // ---- what is chance ----

  /** Three deviations off, by one failure. */
  @Test
  void one_stray_failure_is_no_outlier() {
    Fixture fixture = pool(10);
    traffic(fixture, 100, 1, 1);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
  }

  /** Five points below the mean, of which a tenth is the outlier's own: 5.55 % of all do. */
  @Test
  void five_points_below_the_mean_are() {
    Fixture fixture = pool(10);
    traffic(fixture, 10_000, 1, 550);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
    traffic(fixture, 10_000, 1, 560);
    assertThat(outAfterAnInterval(fixture)).containsExactly("e0");
  }

  /**
   * Requests fail wherever they go, two or ten in a hundred. Of 20 endpoints the worst of an
   * interval is beyond 1.9 deviations in half of all intervals, and at ten in a hundred beyond five
   * points too. That it has as many failures as four standard errors more than the mean ask for, 8
   * or 22 of 100, has the probability .001 and .0003 for one endpoint: in 20 intervals it happens
   * .4 and .1 times. Four times would be once in a thousand runs and less.
   */
  @ParameterizedTest
  @ValueSource(doubles = {0.02, 0.1})
  void failures_that_are_everywhere_take_hardly_anybody_out(double failing) {
    Seeds.forEach(
        3,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          Fixture fixture = pool(20);
          int ejections = 0;
          for (int interval = 0; interval < 20; interval++) {
            for (int i = 0; i < 20; i++) {
              for (int r = 0; r < 100 && fixture.weight("e" + i) > 0; r++) {
                boolean fails = random.nextDouble() < failing;
                fixture.on("e" + i, fails ? Outcome.FAILURE : Outcome.SUCCESS, 1);
              }
            }
            List<String> before = out(fixture);
            for (String id : outAfterAnInterval(fixture)) {
              ejections += before.contains(id) ? 0 : 1;
            }
          }
          assertThat(ejections).isLessThanOrEqualTo(3);
        });
  }

  // ---- more than 85 % failures ----

  @Test
  void one_that_nearly_always_fails_goes_out_at_half_the_requests() {
    Fixture fixture = pool(9);
    traffic(fixture, 60, 2, 51); // 85 %
    assertThat(outAfterAnInterval(fixture)).isEmpty();
    traffic(fixture, 60, 2, 52);
    assertThat(outAfterAnInterval(fixture)).hasSize(1);
    Fixture few = pool(9);
    traffic(few, 49, 2, 49);
    assertThat(outAfterAnInterval(few)).isEmpty();
    Fixture small = pool(4);
    traffic(small, 100, 1, 100);
    assertThat(outAfterAnInterval(small)).as("fewer than five").isEmpty();
  }

  // ---- how many, how long ----

  @ParameterizedTest
  @CsvSource({"5, 1", "10, 1", "11, 2", "20, 2", "21, 3", "30, 3"})
  void a_tenth_is_out_at_most_and_one_in_any_case(int n, int most) {
    Fixture fixture = pool(n);
    for (int interval = 0; interval < 2; interval++) {
      traffic(fixture, 100, 4, 90);
      outAfterAnInterval(fixture);
    }
    assertThat(out(fixture)).hasSize(most);
  }

  /** What dies with a pod that is going away says nothing of the others, and takes no place. */
  @Test
  void who_goes_away_is_not_judged_and_takes_nobodys_place() {
    Endpoint[] list = eps(10);
    Fixture fixture =
        new Fixture(list, b -> b.stages(Stages.outliers()).strategy(Strategies.roundRobin()));
    List<Attempt> last = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      last.add(fixture.beginOn("e0"));
    }
    list[0] = list[0].withDraining(true);
    fixture.publish(list);
    last.forEach(attempt -> attempt.end(Outcome.UNREACHABLE));
    fixture.on("e1", Outcome.FAILURE, 50);
    fixture.on("e1", Outcome.SUCCESS, 50);
    for (int i = 2; i < 10; i++) {
      fixture.on("e" + i, Outcome.SUCCESS, 100);
    }
    assertThat(outAfterAnInterval(fixture)).containsExactly("e0", "e1");
    assertThat(fixture.reason("e0")).isEqualTo("draining");
    assertThat(fixture.reason("e1")).isEqualTo("outlier: 50 of 100 failed");

    list[1] = list[1].withDraining(true); // its place is free again
    fixture.publish(list);
    for (int i = 2; i < 10; i++) {
      fixture.on("e" + i, Outcome.FAILURE, i == 2 ? 50 : 0);
      fixture.on("e" + i, Outcome.SUCCESS, i == 2 ? 50 : 100);
    }
    assertThat(outAfterAnInterval(fixture)).containsExactly("e0", "e1", "e2");
  }

  @Test
  void the_worst_goes_first() {
    Fixture fixture = pool(10);
    for (int i = 0; i < 10; i++) {
      int failures = i == 6 ? 60 : i == 3 ? 55 : 0;
      fixture.on("e" + i, Outcome.FAILURE, failures);
      fixture.on("e" + i, Outcome.SUCCESS, 100 - failures);
    }
    assertThat(outAfterAnInterval(fixture)).containsExactly("e6");
  }

  @Test
  void it_is_back_after_thirty_seconds_in_full_and_then_after_sixty() {
    Fixture fixture = pool(10);
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    fixture.platform.advance(Duration.ofMillis(29_900));
    assertThat(out(fixture)).containsExactly("e0");
    fixture.platform.advance(Duration.ofMillis(100));
    assertThat(fixture.weight("e0")).isEqualTo(1);
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    assertThat(fixture.reason("e0")).isEqualTo("outlier: 50 of 100 failed, episode 2");
    fixture.platform.advance(Duration.ofSeconds(59));
    assertThat(out(fixture)).containsExactly("e0");
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(out(fixture)).isEmpty();
  }

  @Test
  void five_minutes_are_the_longest() {
    Fixture fixture = pool(10);
    for (int episode = 1; episode <= 15; episode++) {
      traffic(fixture, 100, 1, 50);
      assertThat(outAfterAnInterval(fixture)).as("episode %d", episode).containsExactly("e0");
      Duration outFor = Duration.ofSeconds(Math.min(300, 30L * episode));
      fixture.platform.advance(outFor.minusSeconds(2));
      assertThat(out(fixture)).as("episode %d", episode).containsExactly("e0");
      fixture.platform.advance(Duration.ofSeconds(2));
      assertThat(out(fixture)).as("episode %d", episode).isEmpty();
    }
  }

  @Test
  void each_interval_in_use_takes_an_episode_back() {
    Fixture fixture = pool(10);
    for (int episode = 1; episode <= 3; episode++) {
      traffic(fixture, 100, 1, 50);
      outAfterAnInterval(fixture);
      fixture.platform.advance(Duration.ofSeconds(30L * episode));
    }
    assertThat(out(fixture)).isEmpty();
    fixture.platform.advance(INTERVAL.multipliedBy(2)); // from three to one
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    assertThat(fixture.reason("e0")).endsWith("episode 2");
  }

  @Test
  void what_ends_while_it_is_out_is_not_held_against_it() {
    Fixture fixture = pool(10);
    List<Attempt> late = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      late.add(fixture.beginOn("e0"));
    }
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    late.forEach(attempt -> attempt.end(Outcome.FAILURE));
    fixture.platform.advance(Duration.ofSeconds(30));
    traffic(fixture, 100, 0, 0);
    assertThat(outAfterAnInterval(fixture)).isEmpty();
  }

  @Test
  void who_leaves_and_comes_back_starts_afresh() {
    Fixture fixture = pool(10);
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    Endpoint[] others = new Endpoint[9];
    System.arraycopy(eps(10), 1, others, 0, 9);
    fixture.publish(others);
    fixture.publish(eps(10));
    assertThat(out(fixture)).isEmpty();
    Endpoint[] changed = eps(10);
    traffic(fixture, 100, 1, 50);
    outAfterAnInterval(fixture);
    changed[0] = ep("e0", 3);
    fixture.publish(changed);
    assertThat(out(fixture)).as("a new weight is no new endpoint").containsExactly("e0");
  }

  /** Once an interval, and no more. */
  @Test
  void an_idle_pool_is_looked_at_once_an_interval() {
    Fixture fixture = pool(10);
    long rebuilds = fixture.balancer.stats().rebuilds();
    fixture.platform.advance(INTERVAL.multipliedBy(30));
    assertThat(fixture.balancer.stats().rebuilds() - rebuilds).isBetween(29L, 31L);
  }

  // ---- values ----

  @Test
  void parameters_are_checked_and_equal_ones_are_equal() {
    Duration second = Duration.ofSeconds(1);
    Duration year = Duration.ofDays(365);
    assertRefused(() -> Stages.outliers(1, second, second, second), "requests: 1", ">= 2");
    assertRefused(
        () -> Stages.outliers(100, Duration.ofMillis(99), second, second), "interval", "100 ms");
    assertRefused(
        () -> Stages.outliers(100, Duration.ofDays(2), second, second), "interval: PT48H");
    assertRefused(() -> Stages.outliers(100, second, Duration.ZERO, second), "base: PT0S", "> 0");
    assertRefused(
        () -> Stages.outliers(100, second, second, Duration.ofMillis(999)), "most: PT0.999S");
    assertRefused(() -> Stages.outliers(100, second, second, year.plusNanos(1)), "most", "365");
    assertThat(Stages.outliers())
        .isEqualTo(Stages.outliers(100, INTERVAL, Duration.ofSeconds(30), Duration.ofMinutes(5)))
        .hasToString("outliers");
  }

  private static void assertRefused(Runnable call, String... fragments) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(fragments);
  }
}
