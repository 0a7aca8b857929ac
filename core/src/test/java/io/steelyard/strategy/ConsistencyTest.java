package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.candidates;
import static io.steelyard.strategy.HashFixture.counts;
import static io.steelyard.strategy.HashFixture.endpoint;
import static io.steelyard.strategy.HashFixture.homes;
import static io.steelyard.strategy.HashFixture.topology;
import static io.steelyard.strategy.HashFixture.without;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.Candidates;
import io.steelyard.Reason;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Shares, and which keys move when the list changes: numbers known in closed form. */
class ConsistencyTest {
  // ---- ring ----

  @Test
  void sharesOfARingVaryAsTheySay() {
    // √((n−1)/(nV+1)) = .09995 for n = 1000, V = 100.
    double expected = Math.sqrt(999 / 100_001.0);
    double squares = 0;
    int rings = 8;
    for (int r = 0; r < rings; r++) {
      int ring = r;
      List<String> ids = IntStream.range(0, 1000).mapToObj(i -> "r" + ring + "-" + i).toList();
      Rows rows = Rows.byId(Topology.of(ids.stream().map(id -> endpoint(id, 1)).toList()));
      double[] share = ringShares(new Ring(rows, 100), 1000);
      squares += Arrays.stream(share).map(s -> (s * 1000 - 1) * (s * 1000 - 1)).sum() / 1000;
    }
    double cv = Math.sqrt(squares / rings);
    // 8000 shares, nearly normal: the error of their deviation is 1/√16000 = .8 %, here four of it.
    assertThat(cv).isCloseTo(expected, within(0.032 * expected));
  }

  private static double[] ringShares(Ring ring, int rows) {
    double[] share = new double[rows];
    for (int p = 0; p < ring.length(); p++) {
      long gap = ring.salt(p, 0) - ring.salt(p == 0 ? ring.length() - 1 : p - 1, 0);
      share[ring.row(p)] += (gap >>> 1) / 0x1p63; // wraps at the circle's end, as it should
    }
    return share;
  }

  @Test
  void theRingHasPointsByWeight() {
    Ring ring = new Ring(Rows.byId(topology(3, i -> i)), 100); // weights 0, 1, 2: a mean of 1.5
    int[] points = new int[3];
    for (int p = 0; p < ring.length(); p++) {
      points[ring.row(p)]++;
    }
    assertThat(points).containsExactly(0, 67, 133);
  }

  @ParameterizedTest
  @CsvSource({"ringHash", "rendezvous"})
  void whoLeavesMovesItsOwnKeysOnly(String name) {
    Strategy strategy = name.equals("ringHash") ? Strategies.ringHash() : Strategies.rendezvous();
    Topology twenty = topology(20);
    Candidates before = candidates(twenty);
    Candidates after = candidates(without(twenty, "e7"));
    String[] homesBefore = homes(strategy.compile(before, new OneBalancer(1)), before, 20_000);
    String[] homesAfter = homes(strategy.compile(after, new OneBalancer(1)), after, 20_000);
    for (int k = 0; k < 20_000; k++) {
      if (!homesBefore[k].equals("e7")) {
        assertThat(homesAfter[k]).isEqualTo(homesBefore[k]);
      }
    }
  }

  @Test
  void onARingWhoIsEjectedAndThenLeavesMovesKeysOnce() {
    Topology twenty = topology(20);
    Candidates ejected = candidates(twenty).exclude(i -> i == 7, Reason.of("ejected"));
    Candidates gone = candidates(without(twenty, "e7"));
    Strategy ring = Strategies.ringHash();
    assertThat(homes(ring.compile(ejected, new OneBalancer(1)), ejected, 20_000))
        .isEqualTo(homes(ring.compile(gone, new OneBalancer(1)), gone, 20_000));
  }

  // ---- Maglev ----

  @ParameterizedTest
  @CsvSource({"1, 65537", "3, 65537", "7, 251", "10, 65537", "100, 65537", "251, 251"})
  void equalWeightsHaveEqualSlotsToWithinOne(int n, int size) {
    int[] slots = slots(topology(n), size);
    for (int count : slots) {
      assertThat(count).isBetween(size / n, (size + n - 1) / n);
    }
    assertThat(Arrays.stream(slots).sum()).isEqualTo(size);
  }

  @Test
  void slotsGoByWeight() {
    assertThat(slots(topology(2, i -> i + 1), 65_537)).containsExactly(21_846, 43_691);
    // What comes out uneven is rounded up, and the heaviest pays; whoever has weight has a slot.
    int[] weights = {1, 10, 100, 1_000, 1_000_000, 0, 3};
    int[] slots = slots(topology(weights.length, i -> weights[i]), 65_537);
    assertThat(slots).containsExactly(1, 1, 7, 66, 65_461, 0, 1); // ideal .07, .7, 6.5, 65.5, …
  }

  private static int[] slots(Topology topology, int size) {
    MaglevTable table = new MaglevTable(Rows.byId(topology), size);
    int[] slots = new int[topology.endpoints().size()];
    for (int position = 0; position < table.length(); position++) {
      slots[table.row(position)]++;
    }
    return slots;
  }

