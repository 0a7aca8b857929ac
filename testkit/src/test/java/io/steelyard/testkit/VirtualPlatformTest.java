package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class VirtualPlatformTest {
  private final VirtualPlatform platform = new VirtualPlatform();
  private final List<String> log = new ArrayList<>();

  private void schedule(String name, int millis) {
    platform.schedule(
        () -> log.add(name + "@" + platform.elapsed().toMillis()), Duration.ofMillis(millis));
  }

  @Test
  void tasks_run_in_the_order_of_their_times_each_at_its_own() {
    schedule("c", 30);
    schedule("a", 10);
    schedule("b", 20);
    platform.advance(Duration.ofMillis(25));
    assertThat(log).containsExactly("a@10", "b@20");
    assertThat(platform.elapsed()).isEqualTo(Duration.ofMillis(25));
    platform.advance(Duration.ofMillis(5));
    assertThat(log).containsExactly("a@10", "b@20", "c@30");
  }

  @Test
  void tasks_of_one_time_run_in_the_order_they_were_scheduled() {
    for (int i = 0; i < 100; i++) {
      schedule("t" + i, 10);
    }
    platform.advance(Duration.ofMillis(10));
    for (int i = 0; i < 100; i++) {
      assertThat(log.get(i)).isEqualTo("t" + i + "@10");
    }
  }

  @Test
  void what_a_task_schedules_within_the_same_advance_runs_in_it() {
    platform.schedule(() -> schedule("inner", 10), Duration.ofMillis(10));
    platform.advance(Duration.ofMillis(20));
    assertThat(log).containsExactly("inner@20");
  }

  @Test
  void a_task_without_delay_waits_for_an_advance_by_zero() {
    schedule("now", 0);
    assertThat(log).isEmpty();
    platform.advance(Duration.ZERO);
    assertThat(log).containsExactly("now@0");
  }

  @Test
  void a_cancelled_task_does_not_run() {
    Platform.Cancellable task = platform.schedule(() -> log.add("no"), Duration.ofMillis(10));
    assertThat(platform.scheduled()).isEqualTo(1);
    task.cancel();
    task.cancel();
    assertThat(platform.scheduled()).isZero();
    platform.advance(Duration.ofSeconds(1));
    assertThat(log).isEmpty();
  }

  @Test
  void advance_to_next_jumps() {
    schedule("a", 500);
    assertThat(platform.untilNext()).isEqualTo(Duration.ofMillis(500));
    assertThat(platform.advanceToNext()).isTrue();
    assertThat(log).containsExactly("a@500");
    assertThat(platform.untilNext()).isNull();
    assertThat(platform.advanceToNext()).isFalse();
    assertThat(platform.elapsed()).isEqualTo(Duration.ofMillis(500));
  }

  @Test
  void both_clocks_move_together_from_where_they_started() {
    VirtualPlatform later = new VirtualPlatform(Long.MAX_VALUE - 1, Instant.EPOCH);
    long start = later.nanoTime();
    assertThat(start).isEqualTo(Long.MAX_VALUE - 1);
    later.advance(Duration.ofSeconds(3));
    assertThat(later.nanoTime()).isNegative();
    assertThat(later.nanoTime() - start).isEqualTo(3_000_000_000L);
    assertThat(later.epochMillis()).isEqualTo(3_000);
    assertThat(new VirtualPlatform(-5, Instant.EPOCH).nanoTime()).isEqualTo(-5);
  }

  @Test
  void time_does_not_go_back() {
    assertThatThrownBy(() -> platform.advance(Duration.ofNanos(-1)))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void work_runs_at_once_and_what_it_hands_over_after_it() {
    platform
        .executor()
        .execute(
            () -> {
              log.add("outer begins");
              platform.executor().execute(() -> log.add("inner"));
              log.add("outer ends");
            });
    assertThat(log).containsExactly("outer begins", "outer ends", "inner");
  }

  @Test
  void work_that_throws_does_not_keep_what_comes_after() {
    assertThatThrownBy(
            () ->
                platform
                    .executor()
                    .execute(
                        () -> {
                          platform.executor().execute(() -> log.add("inner"));
                          throw new IllegalStateException("boom");
                        }))
        .hasMessage("boom");
    assertThat(log).containsExactly("inner");
    platform.executor().execute(() -> log.add("next"));
    assertThat(log).containsExactly("inner", "next");
  }

  @Test
  void randomness_can_be_set_after_it_was_handed_out() {
    RandomSource handedOut = platform.random();
    platform.random(ScriptedRandom.of(42));
    assertThat(handedOut.nextLong()).isEqualTo(42);
  }

  @Test
  void threads_may_schedule_and_advance_together() throws Exception {
    AtomicInteger ran = new AtomicInteger();
    CountDownLatch start = new CountDownLatch(1);
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  return;
                }
                for (int i = 0; i < 1_000; i++) {
                  platform.schedule(ran::incrementAndGet, Duration.ofMillis(i % 7));
                  platform.advance(Duration.ofMillis(1));
                }
              });
      threads.add(thread);
      thread.start();
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    platform.advance(Duration.ofMillis(10));
    assertThat(ran).hasValue(4_000);
  }
}
