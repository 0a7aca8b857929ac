package io.steelyard.benchmarks.simulation.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Each peer's rule does what is known of it. */
class PeersTest {
  private final VirtualPlatform platform = new VirtualPlatform();

  private static Endpoint endpoint(int number, int weight) {
    return Endpoint.builder("" + (char) ('a' + number)).host("h").port(1).weight(weight).build();
  }

  private Balancer balancer(Strategy strategy, int... weights) {
    Endpoint[] endpoints = new Endpoint[weights.length];
    for (int i = 0; i < weights.length; i++) {
      endpoints[i] = endpoint(i, weights[i]);
    }
    return Balancer.builder(new ManualDiscovery(endpoints))
        .platform(platform)
        .stages()
        .strategy(strategy)
        .build();
  }

  private static String turns(Balancer balancer, int count) {
    StringBuilder turns = new StringBuilder();
    for (int i = 0; i < count; i++) {
      turns.append(balancer.pick(PickContext.none()).id());
    }
    return turns.toString();
  }

  @Test
  void smoothWeightedGivesTheOrderOfNginx() {
    assertThat(turns(balancer(new SmoothWeighted(), 5, 1, 1), 14)).isEqualTo("aabacaaaabacaa");
  }

  /**
   * How far EDF strays from the ideal share is known: 1.143, 0.636, 0.733 and 4.5 turns for these
   * weights, in exact arithmetic. In doubles, which Envoy uses too, 1/6 + 1/6 + 1/6 is not 1/2, and
   * what should be a tie is decided by rounding: with fractions in place of doubles this schedule
   * gives the known figures, and with doubles 1.091, 0.933 and 5.
   */
  @Test
  void edfStraysAsFarAsItIsKnownTo() {
    platform.random(() -> 0); // begins at the first
    assertThat(deviation(5, 1, 1)).isCloseTo(1.143, within(0.0005));
    assertThat(deviation(2, 3, 6)).isCloseTo(1.091, within(0.0005));
    assertThat(deviation(3, 5, 7)).isCloseTo(0.933, within(0.0005));
    assertThat(deviation(10, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)).isCloseTo(5, within(0.0005));
  }

  private double deviation(int... weights) {
    int sum = 0;
    for (int weight : weights) {
      sum += weight;
    }
    String turns = turns(balancer(new EdfLeastRequest(), weights), sum);
    double most = 0;
    for (int end = 1; end <= sum; end++) {
      for (int i = 0; i < weights.length; i++) {
        char id = (char) ('a' + i);
        long had = turns.substring(0, end).chars().filter(c -> c == id).count();
        most = Math.max(most, Math.abs(had - (double) end * weights[i] / sum));
      }
    }
    return most;
  }

  @Test
  void edfGivesLessToWhoeverIsBusy() {
    platform.random(() -> 0);
    Balancer balancer = balancer(new EdfLeastRequest(), 1, 1);
    assertThat(balancer.begin(PickContext.none()).endpoint().id()).isEqualTo("a");
    // From its next turn on a, with one in flight, comes after 2 and b after 1.
    assertThat(turns(balancer, 9)).isEqualTo("babbabbab");
  }

  /** Of two, one busy: it is taken when it is drawn twice, one time in four. */
  @Test
  void withReplacementOneIsComparedWithItself() {
    Balancer balancer = balancer(new TwoWithReplacement(), 1, 1);
    List<Attempt> begun = new ArrayList<>();
    platform.random(ScriptedRandom.ints(2, 0, 0));
    begun.add(balancer.begin(PickContext.none()));
    String chosen = "";
    for (int[] draw : new int[][] {{0, 0}, {0, 1}, {1, 0}, {1, 1}}) {
      platform.random(ScriptedRandom.ints(2, draw));
      chosen += balancer.pick(PickContext.none()).id();
    }
    assertThat(chosen).isEqualTo("abbb");
    assertThat(begun.get(0).endpoint().id()).isEqualTo("a");
  }

  /**
   * τ = 10 s, 100 at 0 s and 50 at 10 s: 68.394 where nobody asks between, and 50 where somebody
   * asks just before the second sample: asking writes 100/e = 36.8, and 50 is above that.
   */
  @Test
  void finaglesAverageDependsOnHowOftenItIsRead() {
    assertThat(costAfter(false)).isCloseTo(68.394, within(0.001));
    assertThat(costAfter(true)).isEqualTo(50);
  }

  private static double costAfter(boolean read) {
    FinaglePeakEwma.Node node = new FinaglePeakEwma.Node(0);
    node.observe(100, 0);
    if (read) {
      node.load(10_000_000_000L);
    }
    node.observe(50, 10_000_000_000L);
    return node.load(10_000_000_000L);
  }

  @Test
  void finagleSendsOneRequestToWhatItDoesNotKnow() {
    FinaglePeakEwma strategy = new FinaglePeakEwma();
    Balancer balancer = balancer(strategy, 1, 1);
    Endpoint a = endpoint(0, 1);
    Endpoint b = endpoint(1, 1);
    RandomSource firstA = () -> 0; // a is drawn first, b second
    platform.random(firstA);
    strategy.begun(a, 0);
    strategy.ended(a, Outcome.SUCCESS, 1_000_000, 0);
    assertThat(turns(balancer, 1)).isEqualTo("b"); // costs nothing yet
    strategy.begun(b, 0);
    assertThat(turns(balancer, 3)).isEqualTo("aaa"); // and now beyond everything
  }

  @Test
  void dialogueRemembersAFailureLikeTenRequestsAndHalfOfItAfterHalfAMinute() {
    BalancedScore strategy = new BalancedScore();
    Balancer balancer = balancer(strategy, 1, 1);
    strategy.ended(endpoint(0, 1), Outcome.FAILURE, 1, platform.nanoTime());
    assertThat(beginsBeforeA(balancer, 11)).isBetween(10, 11);

    platform.advance(Duration.ofSeconds(30));
    Balancer later = balancer(strategy, 1, 1);
    assertThat(beginsBeforeA(later, 6)).isBetween(5, 6);
  }

  /** How many requests b takes until a is chosen; at the same score either may be. */
  private static int beginsBeforeA(Balancer balancer, int atMost) {
    for (int taken = 0; taken <= atMost; taken++) {
      if (balancer.begin(PickContext.none()).endpoint().id().equals("a")) {
        return taken;
      }
    }
    return atMost + 1;
  }
}
