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
 * See {@link Strategies#adaptive()}.
 *
 * <p>Two rules meet here. Requests in flight are the better sign where endpoints are equally fast:
 * they are exact and of this moment, while a latency is an average of answers to requests that are
 * over, and its peaks are chance as often as load. Where speeds differ in earnest it is the other
 * way round: what is in flight is nearly always none or one at a client among many, and a slow
 * endpoint is known by its latency alone. Speeds that differ by chance differ by less than 1.7
 * mostly, so that much is not believed: of two costs the higher one counts six tenths, but no less
 * than the lower. From there on it rises without a jump. Were it believed in full as soon as it is
 * twice the other, every chance beyond two would count double.
 */
enum Adaptive implements Strategy {
  INSTANCE;

  /** What counts of the higher of two costs: those that differ by less say nothing. */
  static final double ALIKE = 0.6;

  /** The same as a logarithm. */
  private static final int BAND = Logarithm.of(1 / ALIKE);

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    if (usable.size() == 1) {
      int only = usable.index[0];
      return (request, rank) -> only;
    }
    EndpointStats[] stats = usable.stats(candidates);
    return usable.equalWeights
        ? new Equal(usable.index, stats, context)
        : new PowerOfTwo.Weighted(usable, stats, LoadMetric.peakEwma(), ALIKE, context);
  }

  @Override
  public String toString() {
    return "adaptive";
  }

  /** Equal weights. */
  private static final class Equal implements TimedPicker {
    private final int[] index;
    private final EndpointStats[] stats;
    private final Context context;
    private final RandomSource random;

    Equal(int[] index, EndpointStats[] stats, Context context) {
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
      EndpointStats one = stats[first];
      EndpointStats other = stats[second];
      int oneInFlight = one.inFlight();
      int otherInFlight = other.inFlight();
      int dearer = other.logExpectedNanos(now) - one.logExpectedNanos(now);
      int beyond = dearer - Math.max(-BAND, Math.min(BAND, dearer));
      int fuller = Logarithm.ofOneMore(otherInFlight) - Logarithm.ofOneMore(oneInFlight);
      return index[beyond + fuller < 0 ? second : first];
    }
  }
}
