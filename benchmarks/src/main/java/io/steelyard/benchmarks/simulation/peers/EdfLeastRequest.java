package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.Strategy;

/**
 * Envoy's least request for unequal weights: an earliest-deadline-first schedule in which an
 * endpoint that is taken comes again after 1/weight, its weight at that moment being the declared
 * one over the requests in flight plus one (bias 1). Time is that of the schedule: the deadline
 * that was taken last. Equal deadlines go to whoever was put in first. A new schedule begins at a
 * random place, by so many picks that nobody uses.
 *
 * <p>Envoy uses it only where weights differ, and two choices with replacement elsewhere; here it
 * runs in every scenario.
 */
public final class EdfLeastRequest implements Strategy {
  @Override
  public Picker compile(Candidates candidates, Context context) {
    Schedule schedule = new Schedule(new Pool(candidates));
    int skip = context.random().nextInt(schedule.pool.size());
    for (int i = 0; i < skip; i++) {
      schedule.next();
    }
    return (request, rank) -> schedule.pool.index[schedule.next()];
  }

  @Override
  public String toString() {
    return "EDF least request";
  }

  /** Looked through in order: a heap would choose the same. */
  private static final class Schedule {
    final Pool pool;
    private final double[] deadline;
    private final long[] order;
    private double now;
    private long ever;

    Schedule(Pool pool) {
      this.pool = pool;
      this.deadline = new double[pool.size()];
      this.order = new long[pool.size()];
      for (int p = 0; p < pool.size(); p++) {
        add(p);
      }
    }

    int next() {
      int first = 0;
      for (int p = 1; p < deadline.length; p++) {
        if (deadline[p] < deadline[first]
            || (deadline[p] == deadline[first] && order[p] < order[first])) {
          first = p;
        }
      }
      now = deadline[first];
      add(first);
      return first;
    }

    private void add(int p) {
      deadline[p] = now + (pool.stats[p].inFlight() + 1) / pool.weight[p];
      order[p] = ever++;
    }
  }
}
