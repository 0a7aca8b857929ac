package io.steelyard.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import org.junit.jupiter.api.Test;

class SlotTest {
  private static final long MILLI = 1_000_000;
  private static final long SECOND = 1_000_000_000;

  private final FakeOwner owner = new FakeOwner();
  private final Slot slot = new Slot("pod", owner, true, new Pace(10 * SECOND), 0);

  private static final class FakeOwner implements Slot.Owner {
    volatile long now;
    int wakes;
    int closedWithoutVerdict;

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public void wake() {
      wakes++;
    }

    @Override
    public void closedWithoutVerdict(String endpointId) {
      closedWithoutVerdict++;
    }
  }

  private long begin() {
    slot.begin(owner.now);
    return owner.now;
  }

  private void request(long took, Outcome outcome) {
    long began = begin();
    int episode = slot.episode();
    owner.now += took;
    slot.end(outcome, began, episode, false, false);
  }

  // ---- what is not timed ----

  @Test
  void what_is_not_timed_counts_in_flight_and_nobody_waits_for_it() {
    slot.begin(owner.now);
    slot.untimed();
    owner.now += 3600 * SECOND;
    assertThat(slot.inFlight()).isEqualTo(1);
    assertThat(slot.waitingNanos(owner.now)).isZero();
    assertThat(slot.expectedNanos(owner.now)).isZero(); // nothing is known: it may be tried
    slot.end(Outcome.SUCCESS, 0, 0, true, false);
    assertThat(slot.inFlight()).isZero();
    assertThat(slot.hasLatency()).isFalse();
    assertThat(slot.count(Outcome.SUCCESS)).isEqualTo(1);
  }

  @Test
  void without_tracking_what_is_in_flight_makes_busy_answered_or_not() {
    Slot untracked = new Slot("pod", owner, false, new Pace(10 * SECOND), 0);
    untracked.begin(0);
    untracked.responded(0, 0);
    assertThat(untracked.expectedNanos(owner.now)).isPositive();
  }

  @Test
  void a_failure_in_the_body_does_not_charge_the_time_of_the_body() {
    request(MILLI, Outcome.SUCCESS);
    for (Outcome outcome : List.of(Outcome.FAILURE, Outcome.TIMEOUT)) {
      long began = begin();
      owner.now += MILLI;
      slot.responded(began, slot.episode());
      owner.now += 60 * SECOND;
      slot.end(outcome, began, 0, true, false);
      assertThat(slot.latencyNanos(owner.now)).isLessThanOrEqualTo(1.01 * MILLI);
    }
  }

  // ---- counting ----

  @Test
  void a_request_is_in_flight_from_begin_to_end() {
    long began = begin();
    begin();
    assertThat(slot.inFlight()).isEqualTo(2);
    slot.end(Outcome.SUCCESS, began, 0, false, false);
    assertThat(slot.inFlight()).isEqualTo(1);
    assertThat(slot.begun()).isEqualTo(2);
    assertThat(slot.count(Outcome.SUCCESS)).isEqualTo(1);
  }

  @Test
  void begun_goes_on_past_its_24_bits() {
    slot.traffic = ((1L << 24) - 3) << 40; // as if so many had begun and ended
    for (int i = 0; i < 10; i++) {
      request(0, Outcome.SUCCESS);
    }
    assertThat(slot.begun()).isEqualTo((1L << 24) + 7);
    assertThat(slot.count(Outcome.SUCCESS)).isEqualTo((1L << 24) + 7);
    assertThat(slot.inFlight()).isZero();
  }

  @Test
  void begun_carries_with_requests_in_flight_and_by_admission_too() {
    slot.traffic = ((1L << 24) - 2) << 40;
    for (int i = 0; i < 5; i++) {
      assertThat(slot.admit(10, owner.now)).isTrue();
    }
    assertThat(slot.inFlight()).isEqualTo(5);
    assertThat(slot.begun()).isEqualTo((1L << 24) + 3);
  }

  @Test
  void begun_carries_again_and_again() {
    for (int round = 1; round <= 3; round++) {
      slot.traffic = ((1L << 24) - 1) << 40;
      request(0, Outcome.SUCCESS);
      assertThat(slot.begun()).isEqualTo(round * (1L << 24));
    }
  }

