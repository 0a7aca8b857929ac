package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Strategy;

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
    if (usable.equalWeights && usable.size() == candidates.size()) {
      return new EveryTurn(cursor, usable.size());
    }
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

  /** Any schedule. */
  private static final class Turns implements Picker {
    private final Cursor cursor;
    private final int[] schedule;
    private final long reciprocal;

    Turns(Cursor cursor, int[] schedule) {
      this.cursor = cursor;
      this.schedule = schedule;
      this.reciprocal = Cursor.reciprocal(schedule.length);
    }

    @Override
    public int pick(PickContext context, int rank) {
      // Read before the counter: what is read after an atomic instruction waits for it.
      int[] turns = schedule;
      long length = turns.length;
      long factor = reciprocal;
      return turns[Cursor.remainder(cursor.next(), factor, length)];
    }
  }

  /** Every candidate alike: the schedule is the list itself. */
  private static final class EveryTurn implements Picker {
    private final Cursor cursor;
    private final long length;
    private final long reciprocal;

    EveryTurn(Cursor cursor, int length) {
      this.cursor = cursor;
      this.length = length;
      this.reciprocal = Cursor.reciprocal(length);
    }

    @Override
    public int pick(PickContext context, int rank) {
      long turns = length;
      long factor = reciprocal;
      return Cursor.remainder(cursor.next(), factor, turns);
    }
  }
}
