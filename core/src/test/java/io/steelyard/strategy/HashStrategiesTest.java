package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.candidates;
import static io.steelyard.strategy.HashFixture.counts;
import static io.steelyard.strategy.HashFixture.homes;
import static io.steelyard.strategy.HashFixture.key;
import static io.steelyard.strategy.HashFixture.shuffled;
import static io.steelyard.strategy.HashFixture.topology;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import io.steelyard.Candidates;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Reason;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What all strategies that hash have in common. */
class HashStrategiesTest {
  private static final int KEYS = 20_000;
  private static final Reason EJECTED = Reason.of("ejected");

  static Stream<Strategy> all() {
    return Stream.of(
        Strategies.ringHash(), Strategies.maglev(), Strategies.rendezvous(), Strategies.jumpHash());
  }

  static Stream<Strategy> allAndBounded() {
    return Stream.concat(
        all(),
        all()
            .filter(s -> s instanceof HashStrategy)
            .map(hash -> Strategies.boundedLoad(hash, 0.25)));
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void anEjectionMovesTheKeysOfTheEjectedEndpointAloneAndTheyComeBack(Strategy strategy) {
    OneBalancer balancer = new OneBalancer(1);
    Candidates all = candidates(topology(20));
    String[] before = homes(strategy.compile(all, balancer), all, KEYS);
    Candidates fewer = all.exclude(i -> i == 7, EJECTED);
    String[] during = homes(strategy.compile(fewer, balancer), fewer, KEYS);
    for (int k = 0; k < KEYS; k++) {
      if (before[k].equals("e7")) {
        assertThat(during[k]).isNotEqualTo("e7");
      } else {
        assertThat(during[k]).as("key %d", k).isEqualTo(before[k]);
      }
    }
    assertThat(homes(strategy.compile(all, balancer), all, KEYS)).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void theKeysOfAnEjectedEndpointAreSpreadOverAllOthers(Strategy strategy) {
    Candidates all = candidates(topology(10));
    Candidates fewer = all.exclude(i -> i == 3, EJECTED);
    int[] before = counts(strategy.compile(all, new OneBalancer(1)), all, KEYS);
    int[] during = counts(strategy.compile(fewer, new OneBalancer(1)), fewer, KEYS);
    // About 2000 keys for nine: 222 each. On a ring who follows whom has the sampling error of 100
    // points over nine, 30 %: three of these, and more for the keys' own.
    for (int i = 0; i < 10; i++) {
      if (i != 3) {
        assertThat(during[i] - before[i]).as("endpoint %d", i).isBetween(10, 500);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("all")
  void neitherEjectionsNorRampsNorTheSameListAgainBuildATable(Strategy strategy) {
    OneBalancer balancer = new OneBalancer(1);
    Topology topology = topology(20, i -> 1 + i % 3);
    Candidates all = candidates(topology);
    strategy.compile(all, balancer);
    Object table = table(balancer);
    strategy.compile(all.exclude(i -> i % 2 == 0, EJECTED), balancer);
    assertThat(table(balancer)).isSameAs(table);
    strategy.compile(all.scale(i -> 0.1 * (1 + i % 10)), balancer);
    assertThat(table(balancer)).isSameAs(table);
    strategy.compile(candidates(topology.with(Topology.State.STALE, "lost")), balancer);
    assertThat(table(balancer)).isSameAs(table);
    strategy.compile(candidates(shuffled(topology, 3)), balancer);
    assertThat(table(balancer)).isSameAs(table);
    strategy.compile(candidates(topology(21, i -> 1 + i % 3)), balancer);
    assertThat(table(balancer)).isNotSameAs(table);
  }

  private static Object table(OneBalancer balancer) {
    return ((TableMemory<?>) balancer.memory).built.table();
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void clientsAgreeWhateverTheOrderOfTheirLists(Strategy strategy) {
    Topology topology = topology(30, i -> 1 + i % 4);
    Candidates one = candidates(topology);
    String[] homes = homes(strategy.compile(one, new OneBalancer(1)), one, KEYS);
    for (long seed = 0; seed < 3; seed++) {
      Candidates other = candidates(shuffled(topology, seed));
      assertThat(homes(strategy.compile(other, new OneBalancer(seed)), other, KEYS))
          .isEqualTo(homes);
    }
  }

  /** Fixed for good: other processes, and later versions, must come to the same. */
  @Test
  void homesAreTheSameInEveryProcess() {
    Candidates ten = candidates(topology(10, i -> 1 + i % 2));
    assertThat(all().map(s -> String.join(" ", homes(s.compile(ten, new OneBalancer(1)), ten, 12))))
        .containsExactly(
            "e2 e3 e2 e6 e2 e7 e1 e1 e5 e2 e6 e3",
            "e0 e3 e4 e8 e1 e4 e1 e5 e6 e3 e1 e9",
            "e7 e3 e2 e7 e9 e8 e9 e7 e2 e1 e1 e1",
            "e3 e7 e5 e1 e9 e1 e2 e3 e5 e3 e4 e3");
  }

  @ParameterizedTest
  @MethodSource("all")
  void declaredWeightsAreHonoured(Strategy strategy) {
    Candidates all = candidates(topology(12, i -> 1 + i % 3)); // Σ = 24
    double[] share = new double[4];
    int[] counts = counts(strategy.compile(all, new OneBalancer(1)), all, 100_000);
    for (int i = 0; i < 12; i++) {
      share[1 + i % 3] += counts[i] / 100_000.0;
    }
    // 4, 8 and 12 of 24. Four endpoints have 200 points or more of the ring's 1200: an error of at
    // most 1/√200 = 7 % of the share; sampled keys add less than 1 %.
    assertThat(share[1]).isCloseTo(4 / 24.0, within(0.03));
    assertThat(share[2]).isCloseTo(8 / 24.0, within(0.05));
    assertThat(share[3]).isCloseTo(12 / 24.0, within(0.06));
  }

  @ParameterizedTest
  @MethodSource("all")
  void aRampLetsTheSameKeysComeBackAndMovesNoOthers(Strategy strategy) {
    OneBalancer balancer = new OneBalancer(1);
    Candidates all = candidates(topology(10));
    String[] full = homes(strategy.compile(all, balancer), all, KEYS);
    long home = Arrays.stream(full).filter("e4"::equals).count();
    String[] lower =
        homes(strategy.compile(all.exclude(i -> i == 4, EJECTED), balancer), all, KEYS);
    for (double factor : new double[] {0.1, 0.25, 0.5, 0.75, 0.9, 1}) {
      Candidates scaled = all.scale(i -> i == 4 ? factor : 1);
      String[] now = homes(strategy.compile(scaled, balancer), scaled, KEYS);
      for (int k = 0; k < KEYS; k++) {
        if (!now[k].equals(lower[k])) {
          assertThat(now[k]).as("moved key %d", k).isEqualTo("e4");
        }
        if (now[k].equals("e4")) {
          assertThat(full[k]).isEqualTo("e4");
        }
      }
      // Binomial with about 2000 keys: a deviation of at most 22, here four of them. A point that
      // gives a key up may have another of the same endpoint behind it, which adds up to 2 %.
      long back = Arrays.stream(now).filter("e4"::equals).count();
      assertThat((double) back).isCloseTo(factor * home, within(90 + 0.025 * home));
      lower = now;
    }
    assertThat(lower).isEqualTo(full);
  }

  @ParameterizedTest
  @MethodSource("all")
  void whatIsScaledIsChosenInProportionAlsoAmongTwo(Strategy strategy) {
    Candidates two = candidates(topology(2)).scale(i -> i == 0 ? 0.5 : 1);
    int[] counts = counts(strategy.compile(two, new OneBalancer(1)), two, 60_000);
    // A third. The two halves of a ring of 200 points are off by 7 % of themselves or less (two
    // deviations are 14 %, so the bound is .05 of .33); the others need less than .01.
    assertThat(counts[0] / 60_000.0).isCloseTo(1 / 3.0, within(0.05));
  }

  @ParameterizedTest
  @MethodSource("all")
  void whoScalesAllAlikeMovesNothing(Strategy strategy) {
    OneBalancer balancer = new OneBalancer(1);
    Candidates all = candidates(topology(10));
    String[] before = homes(strategy.compile(all, balancer), all, KEYS);
    Candidates scaled = all.scale(i -> 0.1);
    assertThat(homes(strategy.compile(scaled, balancer), scaled, KEYS)).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void ranksAreTheOrderInWhichAKeyWouldMove(Strategy strategy) {
    OneBalancer balancer = new OneBalancer(1);
    // Jump applies weights by passing over: a light shard may not come up on a key's walk at all.
    boolean equal = strategy.equals(Strategies.jumpHash());
    Candidates all = candidates(topology(8, i -> equal ? 1 : 1 + i % 2));
    Picker full = strategy.compile(all, balancer);
    for (int k = 0; k < 100; k++) {
      Set<Integer> before = new HashSet<>();
      for (int rank = 0; rank < 8; rank++) {
        int choice = full.pick(key(k), rank);
        Picker rest = strategy.compile(all.exclude(before::contains, EJECTED), balancer);
        assertThat(choice).as("key %d, rank %d", k, rank).isEqualTo(rest.pick(key(k), 0));
        assertThat(before.add(choice)).isTrue();
      }
      assertThat(full.pick(key(k), 8)).isEqualTo(Picker.NONE);
    }
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void withoutAKeyEachRequestGoesAnywhereByWeight(Strategy strategy) {
    Candidates three = candidates(topology(3, i -> i + 1));
    Picker picker = strategy.compile(three, new OneBalancer(42));
    int[] counts = new int[3];
    for (int r = 0; r < 60_000; r++) {
      counts[picker.pick(PickContext.none(), 0)]++;
    }
    // Binomial: a deviation of at most 122, here four of them.
    for (int i = 0; i < 3; i++) {
      assertThat(counts[i]).isCloseTo(10_000 * (i + 1), within(490));
    }
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void whatWeighsNothingIsNeverChosen(Strategy strategy) {
    Candidates one =
        candidates(topology(6, i -> i == 5 ? 0 : 1)).exclude(i -> i != 2 && i != 5, EJECTED);
    Picker picker = strategy.compile(one, new OneBalancer(1));
    for (int k = 0; k < 1000; k++) {
      assertThat(picker.pick(key(k), 0)).isEqualTo(2);
      assertThat(picker.pick(key(k), 1)).isEqualTo(Picker.NONE);
      assertThat(picker.pick(PickContext.none(), 0)).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @MethodSource("allAndBounded")
  void aPickAllocatesNothing(Strategy strategy) {
    Candidates all = candidates(topology(50, i -> 1 + i % 2)).scale(i -> i % 5 == 0 ? 0.5 : 1);
    Picker picker = strategy.compile(all, new OneBalancer(1));
    PickContext[] requests = new PickContext[100];
    Arrays.setAll(requests, HashFixture::key);
    long sum = 0;
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    long leastAllocated = Long.MAX_VALUE;
    for (int trial = 0; trial < 5; trial++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int r = 0; r < 5_000; r++) {
        sum += picker.pick(requests[r % 100], r % 3);
      }
      long allocated = threads.getCurrentThreadAllocatedBytes() - before;
      leastAllocated = Math.min(leastAllocated, allocated);
    }
    assertThat(sum).isPositive();
    assertThat(leastAllocated).isLessThan(5_000); // less than a byte a pick: the JVM's own
  }

  @Test
  void equalParametersMakeEqualStrategies() {
    assertThat(Strategies.ringHash()).isEqualTo(Strategies.ringHash(100));
    assertThat(Strategies.maglev(251)).isEqualTo(Strategies.maglev(251));
    assertThat(Strategies.boundedLoad(Strategies.maglev(), 0.1))
        .isEqualTo(Strategies.boundedLoad(Strategies.maglev(), 0.1))
        .isNotEqualTo(Strategies.boundedLoad(Strategies.maglev(), 0.2));
    assertThat(all().map(Strategy::toString))
        .containsExactly("ringHash", "maglev", "rendezvous", "jumpHash");
    assertThat(Strategies.boundedLoad(Strategies.ringHash(50), 0.25))
        .hasToString("boundedLoad(ringHash(50), 0.25)");
  }

  @Test
  void parametersAreCheckedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.ringHash(0))
        .withMessage("ringHash: virtualNodes: 0 (expected: 1 to 10000)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.maglev(65_536))
        .withMessage("maglev: table size: 65536 (expected: a prime from 3 to 16777213)");
    assertThatIllegalArgumentException().isThrownBy(() -> Strategies.maglev(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.boundedLoad(Strategies.maglev(), 0))
        .withMessage("boundedLoad: epsilon: 0.0 (expected: finite, > 0)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.boundedLoad(Strategies.jumpHash(), 0.25))
        .withMessage("boundedLoad: hash: jumpHash (expected: ringHash, maglev or rendezvous)");
  }

  /**
   * 10,000 endpoints of unequal weights take some 100 ms or less on a machine of 2020; the bound is
   * wide enough for a busy one, and far too narrow for anything quadratic.
   */
  @ParameterizedTest
  @MethodSource("all")
  void tenThousandEndpointsAreFine(Strategy strategy) {
    Candidates many = candidates(topology(10_000, i -> 1 + i % 5));
    long best = Long.MAX_VALUE;
    for (int trial = 0; trial < 3; trial++) {
      long start = System.nanoTime();
      strategy.compile(many, new OneBalancer(1));
      best = Math.min(best, System.nanoTime() - start);
    }
    assertThat(best).isLessThan(2_000_000_000L);
    Candidates extreme = candidates(topology(10_000, i -> i == 0 ? 1_000_000 : 1));
    Picker picker = strategy.compile(extreme, new OneBalancer(1));
    int heavy = 0;
    for (int k = 0; k < 2_000; k++) {
      heavy += picker.pick(key(k), 0) == 0 ? 1 : 0;
    }
    // The light ones have 1 % of the weight, and about as much of a ring's or a table's slots.
    assertThat(heavy).isBetween(1_940, 2_000);
  }
}
