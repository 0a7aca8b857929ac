package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.candidates;
import static io.steelyard.strategy.HashFixture.topology;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.HashFixture.Load;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(120)
class BoundedLoadTest {
  private static final PickContext HOT = PickContext.key("hot");

  static Stream<Strategy> hashes() {
    return Stream.of(Strategies.ringHash(), Strategies.maglev(), Strategies.rendezvous());
  }

  private static Balancer balancer(Topology topology, Strategy strategy, Stage... stages) {
    Discovery fixed =
        listener -> {
          listener.update(topology);
          return () -> {};
        };
    return Balancer.builder(fixed).strategy(strategy).stages(stages).build();
  }

  /** ⌈(1+ε)·total·w/Σw⌉ in whole numbers, ε in percent. */
  private static int cap(int percent, int total, int weight, int sum) {
    long numerator = (100L + percent) * total * weight;
    return (int) ((numerator + 100L * sum - 1) / (100L * sum));
  }

  // ---- the arithmetic ----

  @Test
  void theCapIsTheShareAndALittleMoreRoundedUp() {
    for (int percent : new int[] {1, 10, 25, 100}) {
      for (int weights : new int[] {1, 2, 4}) {
        Candidates ten = candidates(topology(10, i -> 1 + i % weights));
        BoundedPicker picker =
            (BoundedPicker)
                Strategies.boundedLoad(Strategies.rendezvous(), percent / 100.0)
                    .compile(ten, new OneBalancer(1));
        int sum = ten.topology().endpoints().stream().mapToInt(Endpoint::weight).sum();
        for (int total = 1; total <= 1_000; total++) {
          for (int i = 0; i < weights; i++) {
            assertThat(picker.limit(i, total))
                .as("%d %%, total %d, weight %d of %d", percent, total, 1 + i, sum)
                .isEqualTo(cap(percent, total, 1 + i, sum));
          }
        }
      }
    }
  }

  @Test
  void whoIsOutHasNoPartInTheBound() {
    Candidates two = candidates(topology(3)).exclude(i -> i == 0, Reason.of("ejected"));
    BoundedPicker picker =
        (BoundedPicker)
            Strategies.boundedLoad(Strategies.ringHash(), 0.5).compile(two, new OneBalancer(1));
    assertThat(picker.limit(1, 4)).isEqualTo(3);
    assertThat(picker.limit(1, Integer.MAX_VALUE)).isPositive();
  }

  // ---- the walk ----

  @ParameterizedTest
  @MethodSource("hashes")
  void overTheCapAKeyWalksOnAlongItsOwnOrder(Strategy hash) {
    Candidates eight = candidates(topology(8));
    Picker order = hash.compile(eight, new OneBalancer(1));
    BoundedPicker bounded =
        (BoundedPicker) Strategies.boundedLoad(hash, 0.25).compile(eight, new OneBalancer(1));
    for (int total = 1; total <= 60; total++) {
      int chosen = bounded.pick(HOT, 0, total);
      int rank = 0;
      while (inFlight(eight, order.pick(HOT, rank)).inFlight >= cap(25, total, 1, 8)) {
        rank++;
      }
      assertThat(chosen).isEqualTo(order.pick(HOT, rank));
      inFlight(eight, chosen).inFlight++;
    }
  }

  private static Load inFlight(Candidates candidates, int i) {
    return (Load) candidates.stats(i);
  }

  @ParameterizedTest
  @MethodSource("hashes")
  void oneHotKeyFillsEndpointsInItsOrderNeverBeyondTheCap(Strategy hash) {
    Topology ten = topology(10);
    try (Balancer balancer = balancer(ten, Strategies.boundedLoad(hash, 0.25))) {
      int[] inFlight = new int[10];
      Set<Integer> order = new LinkedHashSet<>();
      for (int total = 1; total <= 500; total++) {
        int i = ten.endpoints().indexOf(balancer.begin(HOT).endpoint());
        order.add(i);
        inFlight[i]++;
        // Strict: a comparison with <= instead of < would reach the cap plus one.
        assertThat(inFlight[i]).isLessThanOrEqualTo(cap(25, total, 1, 10));
      }
      Candidates candidates = candidates(ten);
      Picker plain = hash.compile(candidates, new OneBalancer(1));
      List<Integer> expected = new ArrayList<>();
      IntStream.range(0, order.size()).forEach(rank -> expected.add(plain.pick(HOT, rank)));
      assertThat(List.copyOf(order)).isEqualTo(expected);
      assertThat(order).hasSize(8); // 500 over 8 × 63
    }
  }

