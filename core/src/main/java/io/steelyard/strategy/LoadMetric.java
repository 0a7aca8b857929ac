package io.steelyard.strategy;

import io.steelyard.EndpointStats;

/**
 * What one request in flight costs on an endpoint: a metric, not an algorithm.
 *
 * <p>A strategy that compares loads multiplies the cost by what is in flight, counted by weight,
 * plus one. So a metric knows nothing of weight, and endpoints that idle are compared by cost
 * alone: were the whole load divided by the weight, a heavier endpoint would win every comparison
 * while nothing is in flight, and the lightest would get nothing.
 *
 * <p>Implementations are thread-safe, stateless, allocate nothing and are quick: they run twice in
 * each pick. They are compared by {@code equals} and named by {@code toString()}.
 */
@FunctionalInterface
public interface LoadMetric {
  /**
   * The cost of one request in flight: 0 or more, finite; lower is better. A tie is decided at
   * random.
   *
   * @param stats what is known of the endpoint
   * @param nanoTime the moment, 0 if the metric is not {@link #timed}
   */
  double cost(EndpointStats stats, long nanoTime);

  /**
   * Whether {@link #cost} wants the moment. A metric that does not spares each pick a clock read.
   * True by default.
   */
  default boolean timed() {
    return true;
  }

  /** Every request costs the same, so that load is the number in flight. Reads no clock. */
  static LoadMetric inFlight() {
    return InFlight.INSTANCE;
  }

  /**
   * A request costs what requests have taken lately: the peak-sensitive moving average of latency
   * (Finagle's {@code PeakEwma}, where load is latency × (in flight + 1) too).
   *
   * <p>We differ in five ways. Reading decays the average but writes nothing, so that asking often
   * changes nothing. While requests wait, the cost is at least the time since anything last came
   * back, undecayed: an endpoint that hangs must not grow attractive as its average fades (one
   * request every ten seconds still goes there, to find out whether it does hang). Failures are
   * charged apart from the latency, which they say nothing of, and forgiven sooner: see {@link
   * EndpointStats#failureRate}. An endpoint of which nothing is known costs nothing while it idles
   * and a great deal while it is busy, so that exactly one request goes to find out (and another
   * ten seconds later). And the average lasts longer where requests are rare: it is worthless where
   * it fades between two.
   *
   * <p>Without latency tracking ({@link io.steelyard.BalancerBuilder#latencyTracking}) it knows
   * nothing of anyone.
   */
  static LoadMetric peakEwma() {
    return PeakEwma.INSTANCE;
  }
}

enum InFlight implements LoadMetric {
  INSTANCE;

  @Override
  public double cost(EndpointStats stats, long nanoTime) {
    return 1;
  }

  @Override
  public boolean timed() {
    return false;
  }

  @Override
  public String toString() {
    return "inFlight";
  }
}

enum PeakEwma implements LoadMetric {
  INSTANCE;

  @Override
  public double cost(EndpointStats stats, long nanoTime) {
    return stats.expectedNanos(nanoTime);
  }

  @Override
  public String toString() {
    return "peakEwma";
  }
}
