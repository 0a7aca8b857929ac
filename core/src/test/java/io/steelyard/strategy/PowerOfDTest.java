package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.topology;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.Candidates;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.strategy.HashFixture.Load;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class PowerOfDTest {
  private static final int PICKS = 200_000;

  private static final LoadMetric[] METRICS = {LoadMetric.inFlight(), LoadMetric.peakEwma()};

  /** Every request costs the same, but the clock is read and weights see measured costs. */
  private static final LoadMetric TIMED = (stats, now) -> 100;

  private static Picker picker(int choices, LoadMetric metric, int[] weights, int... inFlight) {
    EndpointStats[] stats = new EndpointStats[inFlight.length];
    for (int i = 0; i < stats.length; i++) {
      Load load = new Load();
      load.inFlight = inFlight[i];
      stats[i] = load;
    }
    Candidates candidates = Candidates.of(topology(stats.length, i -> weights[i]), stats);
    return Strategies.powerOf(choices, metric).compile(candidates, new OneBalancer(choices));
  }

  private static int[] counts(Picker picker, int n) {
    int[] counts = new int[n];
    for (int k = 0; k < PICKS; k++) {
      counts[picker.pick(PickContext.none(), 0)]++;
    }
    return counts;
  }

  private static int[] ones(int n) {
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  private static int[] upTo(int n) {
    int[] loads = new int[n];
    Arrays.setAll(loads, i -> i);
    return loads;
  }

  /** Five standard deviations of √(N·p·(1−p)): exceeded by chance once in 1.7 million. */
  private static void assertShare(int count, double share, String what, Object... args) {
    double sigma = Math.sqrt(PICKS * share * (1 - share));
    assertThat((double) count).as(what, args).isCloseTo(PICKS * share, within(5 * sigma + 1e-9));
  }

  private static double choose(int n, int k) {
    double result = 1;
    for (int i = 0; i < k; i++) {
      result = result * (n - i) / (i + 1);
    }
    return n < k ? 0 : result;
  }

  /**
   * Of n loads the one of rank r is the least of d different ones if it is drawn and the other d −
   * 1 are among the n − r above it: C(n−r, d−1) / C(n, d). So the d − 1 highest are never chosen,
   * which they would be if an endpoint could be compared with itself.
   */
  @Test
  void follows_the_rank_law_of_d_distinct_choices() {
    for (LoadMetric metric : METRICS) {
      for (int n : new int[] {4, 9, 10, 50}) {
        for (int d = 2; d <= Math.min(8, n); d++) {
          int[] counts = counts(picker(d, metric, ones(n), upTo(n)), n);
          if (metric == LoadMetric.peakEwma()) {
            // Nothing is known of the latencies: the idle one is the best, all others tie.
            assertShare(counts[0], (double) d / n, "idle, n=%d, d=%d", n, d);
            continue;
          }
          for (int r = 1; r <= n; r++) {
            double law = choose(n - r, d - 1) / choose(n, d);
            assertShare(counts[r - 1], law, "rank %d, n=%d, d=%d", r, n, d);
          }
        }
      }
    }
  }

  @Test
  void as_many_choices_as_endpoints_or_more_find_the_least_loaded_always() {
    for (int n = 2; n <= 8; n++) {
      for (int d = n; d <= 8; d++) {
        int[] loads = upTo(n);
        loads[n - 1] = 0; // e0 and the last one tie
        int[] counts = counts(picker(d, LoadMetric.inFlight(), ones(n), loads), n);
        assertShare(counts[0], 0.5, "first of %d, d=%d", n, d);
        assertShare(counts[n - 1], 0.5, "last of %d, d=%d", n, d);
      }
    }
  }

  @Test
  void ties_are_decided_evenly_wherever_they_stand() {
    int[] counts = counts(picker(4, TIMED, ones(6), 3, 1, 1, 3, 3, 1), 6);
    // With four of six at least one of the three is among them, and each equally often.
    for (int i : new int[] {1, 2, 5}) {
      assertShare(counts[i], 1 / 3.0, "e%d", i);
    }
  }

  @Test
  void without_load_shares_are_the_weights() {
    for (LoadMetric metric : new LoadMetric[] {LoadMetric.inFlight(), TIMED}) {
      for (int d : new int[] {3, 4, 8}) {
        int[] counts = counts(picker(d, metric, new int[] {1, 2, 3}, 0, 0, 0), 3);
        for (int i = 0; i < 3; i++) {
          assertShare(counts[i], (i + 1) / 6.0, "weight %d, d=%d", i + 1, d);
        }
      }
    }
  }

  @Test
  void what_the_heavier_has_in_flight_counts_in_whole_requests_of_the_lighter() {
    for (LoadMetric metric : new LoadMetric[] {LoadMetric.inFlight(), TIMED}) {
      // All are compared. Eight requests of weight 9 are none of weight 1: all tie, and the first
      // drawn stays.
      int[] ties = counts(picker(3, metric, new int[] {9, 1, 1}, 8, 0, 0), 3);
      assertShare(ties[0], 9 / 11.0, "8 in flight");
      // Nine are one; the two light ones are idle.
      int[] loses = counts(picker(3, metric, new int[] {9, 1, 1}, 9, 0, 0), 3);
      assertThat(loses[0]).isZero();
      // Among the light ones the idle one wins, though it is drawn rarely beside the heavy.
      int[] light = counts(picker(3, metric, new int[] {1000, 1, 1}, 5000, 1, 0), 3);
      assertThat(light).containsExactly(0, 0, PICKS);
    }
  }

  /** As when the stable version is in trouble and canaries are to help it. */
  @Test
  void the_other_one_is_drawn_by_weight_however_heavy_the_first_is() {
    for (LoadMetric metric : new LoadMetric[] {LoadMetric.inFlight(), TIMED}) {
      int[] counts = counts(picker(2, metric, new int[] {1, 10_000, 3, 6}, 0, 50_000, 0, 0), 4);
      assertThat(counts[1]).isZero();
      assertThat((double) counts[0] / PICKS).isCloseTo(0.1, within(0.005));
      assertThat((double) counts[2] / PICKS).isCloseTo(0.3, within(0.005));
      assertThat((double) counts[3] / PICKS).isCloseTo(0.6, within(0.005));
    }
  }

  @Test
  void two_choices_are_power_of_two() {
    assertThat(Strategies.powerOf(2, LoadMetric.inFlight()))
        .isEqualTo(Strategies.powerOfTwo(LoadMetric.inFlight()));
    assertThat(Strategies.powerOf(3, LoadMetric.peakEwma())).hasToString("powerOf(3, peakEwma)");
  }

  @Test
  void the_number_of_choices_is_checked() {
    for (int choices : new int[] {-1, 0, 1, 9}) {
      assertThatThrownBy(() -> Strategies.powerOf(choices, LoadMetric.inFlight()))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("powerOf: choices: %d (expected: 2 to 8)", choices);
    }
  }
}
