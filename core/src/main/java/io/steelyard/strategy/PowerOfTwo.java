package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;
import io.steelyard.TimedPicker;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Strategies#powerOfTwo}.
 *
 * <p>There is a picker class for each case rather than one with branches: the JVM compiles and
 * profiles each by itself, and what each reads lies in arrays of its own.
 */
record PowerOfTwo(LoadMetric metric) implements Strategy {
  /**
   * With unequal weights, measured costs that differ by less than this factor are taken for equal.
   * Two endpoints that are equally fast are never equal in numbers: an average fades until the next
   * sample, so whichever was asked longer ago, and that is mostly the lighter one, would win.
   * Weights 1, 2, 3 came out as shares of .26, .36, .38. With it they are right as long as samples
   * come within a third of the latency's decay time (-ln 0.7 = .36), and the requests in flight
   * still decide.
   */
  static final double ALIKE = 0.7;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    if (usable.size() == 1) {
      int only = usable.index[0];
      return (request, rank) -> only;
    }
    EndpointStats[] stats = usable.stats(candidates);
    if (usable.equalWeights && metric == LoadMetric.inFlight()) {
      return new EqualInFlight(usable.index, stats, context.random());
    }
    if (usable.equalWeights && metric == LoadMetric.peakEwma()) {
      return new EqualPeakEwma(usable.index, stats, context);
    }
    TimedPicker picker =
        usable.equalWeights
            ? new Equal(usable.index, stats, metric, context)
            : new Weighted(usable, stats, metric, metric.timed() ? ALIKE : 1, context);
    return metric.timed() ? picker : (request, rank) -> picker.pick(request, rank, 0);
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
      int first = Pair.first(bits, n);
      int second = Pair.second(bits, n, first);
      return index[stats[second].inFlight() < stats[first].inFlight() ? second : first];
    }
  }

  /** Equal weights, load by latency: compares sums of logarithms. */
  private static final class EqualPeakEwma implements TimedPicker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final Context context;
    private final RandomSource random;

    EqualPeakEwma(int[] index, EndpointStats[] stats, Context context) {
      this.index = index;
      this.stats = stats;
      this.context = context;
      this.random = context.random();
    }

    @Override
    public int pick(PickContext request, int rank) {
      return pick(request, rank, context.nanoTime());
    }

    @Override
    public int pick(PickContext request, int rank, long now) {
      long bits = random.nextLong();
      int n = index.length;
      int first = Pair.first(bits, n);
      int second = Pair.second(bits, n, first);
      return index[load(second, now) < load(first, now) ? second : first];
    }

    private int load(int p, long now) {
      EndpointStats of = stats[p];
      return of.logExpectedNanos(now) + Logarithm.ofOneMore(of.inFlight());
    }
  }

  /** Equal weights, any other metric. */
  private static final class Equal implements TimedPicker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final LoadMetric metric;
    private final Context context;
    private final RandomSource random;

    Equal(int[] index, EndpointStats[] stats, LoadMetric metric, Context context) {
      this.index = index;
      this.stats = stats;
      this.metric = metric;
      this.context = context;
      this.random = context.random();
    }

    @Override
    public int pick(PickContext request, int rank) {
      return pick(request, rank, context.nanoTime());
    }

    @Override
    public int pick(PickContext request, int rank, long now) {
      long bits = random.nextLong();
      int n = index.length;
      int first = Pair.first(bits, n);
      int second = Pair.second(bits, n, first);
      return index[load(second, now) < load(first, now) ? second : first];
    }

    private double load(int p, long now) {
      EndpointStats of = stats[p];
      return metric.cost(of, now) * (of.inFlight() + 1);
    }
  }

  /**
   * Unequal weights: two different ones are drawn by weight, and what is in flight is compared in
   * the measure of the lighter: each whole request that the heavier has for each of the lighter's
   * counts.
   *
   * <p>Compared as fractions, any idle endpoint would beat any busy one, however light it is: one
   * of weight 1 beside one of weight 99 stood in every comparison and took half of the traffic. In
   * whole requests the two tie until the heavier has 99 in flight, and a tie goes to the first
   * drawn, which is drawn by weight.
   */
  static final class Weighted implements TimedPicker {
    /** After so many draws of the first one again, the second is its neighbour. */
    private static final int DRAWS = 16;

    private final int[] index;
    private final EndpointStats[] stats;
    private final double[] weight;
    private final AliasTable table;

    /** Who has more than half of the weight and would be drawn again and again; −1 if none has. */
    private final int heaviest;

    /** All but the heaviest; null if none is. */
    private final @Nullable AliasTable others;

    private final LoadMetric metric;
    private final Context context;
    private final RandomSource random;
    private final double alike;

    /**
     * @param alike costs that differ by less than this factor are taken for equal; 1 takes none
     */
    Weighted(
        Usable usable, EndpointStats[] stats, LoadMetric metric, double alike, Context context) {
      this.index = usable.index;
      this.stats = stats;
      this.weight = usable.weight;
      this.table = new AliasTable(usable.weight);
      this.heaviest = heavierThanAllOthers(usable.weight);
      this.others = heaviest < 0 ? null : new AliasTable(without(heaviest, usable.weight));
      this.metric = metric;
      this.context = context;
      this.random = context.random();
      this.alike = alike;
    }

    private static int heavierThanAllOthers(double[] weights) {
      double sum = 0;
      int heaviest = 0;
      for (int p = 0; p < weights.length; p++) {
        sum += weights[p];
        heaviest = weights[p] > weights[heaviest] ? p : heaviest;
      }
      return weights[heaviest] > sum / 2 ? heaviest : -1;
    }

    private static double[] without(int left, double[] weights) {
      double[] result = new double[weights.length - 1];
      System.arraycopy(weights, 0, result, 0, left);
      System.arraycopy(weights, left + 1, result, left, result.length - left);
      return result;
    }

    @Override
    public int pick(PickContext request, int rank) {
      return pick(request, rank, context.nanoTime());
    }

    @Override
    public int pick(PickContext request, int rank, long now) {
      int first = table.draw(random);
      int second = another(first);
      double firstCost = metric.cost(stats[first], now);
      double secondCost = metric.cost(stats[second], now);
      if (secondCost >= firstCost * alike && firstCost >= secondCost * alike) {
        secondCost = firstCost;
      }
      double lighter = Math.min(weight[first], weight[second]);
      return index[
          load(second, secondCost, lighter) < load(first, firstCost, lighter) ? second : first];
    }

    /** Drawn by weight from all but the first. */
    private int another(int first) {
      AliasTable rest = others;
      if (rest != null && first == heaviest) {
        int p = rest.draw(random);
        return p < first ? p : p + 1;
      }
      int second = first;
      for (int draw = 0; draw < DRAWS && second == first; draw++) {
        second = table.draw(random);
      }
      return second != first ? second : first + 1 < index.length ? first + 1 : 0;
    }

    private double load(int p, double cost, double lighter) {
      return cost * (1 + (int) (stats[p].inFlight() * lighter / weight[p]));
    }
  }
}
