package io.steelyard;

import java.util.Arrays;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Every discovered endpoint with its weight now and, where that is zero, why and until when.
 *
 * <p>No endpoint is ever left out: a stage weighs it to zero and says why, so that later stages
 * still know how many there are and {@link Balancer#explain()} can answer for each. Immutable and
 * thread-safe, but for the live {@link #stats}. Candidates keep the topology's order; index {@code
 * i} is {@code topology().endpoints().get(i)}.
 */
public final class Candidates {
  /** The limit of a candidate that has none. */
  public static final int UNLIMITED = Integer.MAX_VALUE;

  private static final Reason DRAINING = Reason.of("draining");
  private static final Reason WEIGHT_ZERO = Reason.of("weight 0");

  private final Topology topology;
  private final EndpointStats[] stats;
  private final double[] weights;
  private final @Nullable Reason[] reasons;
  private final int[] limits;
  private final boolean[] probing;
  private final int usable;

  private Candidates(
      Topology topology,
      EndpointStats[] stats,
      double[] weights,
      @Nullable Reason[] reasons,
      int[] limits,
      boolean[] probing) {
    this.topology = topology;
    this.stats = stats;
    this.weights = weights;
    this.reasons = reasons;
    this.limits = limits;
    this.probing = probing;
    int count = 0;
    for (double weight : weights) {
      if (weight > 0) {
        count++;
      }
    }
    this.usable = count;
  }

  /**
   * Returns the candidates that a topology gives before any stage: each with its declared weight,
   * but draining ones with none. O(n).
   *
   * @param stats what is known of each endpoint, in the topology's order
   */
  public static Candidates of(Topology topology, EndpointStats[] stats) {
    int n = topology.endpoints().size();
    if (stats.length != n) {
      throw new IllegalArgumentException(
          "stats: " + stats.length + " (expected: " + n + ", one for each endpoint)");
    }
    double[] weights = new double[n];
    @Nullable Reason[] reasons = new Reason[n];
    int[] limits = new int[n];
    Arrays.fill(limits, UNLIMITED);
    for (int i = 0; i < n; i++) {
      Endpoint endpoint = topology.endpoints().get(i);
      if (endpoint.draining()) {
        reasons[i] = DRAINING;
      } else if (endpoint.weight() == 0) {
        reasons[i] = WEIGHT_ZERO;
      } else {
        weights[i] = endpoint.weight();
      }
    }
    return new Candidates(topology, stats.clone(), weights, reasons, limits, new boolean[n]);
  }

  /**
   * What was discovered. The same object until discovery publishes another: what is costly is built
   * once for each.
   */
  public Topology topology() {
    return topology;
  }

  /** How many there are, usable or not. */
  public int size() {
    return weights.length;
  }

  /** How many have a weight above zero. */
  public int usable() {
    return usable;
  }

  /** How many discovery itself meant to be used: declared weight above zero, not draining. */
  public int discovered() {
    int count = 0;
    for (Endpoint endpoint : topology.endpoints()) {
      if (endpoint.weight() > 0 && !endpoint.draining()) {
        count++;
      }
    }
    return count;
  }

  /** The candidate's endpoint. */
  public Endpoint endpoint(int i) {
    return topology.endpoints().get(i);
  }

  /** Its weight now: finite, 0 or more; 0 is never chosen. */
  public double weight(int i) {
    return weights[i];
  }

  /**
   * What stages made of its declared weight: {@code weight(i) / endpoint(i).weight()}; 0 where
   * either is 0.
   */
  public double factor(int i) {
    int declared = endpoint(i).weight();
    return declared == 0 ? 0 : weights[i] / declared;
  }

  /** Why its weight is zero, or why it is held back; null for a candidate in full use. */
  public @Nullable Reason reason(int i) {
    return reasons[i];
  }

  /** The most requests that may be in flight on it, {@link #UNLIMITED} if any number may. */
  public int limit(int i) {
    return limits[i];
  }

  /** Whether it is on probation; see {@link #probe}. */
  public boolean probing(int i) {
    return probing[i];
  }

  /** What is known of it. */
  public EndpointStats stats(int i) {
    return stats[i];
  }

  /**
   * Returns candidates in which those with a reason weigh zero. Where a weight is zero already the
   * first reason stays.
   *
   * @param why for an index, the reason to exclude it; null leaves it alone
   */
  public Candidates exclude(IntFunction<@Nullable Reason> why) {
    double[] changedWeights = weights.clone();
    @Nullable Reason[] changedReasons = reasons.clone();
    boolean changed = false;
    for (int i = 0; i < weights.length; i++) {
      Reason reason = weights[i] > 0 ? why.apply(i) : null;
      if (reason != null) {
        changedWeights[i] = 0;
        changedReasons[i] = reason;
        changed = true;
      }
    }
    return changed
        ? new Candidates(topology, stats, changedWeights, changedReasons, limits, probing)
        : this;
  }

  /**
   * Returns candidates in which the chosen ones weigh zero, all for one reason; see {@link
   * #exclude(IntFunction)}.
   */
  public Candidates exclude(IntPredicate which, Reason reason) {
    return exclude(i -> which.test(i) ? reason : null);
  }

  /**
   * Returns candidates with their weights multiplied.
   *
   * @param factor for an index, a finite number, 0 or more
   * @throws IllegalArgumentException if a factor or a product is negative, infinite or not a
   *     number; names the endpoint
   */
  public Candidates scale(IntToDoubleFunction factor) {
    double[] changedWeights = weights.clone();
    @Nullable Reason[] changedReasons = reasons.clone();
    boolean changed = false;
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] == 0) {
        continue;
      }
      double by = factor.applyAsDouble(i);
      double product = weights[i] * by;
      if (!(by >= 0) || !Double.isFinite(product)) {
        throw new IllegalArgumentException(
            "factor of endpoint " + endpoint(i).id() + ": " + by + " (expected: finite, >= 0)");
      }
      if (by != 1) {
        changedWeights[i] = product;
        changed = true;
        if (product == 0) {
          changedReasons[i] = Reason.of("scaled to 0");
        }
      }
    }
    return changed
        ? new Candidates(topology, stats, changedWeights, changedReasons, limits, probing)
        : this;
  }

  /**
   * Returns candidates with a bound on the requests in flight on each; where there is one already
   * the smaller stays. A full candidate passes its turn to the strategy's next choice.
   *
   * @param limit for an index, 1 or more; {@link #UNLIMITED} sets none
   * @throws IllegalArgumentException if a limit is below 1; names the endpoint
   */
  public Candidates limit(IntUnaryOperator limit) {
    int[] changedLimits = limits.clone();
    boolean changed = false;
    for (int i = 0; i < limits.length; i++) {
      int most = limit.applyAsInt(i);
      if (most < 1) {
        throw new IllegalArgumentException(
            "limit of endpoint " + endpoint(i).id() + ": " + most + " (expected: >= 1)");
      }
      if (most < limits[i]) {
        changedLimits[i] = most;
        changed = true;
      }
    }
    return changed
        ? new Candidates(topology, stats, weights, reasons, changedLimits, probing)
        : this;
  }

  /**
   * Returns candidates of which some are on probation: they keep their weight, but are admitted one
   * request at a time and, once such a request has failed, none at all until the next evaluation. A
   * stage calls {@link Context#forgetFailures} when it begins a probation.
   *
   * @param why for an index, the reason to put it on probation; null leaves it alone
   */
  public Candidates probe(IntFunction<@Nullable Reason> why) {
    @Nullable Reason[] changedReasons = reasons.clone();
    boolean[] changedProbing = probing.clone();
    boolean changed = false;
    for (int i = 0; i < weights.length; i++) {
      Reason reason = weights[i] > 0 ? why.apply(i) : null;
      if (reason != null) {
        changedReasons[i] = reason;
        changedProbing[i] = true;
        changed = true;
      }
    }
    return changed
        ? new Candidates(topology, stats, weights, changedReasons, limits, changedProbing)
        : this;
  }

  /** {@code id=weight}, with the reason where there is one. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < weights.length; i++) {
      text.append(i == 0 ? "" : ", ").append(endpoint(i).id()).append('=').append(weights[i]);
      Reason reason = reasons[i];
      if (reason != null) {
        text.append(" (").append(reason).append(')');
      }
    }
    return text.append(']').toString();
  }
}
