package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;

/**
 * See {@link Strategies#powerOfTwo}.
 *
 * <p>There is a picker class for each case rather than one with branches: the JVM compiles and
 * profiles each by itself, and what each reads lies in arrays of its own.
 */
record PowerOfTwo(LoadMetric metric) implements Strategy {
  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    if (usable.size() == 1) {
      int only = usable.index[0];
      return (request, rank) -> only;
    }
    EndpointStats[] stats = usable.stats(candidates);
    if (!usable.equalWeights) {
      return new Weighted(usable, stats, metric, context);
    }
    return metric == LoadMetric.inFlight()
        ? new EqualInFlight(usable.index, stats, context.random())
        : new Equal(usable.index, stats, metric, context);
  }

  @Override
  public String toString() {
    return "powerOfTwo(" + metric + ")";
  }

  /** Equal weights, load in flight: compares two integers. */
  private static final class EqualInFlight implements Picker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final RandomSource random;

    EqualInFlight(int[] index, EndpointStats[] stats, RandomSource random) {
      this.index = index;
      this.stats = stats;
      this.random = random;
    }

    @Override
    public int pick(PickContext context, int rank) {
      long bits = random.nextLong();
      int n = index.length;
      int first = (int) (((bits >>> 32) * n) >>> 32);
      int second = (int) (((bits & 0xFFFFFFFFL) * (n - 1)) >>> 32);
      if (second >= first) {
        second++;
      }
      return index[stats[second].inFlight() < stats[first].inFlight() ? second : first];
    }
  }

  /** Equal weights, any metric. */
  private static final class Equal implements Picker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final LoadMetric metric;
    private final Context context;
    private final RandomSource random;
    private final boolean timed;

    Equal(int[] index, EndpointStats[] stats, LoadMetric metric, Context context) {
      this.index = index;
      this.stats = stats;
      this.metric = metric;
      this.context = context;
      this.random = context.random();
      this.timed = metric.timed();
    }

    @Override
    public int pick(PickContext request, int rank) {
      long bits = random.nextLong();
      int n = index.length;
      int first = (int) (((bits >>> 32) * n) >>> 32);
      int second = (int) (((bits & 0xFFFFFFFFL) * (n - 1)) >>> 32);
      if (second >= first) {
        second++;
      }
      long now = timed ? context.nanoTime() : 0;
      return index[load(second, now) < load(first, now) ? second : first];
    }

    private double load(int p, long now) {
      EndpointStats of = stats[p];
      return metric.cost(of, now) * (of.inFlight() + 1);
    }
  }

  /**
   * Unequal weights: both are drawn by weight, and a request in flight counts less on a heavier
   * one.
   */
  private static final class Weighted implements Picker {
    /** After so many draws of the first one again, the second is its neighbour. */
    private static final int DRAWS = 16;

    private final int[] index;
    private final EndpointStats[] stats;
    private final double[] perRequest;
    private final AliasTable table;
    private final LoadMetric metric;
    private final Context context;
    private final RandomSource random;
    private final boolean timed;

    Weighted(Usable usable, EndpointStats[] stats, LoadMetric metric, Context context) {
      this.index = usable.index;
      this.stats = stats;
      this.perRequest = usable.perRequest();
      this.table = new AliasTable(usable.weight);
      this.metric = metric;
      this.context = context;
      this.random = context.random();
      this.timed = metric.timed();
    }

    @Override
    public int pick(PickContext request, int rank) {
      int first = table.draw(random);
      int second = first;
      for (int draw = 0; draw < DRAWS && second == first; draw++) {
        second = table.draw(random);
      }
      if (second == first) {
        second = first + 1 < index.length ? first + 1 : 0;
      }
      long now = timed ? context.nanoTime() : 0;
      return index[load(second, now) < load(first, now) ? second : first];
    }

    private double load(int p, long now) {
      EndpointStats of = stats[p];
      return metric.cost(of, now) * (of.inFlight() * perRequest[p] + 1);
    }
  }
}
