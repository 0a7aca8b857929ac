package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static io.steelyard.Fixture.weighted;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Mistakes that load balancers have made, ours among them. */
class TrapsTest {
  /**
   * Loads divided by weight give 1:2:3 shares of 0, .33, .67 while nothing is in flight. 30,000
   * requests of share p have a standard deviation of √(N·p·(1−p)) ≤ 87; five are 433.
   */
  @Test
  void weights_hold_under_power_of_two_with_one_request_at_a_time() {
    for (LoadMetric metric : List.of(LoadMetric.inFlight(), LoadMetric.peakEwma())) {
      Fixture fixture =
          new Fixture(weighted(1, 2, 3), b -> b.stages().strategy(Strategies.powerOfTwo(metric)));
      Map<String, Integer> counts = fixture.requests(30_000);
      assertThat(counts.get("a")).as("%s", metric).isBetween(5_000 - 433, 5_000 + 433);
      assertThat(counts.get("b")).as("%s", metric).isBetween(10_000 - 433, 10_000 + 433);
      assertThat(counts.get("c")).as("%s", metric).isBetween(15_000 - 433, 15_000 + 433);
    }
  }

  /**
   * The average of whoever was asked longer ago has decayed further, and that is the lighter one:
   * at a constant latency 1:2:3 came out as .26, .36, .38.
   */
  @Test
  void weights_hold_under_power_of_two_whatever_the_latency() {
    for (int millis : new int[] {1, 20, 200}) {
      Fixture fixture =
          new Fixture(
              weighted(1, 2, 3),
              b -> b.stages().strategy(Strategies.powerOfTwo(LoadMetric.peakEwma())));
      Map<String, Integer> counts = new TreeMap<>();
      for (int i = 0; i < 30_000; i++) {
        Attempt attempt = fixture.balancer.begin(PickContext.none());
        fixture.platform.advance(Duration.ofMillis(millis));
        attempt.success();
        counts.merge(attempt.endpoint().id(), 1, Integer::sum);
      }
      // Five standard deviations as above, and as much again for the ties that decay still breaks.
      assertThat(counts.get("a")).as("%d ms", millis).isBetween(5_000 - 866, 5_000 + 866);
      assertThat(counts.get("b")).as("%d ms", millis).isBetween(10_000 - 866, 10_000 + 866);
      assertThat(counts.get("c")).as("%d ms", millis).isBetween(15_000 - 866, 15_000 + 866);
    }
  }

  @Test
  void among_unequal_weights_the_slow_one_is_still_shunned() {
    Fixture fixture =
        new Fixture(
            weighted(1, 2, 3),
            b -> b.stages().strategy(Strategies.powerOfTwo(LoadMetric.peakEwma())));
    int slow = 0;
    for (int i = 0; i < 10_000; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      boolean isSlow = attempt.endpoint().id().equals("c");
      slow += isSlow ? 1 : 0;
      fixture.platform.advance(Duration.ofMillis(isSlow ? 200 : 10));
      attempt.success();
    }
    // By weight it would get 5,000.
    assertThat(slow).isLessThan(500);
  }

  /**
   * Ten pods, 200 requests a second, 50 ms each, no time-outs. One hangs. By decay alone its cost
   * would fade and its share grow from .003 to .20 within 70 s.
   */
  @Test
  void a_pod_that_hangs_does_not_grow_attractive_by_decay() {
    Fixture fixture = new Fixture(eps(10), b -> b.stages());
    int[] toDead = drive(fixture, 75, Duration.ZERO);
    // What was under way when it began to hang, and then one every ten seconds to find out.
    assertThat(toDead[0]).isLessThanOrEqualTo(5);
    int afterTheFirstSecond = 0;
    for (int second = 1; second < 70; second++) {
      afterTheFirstSecond += toDead[second];
    }
    assertThat(afterTheFirstSecond).isBetween(5, 7);
  }