  @Test
  void in_flight_is_exact_beyond_half_a_million() {
    for (int i = 0; i < 600_000; i++) {
      begin();
    }
    assertThat(slot.inFlight()).isEqualTo(600_000);
    for (int i = 0; i < 600_000; i++) {
      slot.end(Outcome.SUCCESS, 0, 0, false, false);
    }
    assertThat(slot.inFlight()).isZero();
    assertThat(slot.count(Outcome.SUCCESS)).isEqualTo(600_000);
  }

  @Test
  void every_outcome_has_its_count() {
    for (Outcome outcome : Outcome.values()) {
      for (int i = 0; i <= outcome.ordinal(); i++) {
        request(MILLI, outcome);
      }
    }
    for (Outcome outcome : Outcome.values()) {
      assertThat(slot.count(outcome)).as("%s", outcome).isEqualTo(outcome.ordinal() + 1);
    }
  }

  @Test
  void what_responded_still_counts_in_flight_but_waits_no_more() {
    long began = begin();
    owner.now = 40 * MILLI;
    assertThat(slot.waitingNanos(owner.now)).isEqualTo(40 * MILLI);
    slot.responded(began, slot.episode());
    assertThat(slot.inFlight()).isEqualTo(1);
    assertThat(slot.waitingNanos(90 * MILLI)).isZero();
    slot.end(Outcome.SUCCESS, began, 0, true, false);
    assertThat(slot.inFlight()).isZero();
    assertThat(slot.traffic & (1L << 40) - 1).as("awaiting and in flight").isZero();
  }

