package io.steelyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Rotation.Cursor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.junit.jupiter.api.Test;

class RotationTest {
  private static final int[] AABACAA = {0, 0, 1, 0, 2, 0, 0};

  private static int pick(Rotation rotation) {
    return rotation.pick(PickContext.none(), 0);
  }

  private static int spread(long[] counts) {
    return (int) (Arrays.stream(counts).max().orElse(0) - Arrays.stream(counts).min().orElse(0));
  }

  // ---- exact turns ----

  @Test
  void any_n_picks_in_a_row_visit_each_once() {
    for (int n : new int[] {1, 2, 3, 10, 61, 999, 4000, 4001, 10_000}) {
      Rotation rotation = Rotation.ofAll(new Cursor(7), n);
      int before = pick(rotation);
      for (int k = 0; k < 3 * n + 15_000; k++) {
        int next = pick(rotation);
        assertThat(next).as("after %d of %d", before, n).isEqualTo((before + 1) % n);
        before = next;
      }
    }
  }

  @Test
  void a_schedule_is_followed_over_every_pause() {
    Rotation rotation = Rotation.of(new Cursor(0), AABACAA);
    for (int k = 0; k < 100_000; k++) {
      assertThat(pick(rotation)).as("pick %d", k).isEqualTo(AABACAA[k % 7]);
    }
  }

  @Test
  void turns_go_on_through_the_halves_of_the_counter() {
    // 2^31 is where a signed ticket changes its sign; the order skips at 2^32 alone.
    Rotation rotation = Rotation.ofAll(new Cursor(Integer.MAX_VALUE - 10_000), 10);
    int before = pick(rotation);
    for (int k = 0; k < 20_000; k++) {
      int next = pick(rotation);
      assertThat(next).isEqualTo((before + 1) % 10);
      before = next;
    }
  }

  @Test
  void a_ticket_gives_its_remainder_for_every_length() {
    SplittableRandom random = new SplittableRandom(4);
    for (int round = 0; round < 2_000; round++) {
      int turns = 4000 + random.nextInt(1 << random.nextInt(1, 20));
      Rotation rotation = Rotation.ofAll(new Cursor(0), turns);
      for (int ticket :
          new int[] {0, 1, turns, turns + 1, -1, -2, Integer.MIN_VALUE, random.nextInt()}) {
        int position =
            Rotation.position(
                new Cursor(ticket), false, rotation.reciprocal(), rotation.positions());
        assertThat(position)
            .as("%d modulo %d", Integer.toUnsignedLong(ticket), rotation.positions())
            .isEqualTo(Integer.remainderUnsigned(ticket, rotation.positions()));
      }
    }
  }

  @Test
  void there_is_one_pause_in_four_thousand_turns_or_more() {
    for (int n : new int[] {1, 7, 3999, 4000, 4001, 5000}) {
      Rotation rotation = Rotation.ofAll(new Cursor(0), n);
      int pauses = 0;
      for (int position = 0; position < rotation.positions(); position++) {
        pauses += rotation.candidate(position) == Picker.NONE ? 1 : 0;
      }
      assertThat(pauses).isEqualTo(1);
      assertThat(rotation.positions()).isGreaterThan(4000);
      assertThat((rotation.positions() - 1) % n).isZero();
    }
  }

  @Test
  void one_thread_stays_on_one_counter() {
    Cursor cursor = new Cursor(0);
    Rotation rotation = Rotation.ofAll(cursor, 10);
    long[] counts = new long[10];
    for (int k = 0; k < 5_000_000; k++) {
      counts[pick(rotation)]++;
      assertThat(cursor.isStriped()).isFalse();
    }
    assertThat(spread(counts)).isZero();
  }