  @Test
  void asLongAsLoadIsEvenKeysStayAtHome() {
    Topology ten = topology(10);
    Candidates candidates = candidates(ten);
    Picker plain = Strategies.rendezvous().compile(candidates, new OneBalancer(1));
    try (Balancer balancer = balancer(ten, Strategies.boundedLoad(Strategies.rendezvous(), 1))) {
      int away = 0;
      Deque<Attempt> open = new ArrayDeque<>();
      for (int k = 0; k < 10_000; k++) {
        Attempt attempt = balancer.begin(HashFixture.key(k));
        open.add(attempt);
        if (open.size() > 200) {
          open.remove().success();
        }
        int home = plain.pick(HashFixture.key(k), 0);
        away += attempt.endpoint().equals(ten.endpoints().get(home)) ? 0 : 1;
      }
      // A mean of 20 with a deviation of 4.5, a cap of 40: only while the first few begin.
      assertThat(away).isLessThan(100);
    }
  }

  // ---- under concurrency ----

  /**
   * Requests only begin here, and none ends, so the total only rises. A thread that reads an
   * endpoint's number first, and how many have started to begin afterwards, therefore holds a proof
   * if the first is above the cap for the second: whoever took the last place saw no larger total.
   */
  @ParameterizedTest
  @MethodSource("hashes")
  void whileRequestsBeginTogetherNoneGoesBeyondTheCap(Strategy hash) throws Exception {
    Topology weighted = topology(5, i -> 1 + i % 2); // Σ = 7
    for (int round = 0; round < 20; round++) {
      try (Balancer balancer = balancer(weighted, Strategies.boundedLoad(hash, 0.1))) {
        AtomicInteger started = new AtomicInteger();
        Queue<String> violations = new ConcurrentLinkedQueue<>();
        int threads = 8;
        int each = 150;
        inThreads(
            threads,
            t -> {
              for (int r = 0; r < each; r++) {
                started.incrementAndGet();
                Endpoint endpoint = balancer.begin(HOT).endpoint();
                int at = weighted.endpoints().indexOf(endpoint);
                int inFlight = balancer.candidates().stats(at).inFlight();
                int cap = cap(10, started.get(), endpoint.weight(), 7);
                if (inFlight > cap) {
                  violations.add(endpoint + ": " + inFlight + " > " + cap);
                }
              }
            });
        assertThat(violations).isEmpty();
        int sum = 0;
        for (int i = 0; i < 5; i++) {
          int inFlight = balancer.candidates().stats(i).inFlight();
          assertThat(inFlight)
              .isLessThanOrEqualTo(
                  cap(10, threads * each, weighted.endpoints().get(i).weight(), 7));
          sum += inFlight;
        }
        assertThat(sum).isEqualTo(threads * each);
      }
    }
  }

  /**
   * Requests begin and end. No thread holds more than six, so that the total is never above 48, and
   * no endpoint may ever be above the cap for that; and nobody is ever turned away.
   */
  @ParameterizedTest
  @MethodSource("hashes")
  void inAStormTheCapOfTheLargestTotalIsNeverExceeded(Strategy hash) throws Exception {
    int threads = 8;
    int held = 6;
    Topology four = topology(4);
    int most = cap(10, threads * held, 1, 4);
    try (Balancer balancer = balancer(four, Strategies.boundedLoad(hash, 0.1))) {
      Candidates live = balancer.candidates();
      Queue<String> violations = new ConcurrentLinkedQueue<>();
      inThreads(
          threads,
          t -> {
            Random random = new Random(t);
            Deque<Attempt> mine = new ArrayDeque<>();
            for (int r = 0; r < 20_000; r++) {
              if (mine.size() == held || (!mine.isEmpty() && random.nextInt(3) == 0)) {
                Attempt ending = mine.remove();
                ending.end(random.nextBoolean() ? Outcome.SUCCESS : Outcome.CANCELLED);
                ending.close(); // a second verdict changes nothing
              } else {
                Attempt begun =
                    balancer.tryBegin(random.nextInt(4) == 0 ? PickContext.none() : HOT);
                if (begun == null) {
                  violations.add("turned away");
                } else {
                  mine.add(begun);
                }
              }
              for (int i = 0; i < 4; i++) {
                int inFlight = live.stats(i).inFlight();
                if (inFlight > most) {
                  violations.add(i + ": " + inFlight + " > " + most);
                }
              }
            }
            mine.forEach(Attempt::success);
          });
      assertThat(violations).isEmpty();
      assertThat(balancer.stats().inFlight()).isZero();
      // The total is back at nothing too: the hot key's requests fill up as they do at first.
      try (Balancer fresh = balancer(four, Strategies.boundedLoad(hash, 0.1))) {
        for (int r = 0; r < 40; r++) {
          assertThat(balancer.begin(HOT).endpoint()).isEqualTo(fresh.begin(HOT).endpoint());
        }
      }
    }
  }

