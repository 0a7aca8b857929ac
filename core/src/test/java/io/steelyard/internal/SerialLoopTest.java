package io.steelyard.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class SerialLoopTest {
  private static final Duration GAP = Duration.ofNanos(SerialLoop.GAP_NANOS);

  private final TestPlatform platform = new TestPlatform();
  private int runs;
  private int closed;
  private long next;
  private long took;
  private Runnable during = () -> {};
  private final SerialLoop loop =
      new SerialLoop(
          platform,
          () -> {
            runs++;
            platform.now += took;
            during.run();
            return next;
          });

  private void settle() {
    while (!platform.handedOver.isEmpty()) {
      platform.runHandedOver();
    }
  }

  @Test
  void the_first_wake_runs_at_once() {
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(1);
  }

  @Test
  void wakes_that_come_together_are_one_run() {
    for (int i = 0; i < 100; i++) {
      loop.wake();
    }
    settle();
    assertThat(runs).isEqualTo(1);
    assertThat(platform.timers).isEmpty();
  }

  @Test
  void after_a_run_there_is_a_pause_of_ten_milliseconds() {
    loop.wake();
    settle();
    loop.wake();
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(GAP.minusNanos(1));
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(Duration.ofNanos(1));
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void the_pause_is_twenty_times_as_long_as_the_run() {
    took = Duration.ofMillis(6).toNanos();
    loop.wake();
    settle();
    loop.wake();
    platform.advance(Duration.ofMillis(119));
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(Duration.ofMillis(1));
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void after_a_long_run_the_pause_is_of_150_milliseconds() {
    took = Duration.ofSeconds(3).toNanos();
    loop.wake();
    settle();
    loop.wake();
    platform.advance(Duration.ofMillis(149));
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(Duration.ofMillis(1));
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void after_the_pause_a_wake_runs_at_once() {
    loop.wake();
    settle();
    platform.advance(GAP);
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void a_wake_during_a_run_is_another_run() {
    during =
        () -> {
          if (runs == 1) {
            loop.wake();
            loop.wake();
          }
        };
    loop.wake();
    settle();
    platform.advance(GAP);
    settle();
    assertThat(runs).isEqualTo(2);
    platform.advance(GAP.multipliedBy(10));
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void runs_again_when_the_work_asks_for_it() {
    next = Duration.ofSeconds(5).toNanos();
    loop.wake();
    settle();
    platform.advance(Duration.ofMillis(4_999));
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(Duration.ofMillis(1));
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void an_earlier_run_replaces_the_wish_of_the_one_before() {
    next = Duration.ofSeconds(5).toNanos();
    loop.wake();
    settle();
    next = 0;
    platform.advance(Duration.ofSeconds(1));
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(2);
    assertThat(platform.timers).isEmpty();
  }

  @Test
  void a_wish_that_is_shorter_than_the_pause_waits_for_its_end() {
    next = 1;
    loop.wake();
    settle();
    platform.advance(Duration.ofNanos(1));
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(GAP);
    settle();
    assertThat(runs).isEqualTo(2);
  }

  @Test
  void runs_on_the_calling_thread_when_asked_and_idle() {
    loop.runHere();
    assertThat(runs).isEqualTo(1);
    assertThat(platform.handedOver).isEmpty();
  }

  @Test
  void takes_a_run_that_waits_for_the_end_of_a_pause_when_asked() {
    loop.wake();
    settle();
    loop.wake(); // within the pause after the first run
    settle();
    assertThat(runs).isEqualTo(1);
    assertThat(loop.runHere()).isTrue();
    assertThat(runs).isEqualTo(2);
    platform.advance(GAP);
    settle();
    assertThat(runs).isEqualTo(2);
    assertThat(platform.timers).isEmpty();
  }

  @Test
  void is_never_run_twice_at_once() {
    during =
        () -> {
          int before = runs;
          loop.runHere();
          loop.wake();
          platform.runHandedOver();
          assertThat(runs).isEqualTo(before);
        };
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(1);
  }

  @Test
  void after_close_nothing_runs_and_no_timer_is_left() {
    next = Duration.ofSeconds(5).toNanos();
    loop.wake();
    settle();
    loop.close(() -> closed++);
    loop.close(() -> closed++);
    loop.wake();
    loop.runHere();
    settle();
    platform.advance(Duration.ofMinutes(1));
    settle();
    assertThat(runs).isEqualTo(1);
    assertThat(closed).isEqualTo(1);
    assertThat(platform.timers).isEmpty();
  }

  @Test
  void a_close_during_a_run_lets_it_end_and_leaves_no_timer() {
    next = Duration.ofSeconds(5).toNanos();
    during =
        () -> {
          loop.close(() -> closed++);
          platform.runHandedOver();
          assertThat(closed).as("while the run is under way").isZero();
        };
    loop.wake();
    settle();
    assertThat(closed).isEqualTo(1);
    assertThat(platform.timers).isEmpty();
    platform.advance(Duration.ofMinutes(1));
    settle();
    assertThat(runs).isEqualTo(1);
  }

  @Test
  void a_run_that_was_due_when_it_was_closed_does_not_happen() {
    loop.wake();
    loop.close(() -> closed++);
    settle();
    assertThat(runs).isZero();
    assertThat(closed).isEqualTo(1);
  }

  @Test
  void a_hand_over_that_is_refused_is_not_the_last() {
    platform.refusing = true;
    loop.wake();
    settle();
    assertThat(runs).isZero();
    platform.refusing = false;
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(1);

    loop.wake(); // held back by the pause, then refused on the timer's thread
    platform.refusing = true;
    platform.advance(GAP);
    platform.refusing = false;
    loop.wake();
    settle();
    assertThat(runs).isEqualTo(2);
  }

  /** Nobody may ever wake it again: a fixed list, and an endpoint whose time out is over. */
  @Test
  void what_was_refused_is_tried_again_without_another_wake() {
    platform.refusing = true;
    loop.wake();
    platform.advance(SerialLoop.AGAIN); // and refused once more, on the timer's thread
    platform.refusing = false;
    platform.advance(SerialLoop.AGAIN);
    settle();
    assertThat(runs).isEqualTo(1);
    assertThat(platform.timers).isEmpty();

    loop.wake(); // held back by the pause, then refused on the timer's thread
    platform.refusing = true;
    platform.advance(GAP);
    platform.refusing = false;
    platform.advance(SerialLoop.AGAIN);
    settle();
    assertThat(runs).isEqualTo(2);

    platform.refusing = true;
    platform.advance(GAP);
    loop.wake();
    loop.close(() -> closed++);
    assertThat(platform.timers).isEmpty();
  }

  @Test
  void the_clock_may_wrap() {
    platform.now = Long.MAX_VALUE - 5;
    SerialLoop wrapping =
        new SerialLoop(
            platform,
            () -> {
              runs++;
              return 0;
            });
    wrapping.wake();
    settle();
    wrapping.wake();
    settle();
    assertThat(runs).isEqualTo(1);
    platform.advance(GAP);
    settle();
    assertThat(runs).isEqualTo(2);
  }
}
