package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

class AdaptiveTest {
  private static Fixture two(Strategy strategy, int firstMillis, int secondMillis) {
    Fixture fixture = new Fixture(eps(2), b -> b.stages().strategy(strategy));
    Attempt first = fixture.beginOn("e0");
    Attempt second = fixture.beginOn("e1");
    fixture.platform.advance(Duration.ofMillis(Math.min(firstMillis, secondMillis)));
    (firstMillis <= secondMillis ? first : second).success();
    fixture.platform.advance(Duration.ofMillis(Math.abs(firstMillis - secondMillis)));
    (firstMillis <= secondMillis ? second : first).success();
    return fixture;
  }

  private static String choice(Fixture fixture) {
    return Objects.requireNonNull(fixture.balancer.pick(PickContext.none())).id();
  }

  @Test
  void it_is_what_a_balancer_uses_unless_told_otherwise() {
    assertThat(new Fixture(eps(2), b -> b).balancer.policy().strategy())
        .isEqualTo(Strategies.adaptive())
        .hasToString("adaptive");
  }

  @Test
  void of_endpoints_that_are_about_equally_fast_the_one_with_less_in_flight_is_chosen() {
    Fixture fixture = two(Strategies.adaptive(), 15, 10);
    for (int i = 0; i < 5; i++) {
      fixture.beginOn("e0");
    }
    for (int i = 0; i < 4; i++) {
      fixture.beginOn("e1");
    }
    assertThat(choice(fixture)).isEqualTo("e1");
    fixture.beginOn("e1");
    fixture.beginOn("e1");
    for (int i = 0; i < 20; i++) {
      assertThat(choice(fixture)).as("not by latency, 15 × 6 against 10 × 7").isEqualTo("e0");
    }
  }

  @Test
  void of_endpoints_whose_speeds_differ_the_one_with_less_load_is_chosen() {
    Fixture fixture = two(Strategies.adaptive(), 40, 10);
    fixture.beginOn("e1");
    for (int i = 0; i < 20; i++) {
      assertThat(choice(fixture)).as("24 × 1 against 10 × 2").isEqualTo("e1");
    }
    fixture.beginOn("e1");
    fixture.beginOn("e1");
    for (int i = 0; i < 20; i++) {
      assertThat(choice(fixture)).as("24 × 1 against 10 × 4").isEqualTo("e0");
    }
  }

  /** Were the higher cost believed in full as soon as it is beyond chance, it would be 21 × 1. */
  @Test
  void a_cost_that_is_a_little_too_high_counts_for_little() {
    Fixture fixture = two(Strategies.adaptive(), 21, 10);
    fixture.beginOn("e1");
    for (int i = 0; i < 20; i++) {
      assertThat(choice(fixture)).as("12.6 × 1 against 10 × 2").isEqualTo("e0");
    }
  }

  /**
   * A request every three seconds, one of four endpoints sixteen times as slow: each would be asked
   * every twelve seconds, and an average that fades in ten knows nothing by then.
   */
  @Test
  void a_slow_endpoint_is_told_by_rare_requests_too() {
    for (Strategy strategy :
        List.of(Strategies.adaptive(), Strategies.powerOfTwo(LoadMetric.peakEwma()))) {
      Fixture fixture = new Fixture(eps(4), b -> b.stages().strategy(strategy));
      int slow = 0;
      for (int i = 0; i < 4_000; i++) {
        Attempt attempt = fixture.balancer.begin(PickContext.none());
        boolean isSlow = attempt.endpoint().id().equals("e0");
        slow += isSlow && i >= 100 ? 1 : 0;
        fixture.platform.advance(Duration.ofMillis(isSlow ? 1_600 : 100));
        attempt.success();
        fixture.platform.advance(Duration.ofMillis(isSlow ? 1_400 : 2_900));
      }
      // It is tried again when its average has come down from 16 to below 2 (or 1) times the
      // others': after 2.1 time constants of fifty gaps, which is once in 400 requests.
      assertThat(slow).as("%s", strategy).isBetween(3, 40);
    }
  }

  /** One request in a hundred fails, wherever it goes: nobody is to be shunned for it. */
  @Test
  void stray_failures_leave_shares_alone() {
    Fixture fixture = new Fixture(eps(5), b -> b.stages());
    int[] counts = new int[5];
    for (int i = 0; i < 20_000; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      counts[fixture.index(attempt.endpoint().id())]++;
      Outcome outcome = i % 100 == 0 ? Outcome.FAILURE : Outcome.SUCCESS;
      fixture.platform.schedule(() -> attempt.end(outcome), Duration.ofMillis(8));
      fixture.platform.advance(Duration.ofMillis(2));
    }
    for (int count : counts) {
      assertThat(count).isBetween(3_600, 4_400); // 4,000 each
    }
  }

  /**
   * An endpoint that fails at once is not the fastest: without ejection it gets a request now and
   * then, one in some seconds.
   */
  @Test
  void one_that_fails_fast_gets_next_to_nothing() {
    Fixture fixture = new Fixture(eps(5), b -> b.stages());
    int failed = 0;
    for (int i = 0; i < 20_000; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      boolean fails = attempt.endpoint().id().equals("e0");
      failed += fails ? 1 : 0;
      Outcome outcome = fails ? Outcome.UNREACHABLE : Outcome.SUCCESS;
      fixture.platform.schedule(() -> attempt.end(outcome), Duration.ofMillis(fails ? 1 : 20));
      fixture.platform.advance(Duration.ofMillis(2));
    }
    assertThat(failed).isBetween(5, 60); // in 40 s
  }
}
