package io.steelyard.strategy;

import static io.steelyard.strategy.HashFixture.candidates;
import static io.steelyard.strategy.HashFixture.homes;
import static io.steelyard.strategy.HashFixture.key;
import static io.steelyard.strategy.HashFixture.shuffled;
import static io.steelyard.strategy.HashFixture.topology;
import static io.steelyard.strategy.HashFixture.without;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Reason;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.HashFixture.Load;
import io.steelyard.strategy.HashFixture.OneBalancer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class SessionAffinityTest {
  private static final int KEYS = 1_000;
  private static final Reason EJECTED = Reason.of("ejected");
  private static final Strategy STICKY =
      Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(30), 100_000);

  private final OneBalancer balancer = new OneBalancer(7);

  @Test
  void keysStayAndNewOnesGoWhereTheFallbackSays() {
    Candidates ten = candidates(topology(10));
    Picker picker = STICKY.compile(ten, balancer);
    String[] first = homes(picker, ten, KEYS);
    assertThat(homes(picker, ten, KEYS)).isEqualTo(first);
    for (int i = 0; i < 10; i++) {
      String id = "e" + i;
      // Binomial with a mean of 100: a deviation of 9.5, here five of them.
      assertThat(Arrays.stream(first).filter(id::equals).count()).isCloseTo(100L, within(48L));
    }
  }

  @Test
  void sessionsSurviveNewListsInAnyOrderAndWithMoreEndpoints() {
    Candidates ten = candidates(topology(10));
    String[] first = homes(STICKY.compile(ten, balancer), ten, KEYS);
    Candidates more = candidates(shuffled(topology(15), 3));
    assertThat(homes(STICKY.compile(more, balancer), more, KEYS)).isEqualTo(first);
  }

  @Test
  void sessionsOfAnEndpointThatLeavesMoveAndStayWhereTheyGo() {
    Topology all = topology(10);
    Candidates ten = candidates(all);
    String[] first = homes(STICKY.compile(ten, balancer), ten, KEYS);
    Candidates nine = candidates(without(all, "e4"));
    String[] moved = homes(STICKY.compile(nine, balancer), nine, KEYS);
    for (int k = 0; k < KEYS; k++) {
      if (first[k].equals("e4")) {
        assertThat(moved[k]).isNotEqualTo("e4");
      } else {
        assertThat(moved[k]).isEqualTo(first[k]);
      }
    }
    // It comes back; its sessions do not: they have begun elsewhere.
    assertThat(homes(STICKY.compile(ten, balancer), ten, KEYS)).isEqualTo(moved);
  }

  @Test
  void soDoThoseOfAnEndpointThatIsEjectedOrDrains() {
    Topology all = topology(10);
    Candidates ten = candidates(all);
    String[] first = homes(STICKY.compile(ten, balancer), ten, KEYS);
    List<Endpoint> draining = new ArrayList<>(all.endpoints());
    draining.set(4, draining.get(4).withDraining(true));
    Candidates fewer = candidates(Topology.of(draining)).exclude(i -> i == 5, EJECTED);
    String[] moved = homes(STICKY.compile(fewer, balancer), fewer, KEYS);
    for (int k = 0; k < KEYS; k++) {
      if (first[k].equals("e4") || first[k].equals("e5")) {
        assertThat(moved[k]).isNotIn("e4", "e5");
      } else {
        assertThat(moved[k]).isEqualTo(first[k]);
      }
    }
    assertThat(homes(STICKY.compile(ten, balancer), ten, KEYS)).isEqualTo(moved);
  }

  @Test
  void sessionsEndWhenTheyWereIdleForLong() {
    Strategy brief = Strategies.sessionAffinity(Strategies.roundRobin(), Duration.ofSeconds(10), 9);
    Candidates ten = candidates(topology(10));
    Picker picker = brief.compile(ten, balancer);
    int first = picker.pick(key(1), 0);
    for (int i = 0; i < 5; i++) { // use keeps it
      balancer.now += Duration.ofSeconds(9).toNanos();
      assertThat(picker.pick(key(1), 0)).isEqualTo(first);
    }
    balancer.now += Duration.ofSeconds(10).toNanos();
    assertThat(picker.pick(key(1), 0)).isEqualTo((first + 1) % 10); // round robin's next
  }

  @Test
  void theTableIsBounded() {
    Strategy small = Strategies.sessionAffinity(Strategies.random(), Duration.ofHours(1), 100);
    Candidates ten = candidates(topology(10));
    Picker picker = small.compile(ten, balancer);
    homes(picker, ten, 10_000);
    SessionAffinity.Sessions sessions = (SessionAffinity.Sessions) balancer.memory;
    sessions.endpointOf.cleanUp();
    assertThat(sessions.endpointOf.estimatedSize()).isLessThanOrEqualTo(100);
  }

  @Test
  void whatIsRememberedIsClosedWithTheFallbacks() throws Exception {
    boolean[] closed = new boolean[1];
    Strategy fallback =
        (candidates, context) -> {
          context.memory(() -> (AutoCloseable) () -> closed[0] = true);
          return (request, rank) -> 0;
        };
    Candidates two = candidates(topology(2));
    Picker picker =
        Strategies.sessionAffinity(fallback, Duration.ofHours(1), 100).compile(two, balancer);
    picker.pick(key(1), 0);
    SessionAffinity.Sessions sessions = (SessionAffinity.Sessions) balancer.memory;
    sessions.close();
    assertThat(closed[0]).isTrue();
    assertThat(sessions.endpointOf.asMap()).isEmpty();
  }

  @Test
  void withoutAKeyTheFallbackChooses() {
    Strategy turns = Strategies.sessionAffinity(Strategies.roundRobin(), Duration.ofHours(1), 100);
    Candidates three = candidates(topology(3));
    Picker picker = turns.compile(three, balancer);
    Set<Integer> seen = new HashSet<>();
    for (int r = 0; r < 3; r++) {
      seen.add(picker.pick(PickContext.none(), 0));
    }
    assertThat(seen).containsExactlyInAnyOrder(0, 1, 2);
    // The fallback's own memory, its turn, outlives a recompile.
    int next = picker.pick(PickContext.none(), 0);
    assertThat(turns.compile(three, balancer).pick(PickContext.none(), 0))
        .isEqualTo((next + 1) % 3);
  }

  @Test
  void aRequestThatAvoidsItsEndpointIsServedElsewhereAndTheSessionStays() {
    Candidates ten = candidates(topology(10));
    Picker picker = STICKY.compile(ten, balancer);
    int home = picker.pick(key(1), 0);
    PickContext elsewhere = key(1).avoiding(ten.endpoint(home));
    assertThat(picker.pick(elsewhere, 0)).isEqualTo(home); // the balancer then asks for rank 1
    Set<Integer> others = new HashSet<>();
    for (int r = 0; r < 100; r++) {
      others.add(picker.pick(elsewhere, 1));
    }
    assertThat(others).hasSizeGreaterThan(5);
    assertThat(picker.pick(key(1), 0)).isEqualTo(home);
  }

  @Test
  void aNewSessionDoesNotBeginWhereItIsAvoidedOrFull() {
    Candidates three = candidates(topology(3)).limit(i -> 5);
    ((Load) three.stats(1)).inFlight = 5;
    Strategy turns = Strategies.sessionAffinity(Strategies.roundRobin(), Duration.ofHours(1), 100);
    Picker picker = turns.compile(three, balancer);
    for (int k = 0; k < 50; k++) {
      PickContext request = key(k).avoiding(three.endpoint(0));
      assertThat(picker.pick(request, 0)).isEqualTo(2);
      assertThat(picker.pick(key(k), 0)).isEqualTo(2);
    }
  }

  @Test
  void requestsThatBringANewKeyTogetherAgree() throws Exception {
    Candidates fifty = candidates(topology(50));
    Picker picker = STICKY.compile(fifty, balancer);
    int threads = 8;
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try {
      CyclicBarrier together = new CyclicBarrier(threads);
      List<Callable<List<Integer>>> same =
          Collections.nCopies(
              threads,
              () -> {
                List<Integer> homes = new ArrayList<>();
                for (int k = 0; k < 500; k++) {
                  if (k % 50 == 0) {
                    together.await();
                  }
                  homes.add(picker.pick(key(k), 0));
                }
                return homes;
              });
      Set<List<Integer>> answers = new HashSet<>();
      for (Future<List<Integer>> answer : executor.invokeAll(same)) {
        answers.add(answer.get());
      }
      assertThat(answers).hasSize(1);
    } finally {
      executor.shutdownNow();
    }
  }

  @Test
  void underABoundASessionWithoutRoomIsServedElsewhereAndStays() {
    Strategy bounded =
        Strategies.sessionAffinity(
            Strategies.boundedLoad(Strategies.rendezvous(), 0.25), Duration.ofHours(1), 100);
    Candidates four = candidates(topology(4));
    BoundedPicker picker = (BoundedPicker) bounded.compile(four, balancer);
    int home = picker.pick(key(1), 0, 1);
    assertThat(picker.limit(home, 8)).isEqualTo(3);
    ((Load) four.stats(home)).inFlight = 3;
    assertThat(picker.pick(key(1), 0, 8)).isNotEqualTo(home);
    ((Load) four.stats(home)).inFlight = 2;
    assertThat(picker.pick(key(1), 0, 8)).isEqualTo(home);
    assertThat(picker.pick(key(1), 1, 8)).isNotEqualTo(Picker.NONE);
  }

  @Test
  void parametersAreCheckedAtOnce() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.sessionAffinity(Strategies.random(), Duration.ZERO, 1))
        .withMessage("sessionAffinity: idle: PT0S (expected: 1 ms to 365 days)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Strategies.sessionAffinity(Strategies.random(), Duration.ofHours(1), 0))
        .withMessage("sessionAffinity: maximumSize: 0 (expected: >= 1)");
    assertThat(STICKY).hasToString("sessionAffinity(random, PT30M, 100000)");
    assertThat(STICKY)
        .isEqualTo(
            Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(30), 100_000));
  }
}
