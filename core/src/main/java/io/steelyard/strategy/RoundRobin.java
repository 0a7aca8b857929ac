package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.Rotation;
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
    Rotation.Cursor cursor =
        context.memory(() -> new Rotation.Cursor((int) context.random().nextLong()));
    Usable usable = this == EQUAL_TURNS ? Usable.byFactor(candidates) : Usable.of(candidates);
    if (usable.equalWeights && usable.size() == candidates.size()) {
      return Rotation.ofAll(cursor, usable.size());
    }
    if (usable.equalWeights) {
      return Rotation.of(cursor, usable.index);
    }
    int[] schedule = SmoothSchedule.of(usable.weight);
    for (int t = 0; t < schedule.length; t++) {
      schedule[t] = usable.index[schedule[t]];
    }
    return Rotation.of(cursor, schedule);
  }

  @Override
  public String toString() {
    return this == EQUAL_TURNS ? "roundRobin" : "weightedRoundRobin";
  }
}
