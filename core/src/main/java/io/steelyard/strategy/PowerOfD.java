package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;
import io.steelyard.TimedPicker;

/**
 * See {@link Strategies#powerOf}.
 *
 * @param choices how many are compared: 3 or more, as two are {@link PowerOfTwo}
 */
record PowerOfD(int choices, LoadMetric metric) implements Strategy {
  /** As many as fit into the local variables of {@link Drawing}. */
  private static final int MOST_CHOICES = 8;

  static Strategy of(int choices, LoadMetric metric) {
    if (choices < 2 || choices > MOST_CHOICES) {
      throw new IllegalArgumentException(
          "powerOf: choices: " + choices + " (expected: 2 to " + MOST_CHOICES + ")");
    }
    return choices == 2 ? new PowerOfTwo(metric) : new PowerOfD(choices, metric);
  }

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    if (usable.size() == 1) {
      int only = usable.index[0];
      return (request, rank) -> only;
    }
    TimedPicker picker =
        usable.equalWeights
            ? new Equal(this, usable, candidates, context)
            : new Weighted(this, usable, candidates, context);
    return metric.timed() ? picker : (request, rank) -> picker.pick(request, rank, 0);
  }

  @Override
  public String toString() {
    return "powerOf(" + choices + ", " + metric + ")";
  }

  /**
   * Draws different positions, one after the other: each is drawn from all and again if it was
   * drawn before, so that every order of every set has its chance. What was drawn stands in local
   * variables of the caller, −1 where nothing does yet; an array would be an allocation.
   */
  private abstract static class Drawing implements TimedPicker {
    /** After so many draws of those that were drawn before, any other will do. */
    private static final int DRAWS = 16;

    final int[] index;
    final EndpointStats[] stats;
    final LoadMetric metric;
    final Context context;
    final RandomSource random;
    final boolean timed;
    final int choices;

    Drawing(PowerOfD strategy, Usable usable, Candidates candidates, Context context) {
      this.index = usable.index;
      this.stats = usable.stats(candidates);
      this.metric = strategy.metric;
      this.context = context;
      this.random = context.random();
      this.timed = metric.timed();
      this.choices = Math.min(strategy.choices, index.length);
    }

    abstract int draw();

    @Override
    public int pick(PickContext request, int rank) {
      return pick(request, rank, context.nanoTime());
    }

    /** A position other than these, of which {@code drawn} are some. */
    final int another(int drawn, int a, int b, int c, int d, int e, int f, int g) {
      // For the last one there is nothing to draw.
      for (int draw = drawn < index.length - 1 ? 0 : DRAWS; draw < DRAWS; draw++) {
        int p = draw();
        if (!isOneOf(p, a, b, c, d, e, f, g)) {
          return p;
        }
      }
      int p = random.nextInt(index.length);
      while (isOneOf(p, a, b, c, d, e, f, g)) {
        p = p + 1 < index.length ? p + 1 : 0;
      }
      return p;
    }

    private static boolean isOneOf(int p, int a, int b, int c, int d, int e, int f, int g) {
      return p == a || p == b || p == c || p == d || p == e || p == f || p == g;
    }
  }

  private static final class Equal extends Drawing {
    Equal(PowerOfD strategy, Usable usable, Candidates candidates, Context context) {
      super(strategy, usable, candidates, context);
    }

    @Override
    int draw() {
      return random.nextInt(index.length);
    }

    @Override
    public int pick(PickContext request, int rank, long now) {
      int a = draw();
      int b = -1;
      int c = -1;
      int d = -1;
      int e = -1;
      int f = -1;
      int g = -1;
      int best = a;
      double least = load(best, now);
      for (int drawn = 1; drawn < choices; drawn++) {
        int next = another(drawn, a, b, c, d, e, f, g);
        double load = load(next, now);
        if (load < least) {
          least = load;
          best = next;
        }
        g = f;
        f = e;
        e = d;
        d = c;
        c = b;
        b = a;
        a = next;
      }
      return index[best];
    }

    private double load(int p, long now) {
      EndpointStats of = stats[p];
      return metric.cost(of, now) * (of.inFlight() + 1);
    }
  }

  /** Compares two as {@link PowerOfTwo} does, the next one drawn with the best so far. */
  private static final class Weighted extends Drawing {
    private final double[] weight;
    private final AliasTable table;

    Weighted(PowerOfD strategy, Usable usable, Candidates candidates, Context context) {
      super(strategy, usable, candidates, context);
      this.weight = usable.weight;
      this.table = new AliasTable(usable.weight);
    }

    @Override
    int draw() {
      return table.draw(random);
    }

    @Override
    public int pick(PickContext request, int rank, long now) {
      int a = draw();
      int b = -1;
      int c = -1;
      int d = -1;
      int e = -1;
      int f = -1;
      int g = -1;
      int best = a;
      double bestCost = metric.cost(stats[best], now);
      int bestInFlight = stats[best].inFlight();
      for (int drawn = 1; drawn < choices; drawn++) {
        int next = another(drawn, a, b, c, d, e, f, g);
        double cost = metric.cost(stats[next], now);
        int inFlight = stats[next].inFlight();
        double lighter = Math.min(weight[best], weight[next]);
        boolean alike =
            timed && cost >= bestCost * PowerOfTwo.ALIKE && bestCost >= cost * PowerOfTwo.ALIKE;
        double compared = alike ? bestCost : cost;
        if (compared * (1 + (int) (inFlight * lighter / weight[next]))
            < bestCost * (1 + (int) (bestInFlight * lighter / weight[best]))) {
          best = next;
          bestCost = cost;
          bestInFlight = inFlight;
        }
        g = f;
        f = e;
        e = d;
        d = c;
        c = b;
        b = a;
        a = next;
      }
      return index[best];
    }
  }
}