  @Test
  void a_schedule_without_turns_is_refused() {
    assertThatThrownBy(() -> Rotation.of(new Cursor(0), new int[0]))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rotation: turns: 0 (expected: >= 1)");
    assertThatThrownBy(() -> Rotation.ofAll(new Cursor(0), -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("rotation: turns: 0 (expected: >= 1)");
  }

  // ---- stripes ----

  /** Who picks next is drawn by lot, and so is when stripes come into use and go out of it. */
  @Test
  void counts_stay_within_one_for_each_stripe_and_one_at_every_moment_and_do_not_drift() {
    for (int n : new int[] {2, 10, 61, 122, 997}) {
      SplittableRandom random = new SplittableRandom(n);
      Cursor cursor = new Cursor(random.nextInt());
      Rotation rotation = Rotation.ofAll(cursor, n);
      long[] counts = new long[n];
      int most = 0;
      boolean striped = true;
      for (int k = 0; k < 2_000_000; k++) {
        if (random.nextInt(50_000) == 0) {
          striped = !striped;
        }
        // Some stripes are busier than others, and the last one hardly ever picks.
        int stripe = (int) (Math.pow(random.nextDouble(), 3) * Cursor.STRIPES);
        int ticket = striped ? cursor.next(stripe) : cursor.next();
        int i = candidate(rotation, ticket);
        if (i != Picker.NONE) {
          counts[i]++;
          if (k % 97 == 0) {
            most = Math.max(most, spread(counts));
          }
        }
      }
      assertThat(most).as("spread among %d", n).isBetween(1, Cursor.STRIPES + 1);
    }
  }

  private static int candidate(Rotation rotation, int ticket) {
    return rotation.candidate(Integer.remainderUnsigned(ticket, rotation.positions()));
  }

  /**
   * A stretch of the schedule of 5, 1, 1 is at most twice .571 from its share; the counter's is one
   * stretch and each stripe's missing end another.
   */
  @Test
  void weighted_turns_stay_within_a_bound_too() {
    SplittableRandom random = new SplittableRandom(3);
    Cursor cursor = new Cursor(random.nextInt());
    Rotation rotation = Rotation.of(cursor, AABACAA);
    double[] share = {5 / 7.0, 1 / 7.0, 1 / 7.0};
    long[] counts = new long[3];
    double most = 0;
    for (int picks = 0; picks < 2_000_000; ) {
      int i = candidate(rotation, cursor.next(random.nextInt(Cursor.STRIPES)));
      if (i != Picker.NONE) {
        counts[i]++;
        picks++;
        for (int c = 0; c < 3; c++) {
          most = Math.max(most, Math.abs(counts[c] - picks * share[c]));
        }
      }
    }
    assertThat(most).isBetween(0.5, 2 * 0.572 * (Cursor.STRIPES + 1));
  }

  @Test
  void each_ticket_is_taken_once_however_threads_meet() throws Exception {
    for (int round = 0; round < 5; round++) {
      Cursor cursor = new Cursor(-1_000_000); // through zero
      cursor.stripe(true);
      int threads = 8;
      int each = 250_000;
      int[][] tickets = new int[threads][each];
      run(
          threads,
          t -> {
            for (int k = 0; k < each; k++) {
              // Two of them share each of four stripes at most.
              tickets[t][k] = cursor.next(t % Math.min(4, Cursor.STRIPES));
            }
          });
      int[] all = Arrays.stream(tickets).flatMapToInt(Arrays::stream).sorted().toArray();
      int missing = 0;
      for (int k = 1; k < all.length; k++) {
        assertThat(all[k]).isGreaterThan(all[k - 1]);
        missing += all[k] - all[k - 1] - 1;
      }
      assertThat(all[0]).isEqualTo(-1_000_000);
      assertThat(missing).isLessThan(Cursor.STRIPES * Cursor.BLOCK);
    }
  }

  @Test
  void under_real_threads_counts_stay_within_one_for_each_stripe_and_one() throws Exception {
    for (boolean forced : new boolean[] {true, false}) {
      Cursor cursor = new Cursor(12);
      Rotation rotation = Rotation.ofAll(cursor, 10);
      cursor.stripe(forced);
      long[] counts = new long[10];
      for (int round = 0; round < 5; round++) {
        long[][] theirs = new long[8][10];
        run(
            8,
            t -> {
              for (int k = 0; k < 300_000 + 1_000 * t; k++) {
                theirs[t][pick(rotation)]++;
              }
            });
        for (long[] their : theirs) {
          for (int i = 0; i < 10; i++) {
            counts[i] += their[i];
          }
        }
        // Nobody picks now. What was dealt and not taken stays so from round to round.
        assertThat(spread(counts)).isLessThanOrEqualTo(Cursor.STRIPES + 1);
      }
      assertThat(Arrays.stream(counts).sum()).isEqualTo(5 * (8 * 300_000 + 28_000));
    }
  }

  @Test
  void turns_hold_while_schedules_are_replaced_and_stripes_come_and_go() throws Exception {
    Cursor cursor = new Cursor(0);
    AtomicReferenceArray<Rotation> inForce = new AtomicReferenceArray<>(1);
    inForce.set(0, Rotation.ofAll(cursor, 5));
    AtomicBoolean done = new AtomicBoolean();
    Thread changes =
        new Thread(
            () -> {
              SplittableRandom random = new SplittableRandom(1);
              while (!done.get()) {
                inForce.set(0, Rotation.ofAll(cursor, 1 + random.nextInt(20)));
                cursor.stripe(random.nextBoolean());
                Thread.yield();
              }
            });
    changes.start();
    try {
      run(
          4,
          t -> {
            for (int k = 0; k < 300_000; k++) {
              assertThat(pick(inForce.get(0))).isBetween(0, 19);
            }
          });
    } finally {
      done.set(true);
      changes.join();
    }
  }

  @Test
  void stripes_are_given_up_from_time_to_time_so_that_one_thread_comes_back_to_exact_turns() {
    Cursor cursor = new Cursor(0);
    Rotation rotation = Rotation.ofAll(cursor, 10);
    cursor.stripe(true);
    int picks = 0;
    while (cursor.isStriped()) {
      pick(rotation);
      assertThat(++picks).isLessThan(20_000_000);
    }
    int before = pick(rotation);
    for (int k = 0; k < 5_000; k++) {
      int next = pick(rotation);
      assertThat(next).isEqualTo((before + 1) % 10);
      before = next;
    }
    assertThat(cursor.isStriped()).isFalse();
  }

  private interface Work {
    void run(int thread);
  }

  private static void run(int threads, Work work) throws InterruptedException {
    CountDownLatch start = new CountDownLatch(1);
    AtomicReference<Throwable> failure = new AtomicReference<>();
    List<Thread> all = new ArrayList<>();
    for (int t = 0; t < threads; t++) {
      int mine = t;
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                  work.run(mine);
                } catch (Throwable e) {
                  failure.set(e);
                }
              });
      all.add(thread);
      thread.start();
    }
    start.countDown();
    for (Thread thread : all) {
      thread.join();
    }
    assertThat(failure.get()).isNull();
  }
}