  private interface Work {
    void run(int thread) throws Exception;
  }

  private static void inThreads(int n, Work work) throws Exception {
    CyclicBarrier together = new CyclicBarrier(n);
    Queue<Throwable> errors = new ConcurrentLinkedQueue<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < n; t++) {
      int number = t;
      Thread thread =
          new Thread(
              () -> {
                try {
                  together.await(30, TimeUnit.SECONDS);
                  work.run(number);
                } catch (Throwable e) {
                  errors.add(e);
                }
              });
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(errors).isEmpty();
  }

  // ---- what else may stand in the way ----

  @Test
  void whoAvoidsEndpointsIsNotTurnedAwayByTheBoundOnTheOthers() {
    Topology three = topology(3);
    try (Balancer balancer = balancer(three, Strategies.boundedLoad(Strategies.maglev(), 0.1))) {
      PickContext elsewhere =
          HOT.avoiding(three.endpoints().get(0)).avoiding(three.endpoints().get(1));
      for (int r = 0; r < 50; r++) {
        assertThat(balancer.begin(elsewhere).endpoint()).isEqualTo(three.endpoints().get(2));
      }
      for (int r = 0; r < 50; r++) { // and the others make up for it
        assertThat(balancer.begin(HOT).endpoint()).isNotEqualTo(three.endpoints().get(2));
      }
    }
  }

  @Test
  void limitsOfAStageHoldAsWellAndTheyDoTurnAway() {
    Strategy bounded = Strategies.boundedLoad(Strategies.ringHash(), 0.1);
    try (Balancer balancer = balancer(topology(4, i -> i + 1), bounded, Stages.maxInFlight(5))) {
      for (int r = 0; r < 20; r++) {
        balancer.begin(HOT);
      }
      for (int i = 0; i < 4; i++) {
        assertThat(balancer.candidates().stats(i).inFlight()).isEqualTo(5);
      }
      assertThatThrownBy(() -> balancer.begin(HOT))
          .isInstanceOfSatisfying(
              NoEndpointException.class,
              e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.FULL));
      assertThat(balancer.pick(HOT)).isNull();
    }
  }

  @Test
  void pickSaysWhatBeginWouldDoAndCountsNothing() {
    try (Balancer balancer =
        balancer(topology(6), Strategies.boundedLoad(Strategies.ringHash(), 0.25))) {
      for (int r = 0; r < 100; r++) {
        Endpoint picked = balancer.pick(HOT);
        assertThat(balancer.pick(HOT)).isEqualTo(picked);
        assertThat(balancer.begin(HOT).endpoint()).isEqualTo(picked);
      }
    }
  }

  /** Those are not in the total, so by it alone no endpoint would have room. */
  @Test
  void requestsThatBeganUnderAnotherStrategyDoNotBarTheWay() {
    Topology three = topology(3);
    try (Balancer balancer = balancer(three, Strategies.roundRobin())) {
      List<Attempt> older = new ArrayList<>();
      for (int r = 0; r < 60; r++) {
        older.add(balancer.begin(PickContext.none()));
      }
      balancer.apply(LoadBalancingPolicy.of(Strategies.boundedLoad(Strategies.ringHash(), 0.25)));
      await().until(() -> balancer.explain().toString().contains("boundedLoad"));
      List<Attempt> newer = new ArrayList<>();
      for (int total = 61; total <= 100; total++) {
        newer.add(balancer.begin(HOT));
        for (int i = 0; i < 3; i++) {
          assertThat(balancer.candidates().stats(i).inFlight())
              .isLessThanOrEqualTo(cap(25, total, 1, 3));
        }
      }
      older.forEach(Attempt::success);
      newer.forEach(Attempt::success);
      assertThat(balancer.begin(HOT).endpoint()).isEqualTo(newer.get(0).endpoint());
    }
  }

  @Test
  void aBoundWithoutRoomForAllTurnsAwayInsteadOfSearchingForever() {
    Strategy two =
        (candidates, context) ->
            new BoundedPicker() {
              @Override
              public int limit(int candidate, int total) {
                return 2;
              }

              @Override
              public int pick(PickContext request, int rank) {
                return rank < candidates.size() ? rank : NONE;
              }

              @Override
              public int pick(PickContext request, int rank, int total) {
                return pick(request, rank);
              }
            };
    try (Balancer balancer = balancer(topology(3), two)) {
      for (int r = 0; r < 6; r++) {
        balancer.begin(HOT);
      }
      assertThat(balancer.tryBegin(HOT)).isNull();
    }
  }
}