  /**
   * One attempt whose verdict is lost, on a pod that answers everything else. Without a request now
   * and then no sample would ever end the wait, and the pod would starve.
   */
  @Test
  void one_request_without_an_answer_does_not_starve_a_healthy_pod() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages());
    Attempt lost = fixture.balancer.begin(PickContext.none());
    int toIt = 0;
    for (int i = 0; i < 60_000; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      toIt += attempt.endpoint().equals(lost.endpoint()) ? 1 : 0;
      fixture.platform.schedule(attempt::success, Duration.ofMillis(20));
      fixture.platform.advance(Duration.ofMillis(2));
    }
    // Two minutes, ten in flight: after ten seconds it is found to be well, and the lost one weighs
    // no more than a request in flight does: 5.5 to 4.5, of eleven twelfths of the time.
    assertThat(toIt).isGreaterThan(20_000);
  }

  /**
   * The failures of an ejected pod were charged to its average; with it, the default strategy did
   * not choose the pod for its probe until 55 s later.
   */
  @Test
  void a_probe_is_sent_as_soon_as_it_may_be() {
    Fixture fixture = new Fixture(eps(10), b -> b);
    PickContext onlyTheFirst = PickContext.none();
    for (int e = 1; e < 10; e++) {
      onlyTheFirst = onlyTheFirst.avoiding(ep("e" + e));
    }
    for (int i = 0; i < 5; i++) {
      fixture.balancer.begin(onlyTheFirst).end(Outcome.FAILURE);
      fixture.platform.advance(Duration.ofMillis(20));
    }
    int millis = 0;
    boolean probed = false;
    for (; millis < 60_000 && !probed; millis += 5) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      probed = attempt.endpoint().id().equals("e0");
      fixture.platform.schedule(attempt::success, Duration.ofMillis(5));
      fixture.platform.advance(Duration.ofMillis(5));
    }
    // Out for 5 s; then a fifth of all pairs drawn have the pod in them, so within 250 ms 50 such
    // draws have failed with probability .8^50 = 1e-5.
    assertThat(millis).isBetween(4_900, 5_300);
  }

  /**
   * After a blip that took all of them out, all are probed at the same time. Counted as in use,
   * they ended the panic, and each admitted one request at a time: all but three of a burst were
   * refused.
   */
  @Test
  void endpoints_on_probation_do_not_end_a_panic() {
    Fixture fixture = new Fixture(eps(3), b -> b);
    for (int i = 0; i < 60; i++) {
      fixture.balancer.begin(PickContext.none()).end(Outcome.FAILURE);
      fixture.platform.advance(Duration.ofMillis(20));
    }
    fixture.platform.advance(Duration.ofMinutes(6));
    List<Attempt> burst = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      burst.add(fixture.balancer.begin(PickContext.none()));
    }
    burst.forEach(Attempt::success);
    fixture.platform.advance(Duration.ofSeconds(10));
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(3);
    assertThat(fixture.balancer.explain().layers().get(0).note()).isNull();
  }

  /** An idle endpoint of weight 1 beside a busy one of weight 99 used to win every comparison. */
  @Test
  void a_light_endpoint_does_not_take_half_of_a_small_pool() {
    for (LoadMetric metric : List.of(LoadMetric.inFlight(), LoadMetric.peakEwma())) {
      Fixture fixture =
          new Fixture(weighted(99, 1), b -> b.stages().strategy(Strategies.powerOfTwo(metric)));
      int light = 0;
      for (int i = 0; i < 20_000; i++) {
        Attempt attempt = fixture.balancer.begin(PickContext.none());
        light += attempt.endpoint().id().equals("b") ? 1 : 0;
        fixture.platform.schedule(attempt::success, Duration.ofMillis(20));
        fixture.platform.advance(Duration.ofMillis(4)); // five in flight
      }
      // 200 by weight, standard deviation 14; a quarter of them come from averages that fade.
      assertThat(light).as("%s", metric).isBetween(100, 400);
    }
  }

  /**
   * As above, but callers give up after a second. Then nothing is in flight on it between two
   * callers, and only its average can warn the next: one second, which τ = 10 s takes to 50 ms in
   * 30 s. So two to three requests a minute find out that it still hangs; where the average faded
   * in spite of them it was more than two a second.
   */
  @Test
  void a_hanging_pod_whose_callers_give_up_does_not_win_them_back() {
    Fixture fixture = new Fixture(eps(10), b -> b.stages());
    int[] toDead = drive(fixture, 125, Duration.ofSeconds(1));
    int afterTheFirstSecond = 0;
    for (int second = 1; second < 120; second++) {
      afterTheFirstSecond += toDead[second];
    }
    assertThat(afterTheFirstSecond).isLessThanOrEqualTo(12);
  }

  /** Runs 200 requests a second; e0 hangs from second 5 on. Returns what it got in each second. */
  private static int[] drive(Fixture fixture, int seconds, Duration patience) {
    int[] toDead = new int[seconds];
    for (int i = 0; i < 200 * seconds; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      if (i >= 1_000 && attempt.endpoint().id().equals("e0")) {
        toDead[i / 200 - 5]++;
        if (!patience.isZero()) {
          fixture.platform.schedule(attempt::cancel, patience);
        }
      } else {
        fixture.platform.schedule(attempt::success, Duration.ofMillis(50));
      }
      fixture.platform.advance(Duration.ofMillis(5));
    }
    return toDead;
  }

  @Test
  void twenty_requests_that_die_with_one_pod_are_one_episode() {
    Fixture fixture = new Fixture(eps(4), b -> b.stages(Stages.ejection()));
    List<Attempt> inFlight = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      inFlight.add(fixture.beginOn("e0"));
    }
    for (Attempt attempt : inFlight) {
      attempt.failure(new java.io.IOException("connection reset"));
      fixture.platform.advance(Duration.ofMillis(20)); // time for a rebuild each
    }
    assertThat(fixture.weight("e0")).isZero();
    // Out since the fifth, 300 ms ago and a little: back five seconds after that, not five minutes.
    fixture.platform.advance(Duration.ofMillis(4_500));
    assertThat(fixture.weight("e0")).isZero();
    fixture.platform.advance(Duration.ofMillis(500));
    assertThat(fixture.weight("e0")).isPositive();
  }

  @Test
  void one_strategy_object_serves_two_balancers_without_mixing_them_up() {
    for (Strategy strategy :
        List.of(
            Strategies.roundRobin(),
            Strategies.weightedRoundRobin(),
            Strategies.timedRoundRobin(Duration.ofMillis(100)))) {
      Fixture one = new Fixture(1, eps(2), b -> b.stages().strategy(strategy));
      Fixture other = new Fixture(2, eps(3), b -> b.stages().strategy(strategy));
      // Two turns of one for each of the other's: a shared cursor would give e0 to one always.
      Set<String> seen = new HashSet<>();
      for (int i = 0; i < 20; i++) {
        seen.add(one.request().id());
        other.request();
        one.platform.advance(Duration.ofMillis(100));
        other.platform.advance(Duration.ofMillis(100));
      }
      assertThat(seen).as(strategy.toString()).containsExactlyInAnyOrder("e0", "e1");
    }
  }

  @Test
  void one_stage_object_serves_two_balancers_without_mixing_them_up() {
    Stage ejection = Stages.ejection(1, Duration.ofSeconds(5), Duration.ofMinutes(5));
    Fixture one = new Fixture(eps(2), b -> b.stages(ejection));
    Fixture other = new Fixture(eps(2), b -> b.stages(ejection));
    one.on("e0", Outcome.FAILURE, 1);
    other.publish(ep("e0"), ep("e1"), ep("e2")); // evaluates
    assertThat(one.weight("e0")).isZero();
    assertThat(other.weight("e0")).isPositive();
  }

  /** A ThreadLocalRandom that was captured once gives every thread the same numbers. */
  @Test
  void the_system_random_source_differs_from_thread_to_thread() throws Exception {
    RandomSource random = Platform.system().random();
    int threads = 8;
    List<List<Long>> sequences = new ArrayList<>();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      List<Long> sequence = new ArrayList<>();
      sequences.add(sequence);
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  return;
                }
                for (int i = 0; i < 1_000; i++) {
                  sequence.add(random.nextLong());
                }
              });
      all.add(thread);
      thread.start();
    }
    start.countDown();
    for (Thread thread : all) {
      thread.join();
    }
    Set<Long> distinct = new HashSet<>();
    sequences.forEach(distinct::addAll);
    // Two equal ones among 8,000 numbers of 64 bits: once in 10^11 runs.
    assertThat(distinct).hasSize(threads * 1_000);
  }

  /**
   * An endpoint that answers every request at once with an error must not look like the fastest.
   */
  @Test
  void one_that_fails_fast_does_not_attract_traffic() {
    Fixture fixture = new Fixture(eps(10), b -> b.stages());
    int toFailing = 0;
    for (int i = 0; i < 12_000; i++) { // a minute
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      if (attempt.endpoint().id().equals("e0")) {
        toFailing++;
        fixture.platform.schedule(() -> attempt.end(Outcome.FAILURE), Duration.ofMillis(1));
      } else {
        fixture.platform.schedule(attempt::success, Duration.ofMillis(20));
      }
      fixture.platform.advance(Duration.ofMillis(5));
    }
    // An equal share would be 1,200. It fails in a twentieth of the time the others take, so it
    // takes a few failures until it looks slow, and some from time to time as that fades.
    assertThat(toFailing).isLessThan(60);
  }

  @Test
  void of_an_unknown_endpoint_exactly_one_request_finds_out() {
    Fixture fixture = new Fixture(eps(3), b -> b.stages());
    for (int i = 0; i < 100; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      fixture.platform.advance(Duration.ofMillis(20));
      attempt.success();
    }
    fixture.publish(ep("e0"), ep("e1"), ep("e2"), ep("new"));
    List<Attempt> onNew = new ArrayList<>();
    List<Attempt> others = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      (attempt.endpoint().id().equals("new") ? onNew : others).add(attempt);
    }
    assertThat(onNew).hasSize(1);
    others.forEach(Attempt::success);
    fixture.platform.advance(Duration.ofMillis(20));
    onNew.get(0).success();
    int afterwards = 0;
    for (int i = 0; i < 1_000; i++) {
      Attempt attempt = fixture.balancer.begin(PickContext.none());
      afterwards += attempt.endpoint().id().equals("new") ? 1 : 0;
      fixture.platform.advance(Duration.ofMillis(20));
      attempt.success();
    }
    assertThat(afterwards).isBetween(100, 500);
  }

  @Test
  void without_latency_tracking_peak_ewma_compares_requests_in_flight() {
    Fixture fixture = new Fixture(eps(5), b -> b.stages().latencyTracking(false));
    for (int i = 0; i < 500; i++) {
      fixture.balancer.begin(PickContext.none());
    }
    for (int i = 0; i < 5; i++) {
      assertThat(fixture.stats("e" + i).inFlight()).isBetween(95, 105);
      assertThat(fixture.stats("e" + i).hasLatency()).isFalse();
    }
  }

  @Test
  void nothing_minds_a_clock_that_is_negative_or_wraps() {
    for (long start : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE - 2_000_000_000L}) {
      Fixture fixture =
          new Fixture(
              new VirtualPlatform(start, java.time.Instant.EPOCH),
              new io.steelyard.testkit.ManualDiscovery(eps(3)),
              b -> b.stages(Stages.ejection()));
      fixture.on("e0", Outcome.FAILURE, 5);
      assertThat(fixture.weight("e0")).as("from %d", start).isZero();
      fixture.platform.advance(Duration.ofMillis(4_900));
      assertThat(fixture.weight("e0")).as("from %d", start).isZero();
      fixture.platform.advance(Duration.ofMillis(100));
      assertThat(fixture.weight("e0")).as("from %d", start).isPositive();
      fixture.on("e0", Outcome.SUCCESS, 1);
      fixture.platform.advance(Duration.ofSeconds(6));
      assertThat(fixture.weight("e0")).as("from %d", start).isEqualTo(1);
    }
  }
}