  @ParameterizedTest
  @CsvSource({"10, 0.0023, 0.0008", "100, 0.0057, 0.0010"})
  void oneRemovalMovesFewOtherSlots(int n, double expected, double error) {
    Topology all = topology(n);
    MaglevTable before = new MaglevTable(Rows.byId(all), 65_537);
    Rows rowsBefore = Rows.byId(all);
    double extra = 0;
    int removals = 10;
    for (int r = 0; r < removals; r++) {
      String removed = "e" + r * n / removals;
      Rows rowsAfter = Rows.byId(without(all, removed));
      MaglevTable after = new MaglevTable(rowsAfter, 65_537);
      int moved = 0;
      for (int position = 0; position < 65_537; position++) {
        String owner = rowsBefore.ids[before.row(position)];
        if (!owner.equals(removed) && !owner.equals(rowsAfter.ids[after.row(position)])) {
          moved++;
        }
      }
      extra += moved / 65_537.0 / removals;
    }
    assertThat(extra).isCloseTo(expected, within(error));
  }

  @Test
  void theTableGrowsWithThePool() {
    Maglev fitting = new Maglev(0);
    assertThat(fitting.sizeFor(1)).isEqualTo(65_537);
    assertThat(fitting.sizeFor(655)).isEqualTo(65_537);
    assertThat(fitting.sizeFor(656)).isEqualTo(131_071);
    assertThat(fitting.sizeFor(10_000)).isEqualTo(1_048_573);
    assertThat(fitting.sizeFor(1_000_000)).isEqualTo(16_777_213);
    for (int n = 1; n < 160_000; n += 97) {
      int size = fitting.sizeFor(n);
      assertThat(size).isGreaterThanOrEqualTo(100 * n);
      assertThat(new Maglev(size).size())
          .isEqualTo(size); // the constructor refuses what is no prime
    }
  }

  // ---- rendezvous ----

  @Test
  void rendezvousSharesAreTheWeights() {
    Candidates five = candidates(topology(5, i -> new int[] {1, 2, 3, 10, 100}[i]));
    int[] counts = counts(Strategies.rendezvous().compile(five, new OneBalancer(1)), five, 116_000);
    int[] expected = {1_000, 2_000, 3_000, 10_000, 100_000};
    for (int i = 0; i < 5; i++) {
      // Binomial, a deviation of at most √expected: here four of them.
      assertThat((double) counts[i]).isCloseTo(expected[i], within(4 * Math.sqrt(expected[i])));
    }
  }

  @Test
  void aHigherWeightMovesKeysToItsEndpointOnly() {
    Candidates before = candidates(topology(10));
    Candidates after = candidates(topology(10, i -> i == 3 ? 2 : 1));
    String[] homesBefore =
        homes(Strategies.rendezvous().compile(before, new OneBalancer(1)), before, 20_000);
    String[] homesAfter =
        homes(Strategies.rendezvous().compile(after, new OneBalancer(1)), after, 20_000);
    for (int k = 0; k < 20_000; k++) {
      if (!homesAfter[k].equals(homesBefore[k])) {
        assertThat(homesAfter[k]).isEqualTo("e3");
      }
    }
  }

  // ---- jump ----

  @ParameterizedTest
  @CsvSource({
    "42, 57, 43",
    "3735883980, 666, 361",
    "256, 1024, 520",
    "10863919174838991, 11, 6",
    "0, 1, 0",
  })
  void bucketsOfThePaper(long key, int n, int bucket) {
    assertThat(JumpHash.bucket(key, n)).isEqualTo(bucket);
  }

  @Test
  void oneMoreShardTakesItsPartOfTheKeysAndMovesNoOthers() {
    Candidates ten = candidates(topology(10));
    Candidates eleven = candidates(topology(11)); // e10 is number 10, not number 2
    String[] before = homes(Strategies.jumpHash().compile(ten, new OneBalancer(1)), ten, 22_000);
    String[] after =
        homes(Strategies.jumpHash().compile(eleven, new OneBalancer(1)), eleven, 22_000);
    int moved = 0;
    for (int k = 0; k < before.length; k++) {
      if (!after[k].equals(before[k])) {
        assertThat(after[k]).isEqualTo("e10");
        moved++;
      }
    }
    assertThat(moved).isCloseTo(2_000, within(180)); // binomial: a deviation of 43
  }

  @Test
  void shardsAreNumberedByTheDigitsOfTheirIds() {
    List<String> ids =
        List.of(
            "a",
            "cart-2",
            "cart-10",
            "cart-9:80",
            "cart-09:80",
            "cart-1",
            "cart-0",
            "b-99999999999999999999");
    Rows rows = Rows.byNumber(Topology.of(ids.stream().map(id -> endpoint(id, 1)).toList()));
    assertThat(rows.ids)
        .containsExactly(
            "a",
            "b-99999999999999999999",
            "cart-0",
            "cart-1",
            "cart-2",
            "cart-09:80",
            "cart-9:80",
            "cart-10");
  }
}
