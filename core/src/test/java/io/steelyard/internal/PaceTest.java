package io.steelyard.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class PaceTest {
  private static final long SECOND = 1_000_000_000;
  private static final double STAMP = 1 << 20;

  private final Pace pace = new Pace(10 * SECOND);
  private long now = -3 * SECOND;

  private double decaySeconds() {
    return STAMP / pace.decayPerStamp() / SECOND;
  }

  /** Requests that are so far apart, as the slots tell of them. */
  private void requests(int n, double gapNanos) {
    for (int i = 0; i < n / Pace.EVERY; i++) {
      now += (long) (gapNanos * Pace.EVERY);
      pace.note(now);
    }
  }

  @Test
  void frequent_requests_leave_the_time_constant_as_it_was_set() {
    pace.endpoints(10);
    assertThat(decaySeconds()).isCloseTo(10, within(1e-6));
    requests(1_000, 0.01 * SECOND); // 50 gaps of 10 endpoints: 5 s
    assertThat(decaySeconds()).isCloseTo(10, within(1e-6));
  }

  @Test
  void rare_requests_make_it_fifty_gaps_of_each_endpoint() {
    pace.endpoints(10);
    requests(1_000, 0.1 * SECOND);
    assertThat(decaySeconds()).isCloseTo(50, within(5.0));
    pace.endpoints(20);
    requests(1_000, 0.1 * SECOND);
    assertThat(decaySeconds()).isCloseTo(100, within(10.0));
  }

  @Test
  void when_requests_become_frequent_again_it_goes_back_all_the_way() {
    pace.endpoints(10);
    requests(1_000, 0.1 * SECOND);
    requests(1_000, 0.001 * SECOND);
    assertThat(decaySeconds()).isCloseTo(10, within(1e-6));
  }

  @Test
  void a_pause_of_a_night_is_not_remembered_for_weeks() {
    pace.endpoints(1_000);
    requests(1_000, 0.001 * SECOND);
    requests(Pace.EVERY, 3_600.0 * SECOND);
    assertThat(decaySeconds()).isLessThanOrEqualTo(3_600);
    requests(2_000, 0.0001 * SECOND);
    assertThat(decaySeconds()).isCloseTo(10, within(1e-6));
  }

  @Test
  void the_first_two_notes_are_enough() {
    pace.endpoints(10);
    requests(2 * Pace.EVERY, SECOND);
    assertThat(decaySeconds()).isCloseTo(500, within(50.0));
  }

  @Test
  void a_clock_that_stands_still_or_runs_backwards_harms_nothing() {
    pace.note(5);
    pace.note(5);
    pace.note(-7);
    assertThat(decaySeconds()).isCloseTo(10, within(1e-6));
  }
}
