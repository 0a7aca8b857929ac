package io.steelyard.strategy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SmoothScheduleTest {
  /** How far any position is from its ideal share, after any number of turns of a period. */
  private static double deviation(int[] schedule, double... weights) {
    double sum = Arrays.stream(weights).sum();
    int[] had = new int[weights.length];
    double most = 0;
    // A position is furthest behind just before a turn of its own, and furthest ahead after it.
    for (int t = 0; t < schedule.length; t++) {
      int p = schedule[t];
      most = Math.max(most, t * weights[p] / sum - had[p]);
      had[p]++;
      most = Math.max(most, had[p] - (t + 1) * weights[p] / sum);
    }
    return most;
  }

  private static int[] shares(int[] schedule, int n) {
    int[] shares = new int[n];
    for (int p : schedule) {
      shares[p]++;
    }
    return shares;
  }

  @Test
  void five_one_one_is_aabacaa() {
    assertThat(SmoothSchedule.of(new double[] {5, 1, 1})).containsExactly(0, 0, 1, 0, 2, 0, 0);
  }

  @Test
  void equal_weights_take_turns() {
    assertThat(SmoothSchedule.of(new double[] {3, 3, 3})).containsExactly(0, 1, 2);
  }

  @Test
  void the_period_is_in_lowest_terms() {
    assertThat(SmoothSchedule.of(new double[] {500, 100, 100})).hasSize(7);
  }

  // The figures are those of nginx's order.

  @Test
  void deviates_from_the_ideal_by_no_more_than_is_known() {
    assertDeviation(0.571, 5, 1, 1);
    assertDeviation(0.545, 2, 3, 6);
    assertDeviation(0.667, 3, 5, 7);
    assertDeviation(0.9, 10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1);
  }

  private static void assertDeviation(double expected, double... weights) {
    assertThat(deviation(SmoothSchedule.of(weights), weights))
        .as(Arrays.toString(weights))
        .isCloseTo(expected, within(0.001));
  }

  @Test
  void a_period_contains_each_position_exactly_by_its_weight() {
    Random random = new Random(42);
    for (int round = 0; round < 200; round++) {
      double[] weights = new double[1 + random.nextInt(40)];
      Arrays.setAll(weights, i -> 1 + random.nextInt(50));
      int[] schedule = SmoothSchedule.of(weights);
      int[] shares = shares(schedule, weights.length);
      double sum = Arrays.stream(weights).sum();
      for (int p = 0; p < weights.length; p++) {
        assertThat(shares[p] * sum)
            .as("weights %s", Arrays.toString(weights))
            .isEqualTo(weights[p] * schedule.length);
      }
    }
  }

  @Test
  void ten_thousand_positions_get_exact_shares_and_are_evenly_spread() {
    double[] weights = new double[10_000];
    Arrays.setAll(weights, i -> 1 + i % 100);
    int[] schedule = SmoothSchedule.of(weights);
    int[] shares = shares(schedule, weights.length);
    for (int p = 0; p < weights.length; p++) {
      assertThat((double) shares[p]).isEqualTo(weights[p]);
    }
    // A hundred members of a group take their turns round: each is less than one turn from a
    // hundredth of what the group had, and the group itself is off by less than ten turns, a tenth
    // for each member.
    assertThat(deviation(schedule, weights)).isLessThan(1.1);
  }

  @Test
  void weights_that_are_no_whole_numbers_are_rounded_to_a_fraction_of_a_percent() {
    double[] weights = {1, 0.1, 0.55, 1};
    int[] schedule = SmoothSchedule.of(weights);
    int[] shares = shares(schedule, 4);
    double sum = Arrays.stream(weights).sum();
    for (int p = 0; p < 4; p++) {
      assertThat(shares[p] / (double) schedule.length).isCloseTo(weights[p] / sum, within(0.001));
    }
  }

  @Test
  void large_weights_of_the_same_size_keep_their_shares_within_a_thousandth() {
    for (double[] weights :
        new double[][] {{941_177, 1_000_000}, {999_983, 531_247, 500_009}, {1_000_000, 48_577}}) {
      int[] turns = SmoothSchedule.turns(weights);
      double period = Arrays.stream(turns).sum();
      double sum = Arrays.stream(weights).sum();
      for (int p = 0; p < weights.length; p++) {
        assertThat(turns[p] / period / (weights[p] / sum)).isCloseTo(1, within(0.001));
      }
    }
  }

  @Test
  void the_lightest_beside_the_heaviest_still_gets_a_turn() {
    int[] schedule = SmoothSchedule.of(new double[] {1_000_000, 1});
    int[] shares = shares(schedule, 2);
    assertThat(shares[1]).isEqualTo(1);
    assertThat(shares[0]).isGreaterThanOrEqualTo(999_999);
    assertThat(shares(SmoothSchedule.of(new double[] {1e9, 1e-9}), 2)[1]).isEqualTo(1);
  }

  @Test
  void a_period_of_about_a_million_is_the_longest() {
    Random random = new Random(7);
    double[] weights = new double[300];
    Arrays.setAll(weights, i -> 1 + random.nextInt(1_000_000));
    assertThat(SmoothSchedule.of(weights).length).isLessThanOrEqualTo((1 << 20) + weights.length);
  }

  /** A turn of a position by its midpoint, (2k + 1) / 2t. */
  private record Midpoint(int position, int k, int turns) {}

  @Test
  void groups_take_their_turns_in_the_order_of_midpoints_and_ties_go_to_the_later() {
    Random random = new Random(11);
    for (int round = 0; round < 300; round++) {
      int[] turns = new int[1 + random.nextInt(30)];
      int most = 1 << random.nextInt(10);
      Arrays.setAll(turns, i -> 1 + random.nextInt(most));
      List<Midpoint> midpoints = new ArrayList<>();
      for (int p = 0; p < turns.length; p++) {
        for (int k = 0; k < turns[p]; k++) {
          midpoints.add(new Midpoint(p, k, turns[p]));
        }
      }
      midpoints.sort(
          (a, b) -> {
            int order = Long.compare((2L * a.k + 1) * b.turns, (2L * b.k + 1) * a.turns);
            return order != 0 ? order : Integer.compare(b.position, a.position);
          });
      assertThat(SmoothSchedule.byMidpoints(turns, midpoints.size()))
          .as("turns %s", Arrays.toString(turns))
          .containsExactly(midpoints.stream().mapToInt(Midpoint::position).toArray());
    }
  }

  @Test
  void ten_thousand_different_weights_are_evenly_spread_too() {
    double[] different = new double[10_000];
    Arrays.setAll(different, i -> 1 + i);
    assertEvenlySpread(different, 1.5);
    double[] ramp = new double[10_000]; // of a tenth, each at another step of its ramp
    Arrays.setAll(ramp, i -> (1 + i * 37 % 100) * (i % 10 == 0 ? 0.1 + 0.9 * i / 10_000 : 1));
    assertEvenlySpread(ramp, 1.5);
    Random random = new Random(5);
    double[] skewed = new double[10_000];
    Arrays.setAll(skewed, i -> Math.exp(3 * random.nextGaussian()));
    // From one part in millions to some hundredths: 15 was measured.
    assertEvenlySpread(skewed, 20);
  }

  private static void assertEvenlySpread(double[] weights, double most) {
    double[] turns = Arrays.stream(SmoothSchedule.turns(weights)).asDoubleStream().toArray();
    int[] schedule = SmoothSchedule.of(weights);
    assertThat(shares(schedule, turns.length))
        .containsExactly(Arrays.stream(turns).mapToInt(t -> (int) t).toArray());
    assertThat(deviation(schedule, turns)).isLessThan(most);
  }
}