  @Test
  void counts_stay_exact_when_many_threads_begin_and_end() throws Exception {
    int threads = 4;
    int each = 50_000;
    CountDownLatch start = new CountDownLatch(1);
    Thread[] all = new Thread[threads];
    for (int t = 0; t < threads; t++) {
      all[t] =
          new Thread(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  return;
                }
                for (int i = 0; i < each; i++) {
                  long began = begin();
                  boolean responded = ThreadLocalRandom.current().nextBoolean();
                  if (responded) {
                    slot.responded(began, slot.episode());
                  }
                  Outcome outcome = Outcome.values()[i % Outcome.values().length];
                  slot.end(outcome, began, slot.episode(), responded, false);
                }
              });
      all[t].start();
    }
    start.countDown();
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(slot.traffic & (1L << 40) - 1).as("awaiting and in flight").isZero();
    assertThat(slot.begun()).isEqualTo((long) threads * each);
    long ended = 0;
    for (Outcome outcome : Outcome.values()) {
      ended += slot.count(outcome);
    }
    assertThat(ended).isEqualTo((long) threads * each);
  }

  // ---- admission ----

  @Test
  void admits_up_to_the_limit() {
    assertThat(slot.admit(2, owner.now)).isTrue();
    assertThat(slot.wouldAdmit(2, false)).isTrue();
    assertThat(slot.admit(2, owner.now)).isTrue();
    assertThat(slot.wouldAdmit(2, false)).isFalse();
    assertThat(slot.admit(2, owner.now)).isFalse();
    assertThat(slot.inFlight()).isEqualTo(2);
    assertThat(slot.begun()).isEqualTo(2);
  }

  @Test
  void a_probation_admits_one_at_a_time() {
    assertThat(slot.admitProbe(10, owner.now)).isTrue();
    assertThat(slot.wouldAdmit(10, true)).isFalse();
    assertThat(slot.admitProbe(10, owner.now)).isFalse();
    slot.end(Outcome.SUCCESS, 0, slot.episode(), false, true);
    assertThat(slot.admitProbe(10, owner.now)).isTrue();
  }

  @Test
  void a_probation_admits_nothing_after_a_failure_until_it_is_forgotten() {
    slot.admitProbe(10, owner.now);
    slot.end(Outcome.FAILURE, 0, slot.episode(), false, true);
    assertThat(slot.wouldAdmit(10, true)).isFalse();
    assertThat(slot.admitProbe(10, owner.now)).isFalse();
    slot.forgetFailures();
    assertThat(slot.admitProbe(10, owner.now)).isTrue();
  }

  @Test
  void a_full_slot_on_probation_keeps_its_probe_for_later() {
    begin();
    assertThat(slot.admitProbe(1, owner.now)).isFalse();
    slot.end(Outcome.SUCCESS, 0, slot.episode(), false, false);
    assertThat(slot.admitProbe(1, owner.now)).isTrue();
  }

  // ---- failures ----

  @Test
  void a_success_ends_the_row_of_failures() {
    request(MILLI, Outcome.FAILURE);
    request(MILLI, Outcome.TIMEOUT);
    request(MILLI, Outcome.UNREACHABLE);
    assertThat(slot.consecutiveFailures()).isEqualTo(3);
    request(MILLI, Outcome.OVERLOADED);
    request(MILLI, Outcome.CANCELLED);
    request(MILLI, Outcome.REJECTED);
    assertThat(slot.consecutiveFailures()).as("neutral outcomes").isEqualTo(3);
    request(MILLI, Outcome.SUCCESS);
    assertThat(slot.consecutiveFailures()).isZero();
  }

  @Test
  void failures_in_a_row_stay_at_65535() {
    for (int i = 0; i < 70_000; i++) {
      request(0, Outcome.FAILURE);
    }
    assertThat(slot.consecutiveFailures()).isEqualTo(65_535);
    assertThat(slot.recovered()).isFalse();
    assertThat(slot.episode()).isZero();
  }

  @Test
  void what_began_before_the_failures_were_forgotten_counts_neither_way() {
    int old = slot.episode();
    begin();
    begin();
    slot.forgetFailures();
    slot.end(Outcome.FAILURE, 0, old, false, false);
    assertThat(slot.consecutiveFailures()).isZero();
    request(MILLI, Outcome.FAILURE);
    slot.end(Outcome.SUCCESS, 0, old, false, false);
    assertThat(slot.consecutiveFailures()).isEqualTo(1);
  }

  @Test
  void an_answer_to_what_began_before_the_failures_were_forgotten_is_no_sample() {
    long began = begin();
    int old = slot.episode();
    owner.now += 30 * SECOND; // it hung
    slot.forgetFailures();
    slot.responded(began, old);
    slot.end(Outcome.SUCCESS, began, old, true, false);
    assertThat(slot.hasLatency()).isFalse();
    assertThat(slot.expectedNanos(owner.now)).as("as one of which nothing is known").isZero();
    assertThat(slot.inFlight()).isZero();
  }

  @Test
  void what_never_answers_does_not_keep_others_from_an_endpoint_of_which_nothing_is_known() {
    begin();
    owner.now += 10 * SECOND - 1;
    assertThat(slot.expectedNanos(owner.now)).isEqualTo(1e12);
    owner.now++;
    assertThat(slot.expectedNanos(owner.now)).as("one more finds out").isZero();
    assertThat(slot.logExpectedNanos(owner.now)).isZero();
    long began = begin();
    assertThat(slot.expectedNanos(owner.now)).as("and no more than one").isEqualTo(1e12);
    owner.now += MILLI;
    slot.end(Outcome.SUCCESS, began, 0, false, false);
    assertThat(slot.expectedNanos(owner.now)).isEqualTo(MILLI);
  }

  @Test
  void failures_can_be_forgotten_any_number_of_times() {
    for (int i = 0; i < 40_000; i++) { // the episode number has 14 bits
      request(0, Outcome.FAILURE);
      assertThat(slot.consecutiveFailures()).isEqualTo(1);
      slot.forgetFailures();
      assertThat(slot.consecutiveFailures()).isZero();
    }
  }

  @Test
  void wakes_at_the_threshold_and_not_before() {
    slot.arm(3, false);
    request(0, Outcome.FAILURE);
    request(0, Outcome.FAILURE);
    assertThat(owner.wakes).isZero();
    request(0, Outcome.FAILURE);
    assertThat(owner.wakes).isEqualTo(1);
  }

  @Test
  void a_threshold_that_is_reached_already_wakes_at_once() {
    request(0, Outcome.FAILURE);
    request(0, Outcome.FAILURE);
    slot.arm(2, false);
    assertThat(owner.wakes).isEqualTo(1);
  }

  @Test
  void an_awaited_success_wakes_once_and_is_remembered() {
    slot.arm(Integer.MAX_VALUE, true);
    request(0, Outcome.SUCCESS);
    request(0, Outcome.SUCCESS);
    assertThat(owner.wakes).isEqualTo(1);
    assertThat(slot.recovered()).isTrue();
    slot.forgetFailures();
    assertThat(slot.recovered()).isFalse();
  }

  @Test
  void a_success_that_nobody_awaits_wakes_nobody() {
    request(0, Outcome.SUCCESS);
    assertThat(owner.wakes).isZero();
    assertThat(slot.recovered()).isFalse();
  }

  // ---- latency ----

  @Test
  void nothing_is_known_before_the_first_answer() {
    assertThat(slot.hasLatency()).isFalse();
    assertThat(slot.latencyNanos(SECOND)).isZero();
  }

  @Test
  void an_answer_in_no_time_is_known_too() {
    request(0, Outcome.SUCCESS);
    assertThat(slot.hasLatency()).isTrue();
  }

  /**
   * τ = 10 s, E = 100 ms, then 50 ms after 10 s: 50·(1 − 1/e) + 100/e = 68.394 ms. The stamp's unit
   * of 1.05 ms allows an error of 50·1.05/10,000 = .0053 ms, and the float less.
   */
  @Test
  void a_lower_sample_is_mixed_in_by_the_time_that_passed() {
    request(100 * MILLI, Outcome.SUCCESS);
    owner.now += 10 * SECOND - 50 * MILLI;
    request(50 * MILLI, Outcome.SUCCESS);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(68.394, within(0.006));
  }

  @Test
  void reading_in_between_changes_nothing() {
    request(100 * MILLI, Outcome.SUCCESS);
    long start = owner.now;
    for (int i = 0; i < 10_000; i++) {
      assertThat(slot.latencyNanos(start + i * MILLI)).isPositive();
    }
    owner.now = start + 10 * SECOND - 50 * MILLI;
    request(50 * MILLI, Outcome.SUCCESS);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(68.394, within(0.006));
  }

  @Test
  void reading_decays() {
    request(100 * MILLI, Outcome.SUCCESS);
    assertThat(slot.latencyNanos(owner.now + 10 * SECOND) / MILLI)
        .isCloseTo(100 / Math.E, within(0.006));
    assertThat(slot.latencyNanos(owner.now)).isCloseTo(100.0 * MILLI, within(1.0));
  }

  @Test
  void a_higher_sample_replaces_the_average() {
    request(10 * MILLI, Outcome.SUCCESS);
    request(80 * MILLI, Outcome.SUCCESS);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(80, within(0.001));
  }

  @Test
  void the_sample_is_taken_when_the_answer_begins() {
    long began = begin();
    owner.now += 20 * MILLI;
    slot.responded(began, slot.episode());
    owner.now += 3 * SECOND;
    slot.end(Outcome.SUCCESS, began, 0, true, false);
    assertThat(slot.latencyNanos(20 * MILLI) / MILLI).isCloseTo(20, within(0.001));
  }

  // ---- failures, as they are charged ----

  @Test
  void a_failure_leaves_the_latency_alone_but_keeps_it_up() {
    request(10 * MILLI, Outcome.SUCCESS);
    for (int i = 0; i < 30; i++) {
      owner.now += SECOND;
      request(MILLI, Outcome.FAILURE);
    }
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(10, within(0.01));
    request(SECOND, Outcome.SUCCESS);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(1_000, within(0.1));
  }

  @Test
  void a_failure_that_took_long_counts_as_long_as_it_took() {
    request(10 * MILLI, Outcome.SUCCESS);
    request(7 * SECOND, Outcome.TIMEOUT);
    assertThat(slot.latencyNanos(owner.now) / SECOND).isCloseTo(7, within(0.001));
  }

  /** Each speaks for the time since the sample before it: of a second's memory, a hundredth. */
  @Test
  void one_failure_among_frequent_requests_moves_the_failure_rate_little() {
    for (int i = 0; i < 100; i++) {
      request(10 * MILLI, Outcome.SUCCESS);
    }
    assertThat(slot.failureRate(owner.now)).isZero();
    request(10 * MILLI, Outcome.FAILURE);
    assertThat(slot.failureRate(owner.now)).isCloseTo(0.01, within(0.002));
  }

  @Test
  void one_failure_that_comes_alone_moves_the_failure_rate_far_and_is_forgiven_soon() {
    request(10 * MILLI, Outcome.SUCCESS);
    owner.now += SECOND;
    request(10 * MILLI, Outcome.FAILURE);
    assertThat(slot.failureRate(owner.now)).isCloseTo(1 - 1 / Math.E, within(0.01));
    assertThat(slot.failureRate(owner.now + 3 * SECOND)).isCloseTo(0.03, within(0.005));
  }

  /**
   * 1 % of failures, 100 requests a second: charges that multiplied used to end in five seconds.
   */
  @Test
  void the_failure_rate_is_the_share_of_failures() {
    double sum = 0;
    for (int i = 1; i <= 20_000; i++) {
      request(10 * MILLI, i % 100 == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
      sum += slot.failureRate(owner.now);
    }
    assertThat(sum / 20_000).isCloseTo(0.01, within(0.001));
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(10, within(0.01));
  }

  @Test
  void an_endpoint_that_always_fails_has_a_failure_rate_of_one_and_costs_31_times_as_much() {
    request(10 * MILLI, Outcome.SUCCESS);
    for (int i = 0; i < 1_000; i++) {
      request(10 * MILLI, Outcome.OVERLOADED);
    }
    assertThat(slot.failureRate(owner.now)).isCloseTo(1, within(0.001));
    assertThat(slot.expectedNanos(owner.now) / MILLI).isCloseTo(310, within(1.0));
  }

  @Test
  void one_that_has_only_failed_so_far_does_not_look_fast() {
    request(MILLI / 10, Outcome.UNREACHABLE);
    assertThat(slot.hasLatency()).isFalse();
    assertThat(slot.expectedNanos(owner.now)).isGreaterThan(1e11);
    assertThat(slot.expectedNanos(owner.now + 4 * SECOND)).as("tried again").isZero();
  }

  @Test
  void failures_are_forgotten_with_the_latency() {
    request(10 * MILLI, Outcome.FAILURE);
    slot.forgetFailures();
    assertThat(slot.failureRate(owner.now)).isZero();
    assertThat(slot.expectedNanos(owner.now)).isZero();
  }

  /** The fast way says what the other methods say. */
  @Test
  void what_is_expected_follows_from_the_other_methods() {
    SplittableRandom random = new SplittableRandom(1);
    for (int round = 0; round < 200; round++) {
      Slot at = new Slot("pod" + round, owner, true, new Pace(10 * SECOND), owner.now);
      List<Long> inFlight = new ArrayList<>();
      for (int step = 0; step < 60; step++) {
        int what = random.nextInt(10);
        if (what < 5 || inFlight.isEmpty()) {
          at.begin(owner.now);
          inFlight.add(owner.now);
        } else {
          Outcome outcome = Outcome.values()[Math.max(0, random.nextInt(15) - 8)];
          at.end(outcome, inFlight.remove(0), at.episode(), false, false);
        }
        owner.now +=
            random.nextInt(20) == 0 ? random.nextLong(30 * SECOND) : random.nextInt(50_000_000);
        double expected = expected(at, owner.now);
        assertThat(at.expectedNanos(owner.now)).isEqualTo(expected);
        // The curve between two powers of two 6.1 %, what a hundredth less and failures that charge
        // a hundredth are taken for 1 % each.
        assertThat(at.logExpectedNanos(owner.now))
            .isBetween(floatBits(expected / 1.082), floatBits(expected * 1.082));
      }
    }
  }

  private static int floatBits(double number) {
    return Float.floatToRawIntBits((float) number);
  }

  private static double expected(Slot at, long now) {
    if (!at.hasLatency()) {
      boolean busy = at.inFlight() > 0 && at.sinceBegunNanos(now) < 10 * SECOND;
      return !busy && at.failureRate(now) < 0.05 ? 0 : 1e12;
    }
    double latency = at.latencyNanos(now);
    double waiting = at.waitingNanos(now);
    boolean triedAgain = waiting > latency && at.sinceBegunNanos(now) >= 10 * SECOND;
    double cost = triedAgain ? latency : Math.max(latency, waiting);
    return cost * (1 + 30 * at.failureRate(now));
  }

  @Test
  void a_refusal_of_ours_says_nothing_of_latency() {
    request(SECOND, Outcome.REJECTED);
    assertThat(slot.hasLatency()).isFalse();
  }

  @Test
  void a_cancellation_says_it_would_have_taken_so_long_at_least() {
    request(10 * MILLI, Outcome.SUCCESS);
    request(1 * MILLI, Outcome.CANCELLED);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(10, within(0.01));
    request(200 * MILLI, Outcome.CANCELLED);
    assertThat(slot.latencyNanos(owner.now) / MILLI).isCloseTo(200, within(0.01));
  }

  /**
   * A caller that gives up after a second each time: the second cancellation says the same as the
   * first, and the average must not fade in spite of it.
   */
  @Test
  void cancellations_after_the_same_time_keep_the_average_up() {
    for (int i = 0; i < 20; i++) {
      request(SECOND, Outcome.CANCELLED);
      owner.now += 9 * SECOND;
    }
    request(SECOND, Outcome.CANCELLED);
    assertThat(slot.latencyNanos(owner.now) / SECOND).isCloseTo(1, within(0.01));
  }

  @Test
  void waits_are_those_of_requests_begun_after_the_last_answer() {
    long first = begin();
    owner.now = 100 * MILLI;
    begin();
    owner.now = 300 * MILLI;
    assertThat(slot.waitingNanos(owner.now)).isEqualTo(300 * MILLI);
    slot.end(Outcome.SUCCESS, first, 0, false, false);
    // The second is older than this answer: it tells nothing of whether the endpoint hangs.
    assertThat(slot.waitingNanos(800 * MILLI)).isZero();
    owner.now = 900 * MILLI;
    begin();
    assertThat(slot.waitingNanos(1000 * MILLI)).isEqualTo(100 * MILLI);
  }

  @Test
  void the_clock_may_be_negative_or_wrap() {
    for (long start : new long[] {-5 * SECOND, Long.MAX_VALUE - 3 * SECOND, Long.MIN_VALUE}) {
      FakeOwner clock = new FakeOwner();
      clock.now = start;
      Slot at = new Slot("pod", clock, true, new Pace(10 * SECOND), start);
      long began = clock.now;
      at.begin(began);
      clock.now += 4 * SECOND;
      assertThat(at.waitingNanos(clock.now)).isEqualTo(4 * SECOND);
      at.end(Outcome.SUCCESS, began, 0, false, false);
      assertThat(at.latencyNanos(clock.now) / SECOND).isCloseTo(4, within(0.001));
      assertThat(at.latencyNanos(clock.now + 10 * SECOND) / SECOND)
          .isCloseTo(4 / Math.E, within(0.001));
    }
  }

  @Test
  void without_tracking_no_clock_is_read_and_nothing_is_known() {
    Slot untracked =
        new Slot(
            "pod",
            new Slot.Owner() {
              @Override
              public long nanoTime() {
                throw new AssertionError("the clock was read");
              }

              @Override
              public void wake() {}

              @Override
              public void closedWithoutVerdict(String endpointId) {}
            },
            false,
            new Pace(SECOND),
            0);
    for (Outcome outcome : Outcome.values()) {
      long began = 0;
      untracked.begin(began);
      untracked.end(outcome, began, 0, false, false);
    }
    assertThat(untracked.hasLatency()).isFalse();
    assertThat(untracked.begun()).isEqualTo(Outcome.values().length);
  }

  // ---- attempts ----

  @Test
  void an_attempt_closed_without_a_verdict_is_a_failure_and_said() {
    SlotAttempt attempt = new SlotAttempt(slot, io.steelyard.Endpoint.of("h", 1), begin(), false);
    attempt.close();
    attempt.close();
    assertThat(slot.count(Outcome.FAILURE)).isEqualTo(1);
    assertThat(owner.closedWithoutVerdict).isEqualTo(1);
  }
}
