package io.steelyard;

import static io.steelyard.Fixture.ep;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.Seeds;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for any endpoints, weights and keys: tried with random ones. */
class PropertiesTest {
  private static final int KEYS = 4_000;

  // ---- shares ----

  static Stream<Strategy> weighted() {
    return Stream.of(
        Strategies.weightedRoundRobin(),
        Strategies.random(),
        Strategies.leastConnections(),
        Strategies.powerOfTwo(LoadMetric.inFlight()),
        Strategies.powerOfTwo(LoadMetric.peakEwma()),
        Strategies.powerOf(3, LoadMetric.inFlight()),
        Strategies.powerOf(8, LoadMetric.peakEwma()),
        Strategies.adaptive(),
        Strategies.ringHash(),
        Strategies.maglev(),
        Strategies.rendezvous(),
        Strategies.jumpHash(),
        Strategies.boundedLoad(Strategies.ringHash(), 0.25),
        Strategies.boundedLoad(Strategies.maglev(), 0.25),
        Strategies.boundedLoad(Strategies.rendezvous(), 0.25),
        Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(1), 100));
  }

  /**
   * One request at a time, shares are the weights. Pearson's χ² of independent picks has k = n − 1
   * degrees of freedom, and exceeds k + 2√(kx) + 2x with a probability of at most e⁻ˣ (Laurent and
   * Massart, "Adaptive estimation of a quadratic functional by model selection", 2000). x = 20.7
   * makes that 10⁻⁹. Schedules stay far below it.
   */
  @ParameterizedTest
  @MethodSource("weighted")
  void shares_are_the_weights_whatever_they_are(Strategy strategy) {
    Seeds.forEach(
        5,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = random.ints(2 + random.nextInt(15), 1, 50).toArray();
          Fixture fixture = fixture(seed, strategy, endpoints(weights));
          int picks = 20_000; // at least 20 for the lightest: 20,000 / (1 + 16 · 49)
          int[] counts = new int[weights.length];
          for (int i = 0; i < picks; i++) {
            counts[Integer.parseInt(fixture.request().id().substring(1))]++;
          }
          assertThat(chiSquare(counts, weights))
              .as("weights %s, picks %s", Arrays.toString(weights), Arrays.toString(counts))
              .isLessThan(bound(weights.length - 1));
        });
  }

  /** Rendezvous draws an independent number for each key, so keys are as good as requests. */
  @Test
  void shares_of_keys_under_rendezvous_are_the_weights_too() {
    Seeds.forEach(
        10,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = random.ints(2 + random.nextInt(15), 1, 50).toArray();
          Fixture fixture = fixture(seed, Strategies.rendezvous(), endpoints(weights));
          int[] counts = new int[weights.length];
          for (int k = 0; k < 20_000; k++) {
            String home = home(fixture, seed + "-" + k);
            counts[Integer.parseInt(home.substring(1))]++;
          }
          assertThat(chiSquare(counts, weights)).isLessThan(bound(weights.length - 1));
        });
  }

  /** The bound is not so wide that it forgives anything: 2 % too much for one of three shows. */
  @Test
  void the_bound_on_shares_notices_a_few_percent() {
    assertThat(chiSquare(new int[] {100_000, 204_000, 296_000}, new int[] {1, 2, 3}))
        .isGreaterThan(bound(2));
  }

  private static double bound(int k) {
    double x = 20.7;
    return k + 2 * Math.sqrt(k * x) + 2 * x;
  }

  private static double chiSquare(int[] counts, int[] weights) {
    double total = Arrays.stream(counts).sum();
    double sum = Arrays.stream(weights).sum();
    double chi = 0;
    for (int i = 0; i < counts.length; i++) {
      double expected = total * weights[i] / sum;
      chi += (counts[i] - expected) * (counts[i] - expected) / expected;
    }
    return chi;
  }

  // ---- which keys move ----

  static Stream<Strategy> moveTheLeast() {
    return Stream.of(Strategies.rendezvous(), Strategies.ringHash());
  }

  /**
   * Exactly, for both. (On a ring of unequal weights the number of points follows the mean weight,
   * which a removal shifts: so weights are equal here, and rendezvous has a test of its own.)
   */
  @ParameterizedTest
  @MethodSource("moveTheLeast")
  void who_leaves_moves_its_own_keys_only_and_coming_back_brings_them_back(Strategy strategy) {
    Seeds.forEach(
        10,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = new int[2 + random.nextInt(40)];
          Arrays.fill(weights, 1);
          assertLeavingAndComingBackMoveTheLeast(seed, strategy, weights, random);
        });
  }

  @Test
  void under_rendezvous_that_holds_for_unequal_weights_as_well() {
    Seeds.forEach(
        10,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = random.ints(2 + random.nextInt(40), 1, 50).toArray();
          assertLeavingAndComingBackMoveTheLeast(seed, Strategies.rendezvous(), weights, random);
        });
  }

  private static void assertLeavingAndComingBackMoveTheLeast(
      long seed, Strategy strategy, int[] weights, SplittableRandom random) {
    Endpoint[] all = endpoints(weights);
    String leaving = all[random.nextInt(all.length)].id();
    Fixture fixture = fixture(seed, strategy, all);
    String[] before = homes(fixture, seed);
    fixture.publish(without(all, leaving));
    String[] during = homes(fixture, seed);
    for (int k = 0; k < KEYS; k++) {
      if (before[k].equals(leaving)) {
        assertThat(during[k]).isNotEqualTo(leaving);
      } else {
        assertThat(during[k]).isEqualTo(before[k]);
      }
    }
    fixture.publish(all);
    assertThat(homes(fixture, seed)).isEqualTo(before);
  }

  /**
   * Maglev moves some keys of others, less than 1 % of all. Where does that come from: a slot
   * changes hands besides when the row that would have had it found another one free sooner. Among
   * 10 and 100 endpoints .23 and .57 % are known on average ({@code ConsistencyTest}); single
   * removals scatter by about a tenth of that, so 1 % is far out. Of 4,000 keys, each at a slot of
   * its own, 1 % more adds five deviations of √(4000·.01·.99) = 6.3.
   */
  @Test
  void under_maglev_who_leaves_or_comes_moves_less_than_one_percent_of_other_keys() {
    Seeds.forEach(
        5,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = new int[2 + random.nextInt(99)];
          Arrays.fill(weights, 1);
          Endpoint[] all = endpoints(weights);
          String leaving = all[random.nextInt(all.length)].id();
          Fixture fixture = fixture(seed, Strategies.maglev(), all);
          String[] before = homes(fixture, seed);
          fixture.publish(without(all, leaving));
          String[] during = homes(fixture, seed);
          int others = 0;
          for (int k = 0; k < KEYS; k++) {
            if (!before[k].equals(leaving) && !before[k].equals(during[k])) {
              others++;
            }
          }
          assertThat(others).as("of %d keys, n = %d", KEYS, all.length).isLessThan(40 + 32);
          fixture.publish(all);
          assertThat(homes(fixture, seed)).isEqualTo(before);
        });
  }

  /**
   * Under rendezvous a higher weight moves keys to its endpoint alone, a lower one from it alone,
   * and as many as the share changes by: five deviations of a binomial number.
   */
  @Test
  void under_rendezvous_a_weight_moves_the_keys_that_its_share_changes_by() {
    Seeds.forEach(
        20,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = random.ints(2 + random.nextInt(20), 1, 50).toArray();
          int which = random.nextInt(weights.length);
          int[] heavier = weights.clone();
          heavier[which] += 1 + random.nextInt(100);
          Fixture fixture = fixture(seed, Strategies.rendezvous(), endpoints(weights));
          String[] before = homes(fixture, seed);
          fixture.publish(endpoints(heavier));
          String[] after = homes(fixture, seed);
          int moved = 0;
          for (int k = 0; k < KEYS; k++) {
            if (!after[k].equals(before[k])) {
              assertThat(after[k]).isEqualTo("e" + which);
              moved++;
            }
          }
          double part = share(heavier, which) - share(weights, which);
          double sigma = Math.sqrt(KEYS * part * (1 - part));
          assertThat((double) moved)
              .isBetween(KEYS * part - 5 * sigma - 1, KEYS * part + 5 * sigma + 1);
          fixture.publish(endpoints(weights));
          assertThat(homes(fixture, seed)).isEqualTo(before);
        });
  }

  private static double share(int[] weights, int i) {
    return weights[i] / (double) Arrays.stream(weights).sum();
  }

  // ---- the strict bound ----

  /**
   * No thread holds more than a few requests, so the total is never above threads × held, and no
   * endpoint may ever be above its limit for that, at whatever moment an observer looks. It is the
   * bound that an admission by a look and a later count breaks.
   */
  @Test
  @Timeout(120)
  void a_strict_bound_is_never_exceeded_in_any_interleaving() {
    Seeds.forEach(
        4,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] weights = random.ints(2 + random.nextInt(4), 1, 4).toArray();
          int percent = 1 + random.nextInt(30);
          int threads = 4;
          int held = 4 + random.nextInt(8);
          int sum = Arrays.stream(weights).sum();
          int[] most = new int[weights.length];
          for (int i = 0; i < most.length; i++) {
            long share = (100L + percent) * threads * held * weights[i];
            most[i] = (int) ((share + 100L * sum - 1) / (100L * sum)); // rounded up
          }
          Strategy strategy = Strategies.boundedLoad(Strategies.rendezvous(), percent / 100.0);
          try (Balancer balancer =
              Balancer.builder(new ManualDiscovery(endpoints(weights)))
                  .stages()
                  .strategy(strategy)
                  .build()) {
            List<String> violations = storm(balancer, threads, held, most);
            assertThat(violations).as("weights %s", Arrays.toString(weights)).isEmpty();
            assertThat(balancer.stats().inFlight()).isZero();
          }
        });
  }

  private static List<String> storm(Balancer balancer, int threads, int held, int[] most)
      throws InterruptedException {
    Candidates live = balancer.candidates();
    Queue<String> violations = new ConcurrentLinkedQueue<>();
    AtomicBoolean done = new AtomicBoolean();
    Thread observer =
        new Thread(
            () -> {
              while (!done.get()) {
                for (int i = 0; i < most.length; i++) {
                  int inFlight = live.stats(i).inFlight();
                  if (inFlight > most[i]) {
                    violations.add("e" + i + ": " + inFlight + " > " + most[i]);
                  }
                }
              }
            });
    observer.start();
    List<Thread> clients = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      Thread client =
          new Thread(
              () -> {
                Deque<Attempt> mine = new ArrayDeque<>();
                PickContext hot = PickContext.key("hot");
                for (int r = 0; r < 50_000; r++) {
                  // Mostly all that it may hold, so that the total is near its largest.
                  if (mine.size() == held) {
                    mine.remove().success();
                  }
                  Attempt attempt = balancer.tryBegin(hot);
                  if (attempt == null) {
                    violations.add("turned away");
                  } else {
                    mine.add(attempt);
                  }
                }
                mine.forEach(Attempt::success);
              });
      clients.add(client);
      client.start();
    }
    for (Thread client : clients) {
      client.join();
    }
    done.set(true);
    observer.join();
    return List.copyOf(violations);
  }

  // ---- what they share ----

  private static Fixture fixture(long seed, Strategy strategy, Endpoint... endpoints) {
    return new Fixture(
        new VirtualPlatform().random(ScriptedRandom.seeded(seed)),
        new ManualDiscovery(endpoints),
        b -> b.stages().strategy(strategy));
  }

  private static Endpoint[] endpoints(int... weights) {
    Endpoint[] endpoints = new Endpoint[weights.length];
    Arrays.setAll(endpoints, i -> ep("e" + i, weights[i]));
    return endpoints;
  }

  private static Endpoint[] without(Endpoint[] all, String id) {
    return Arrays.stream(all).filter(e -> !e.id().equals(id)).toArray(Endpoint[]::new);
  }

  private static String home(Fixture fixture, String key) {
    return fixture.balancer.pick(PickContext.key(key)).id();
  }

  private static String[] homes(Fixture fixture, long seed) {
    String[] homes = new String[KEYS];
    Arrays.setAll(homes, k -> home(fixture, seed + "-" + k));
    return homes;
  }
}
