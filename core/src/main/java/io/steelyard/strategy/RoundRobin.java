package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Strategy;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * See {@link Strategies#roundRobin} and {@link Strategies#weightedRoundRobin}: one schedule of
 * turns, indexed by one shared counter. They differ in what makes a turn: every endpoint the same,
 * or its weight.
 *
 * <p>The counter stays when the schedule is replaced: a client that started again at the first
 * endpoint after each change would load it more than the others (grpc-java#4462). A rank above 0
 * takes the next ticket, so that what an avoided or full endpoint leaves is spread over all others
 * instead of falling to its neighbour (servicetalk#3021).
 */
enum RoundRobin implements Strategy {
  EQUAL_TURNS,
  WEIGHTED_TURNS;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Cursor cursor = context.memory(() -> new Cursor((int) context.random().nextLong()));
    Usable usable = this == EQUAL_TURNS ? Usable.byFactor(candidates) : Usable.of(candidates);
    if (usable.equalWeights) {
      return new Turns(cursor, usable.index);
    }
    int[] schedule = SmoothSchedule.of(usable.weight);
    for (int t = 0; t < schedule.length; t++) {
      schedule[t] = usable.index[schedule[t]];
    }
    return new Turns(cursor, schedule);
  }

  @Override
  public String toString() {
    return this == EQUAL_TURNS ? "roundRobin" : "weightedRoundRobin";
  }

  private static final class Turns implements Picker {
    private final Cursor cursor;
    private final int[] schedule;

    Turns(Cursor cursor, int[] schedule) {
      this.cursor = cursor;
      this.schedule = schedule;
    }

    @Override
    public int pick(PickContext context, int rank) {
      // Not abs(): that reverses the order when the counter wraps, and has no answer for the
      // smallest int.
      return schedule[Math.floorMod(cursor.getAndIncrement(), schedule.length)];
    }
  }

  /** The counter, alone on its cache lines. */
  @SuppressWarnings({"unused", "serial"}) // the fields take up room
  static final class Cursor extends AtomicInteger {
    private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15;

    Cursor(int start) {
      super(start);
    }
  }
}
