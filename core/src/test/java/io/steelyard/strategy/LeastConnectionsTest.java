package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.topology;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.Candidates;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.strategy.HashFixture.Load;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LeastConnectionsTest {
  private static final int PICKS = 200_000;

  /** Counts how often it is asked. */
  private static final class Watched extends Load {
    int asked;

    @Override
    public int inFlight() {
      asked++;
      return super.inFlight();
    }
  }

  private static Watched[] loads(int... inFlight) {
    Watched[] loads = new Watched[inFlight.length];
    for (int i = 0; i < loads.length; i++) {
      loads[i] = new Watched();
      loads[i].inFlight = inFlight[i];
    }
    return loads;
  }

  private static Picker picker(int[] weights, Watched[] loads) {
    Candidates candidates = Candidates.of(topology(loads.length, i -> weights[i]), loads);
    return Strategies.leastConnections().compile(candidates, new OneBalancer(5));
  }

  private static int[] counts(Picker picker, int n, int rank) {
    int[] counts = new int[n];
    for (int k = 0; k < PICKS; k++) {
      counts[picker.pick(PickContext.none(), rank)]++;
    }
    return counts;
  }

  /** Five standard deviations: exceeded by chance once in 1.7 million. */
  private static void assertShares(int[] counts, double... shares) {
    for (int i = 0; i < counts.length; i++) {
      double sigma = Math.sqrt(PICKS * shares[i] * (1 - shares[i]));
      assertThat((double) counts[i])
          .as("e%d of %s", i, Arrays.toString(counts))
          .isCloseTo(PICKS * shares[i], within(5 * sigma + 1e-9));
    }
  }

  private static int[] ones(int n) {
    int[] ones = new int[n];
    Arrays.fill(ones, 1);
    return ones;
  }

  @Test
  void ties_are_decided_evenly_wherever_they_stand() {
    // Not the first, and not whoever stands behind the longest gap.
    Picker some = picker(ones(8), loads(4, 1, 1, 5, 9, 3, 2, 1));
    double third = 1 / 3.0;
    assertShares(counts(some, 8, 0), 0, third, third, 0, 0, 0, 0, third);
    Picker all = picker(ones(100), loads(new int[100]));
    double[] hundredth = new double[100];
    Arrays.fill(hundredth, 0.01);
    assertShares(counts(all, 100, 0), hundredth);
  }

  @Test
  void ties_are_decided_by_weight() {
    assertShares(
        counts(picker(new int[] {1, 2, 3}, loads(0, 0, 0)), 3, 0), 1 / 6.0, 2 / 6.0, 3 / 6.0);
    // One, two and four requests are the same load; eight on the last are more.
    assertShares(
        counts(picker(new int[] {4, 1, 2, 4}, loads(4, 1, 2, 8)), 4, 0),
        4 / 7.0,
        1 / 7.0,
        2 / 7.0,
        0);
  }

  @Test
  void ties_in_a_row_do_not_depend_on_each_other() {
    // The chances of one pick come from one number. Who is chosen next after whom: 16 cells.
    Picker picker = picker(ones(4), loads(0, 0, 0, 0));
    int[] pairs = new int[16];
    int before = 0;
    for (int k = 0; k < PICKS; k++) {
      int next = picker.pick(PickContext.none(), 0);
      pairs[4 * before + next]++;
      before = next;
    }
    double[] sixteenth = new double[16];
    Arrays.fill(sixteenth, 1 / 16.0);
    assertShares(pairs, sixteenth);
  }

  @Test
  void each_endpoint_is_asked_once() {
    for (int[] weights : new int[][] {ones(5), {1, 2, 3, 4, 5}}) {
      Watched[] loads = loads(0, 2, 0, 4, 0);
      Picker picker = picker(weights, loads);
      for (int k = 1; k <= 100; k++) {
        picker.pick(PickContext.none(), 0);
        for (Watched load : loads) {
          assertThat(load.asked).isEqualTo(k);
        }
      }
    }
  }

  @Test
  void the_next_rank_is_the_next_higher_load_and_past_the_last_the_highest() {
    for (int scale : new int[] {1, 7}) {
      int[] weights = new int[6];
      Arrays.fill(weights, scale);
      Picker equal = picker(weights, loads(5, 2, 5, 0, 2, 5));
      assertShares(counts(equal, 6, 0), 0, 0, 0, 1, 0, 0);
      assertShares(counts(equal, 6, 1), 0, 0.5, 0, 0, 0.5, 0);
      double third = 1 / 3.0;
      for (int rank : new int[] {2, 3, 9}) {
        assertShares(counts(equal, 6, rank), third, 0, third, 0, 0, third);
      }
    }
    Picker weighted = picker(new int[] {1, 2, 4}, loads(1, 4, 12));
    for (int rank = 0; rank < 5; rank++) {
      int expected = Math.min(rank, 2);
      double[] shares = new double[3];
      shares[expected] = 1;
      assertShares(counts(weighted, 3, rank), shares);
    }
  }
}
