package io.steelyard.strategy;

import io.steelyard.Strategy;
import java.time.Duration;
import java.util.Objects;

/**
 * The strategies, each with what it is for and what it costs.
 *
 * <table>
 * <caption>Choosing a strategy</caption>
 * <tr><th>when</th><th>strategy</th></tr>
 * <tr><td>not sure; speeds differ; a pod may hang</td><td>{@link #powerOfTwo powerOfTwo(peakEwma())}, the default</td></tr>
 * <tr><td>equal pods, equal requests</td><td>{@link #roundRobin()}</td></tr>
 * <tr><td>shares are given (a canary, mixed machines)</td><td>{@link #weightedRoundRobin()}</td></tr>
 * <tr><td>few endpoints, long requests (streams, queries)</td><td>{@link #leastConnections()}</td></tr>
 * <tr><td>one endpoint at a time, in turn</td><td>{@link #timedRoundRobin}</td></tr>
 * <tr><td>very many clients, each with little traffic</td><td>{@link #random()}</td></tr>
 * </table>
 *
 * <p>The objects are immutable values: equal parameters make equal strategies, one may serve many
 * balancers, and each balancer remembers for itself. No picker takes a lock or allocates.
 */
public final class Strategies {
  private Strategies() {}

  /**
   * Each endpoint in turn, from a random start.
   *
   * <p>Declared weights do not count here (zero aside): every endpoint gets the same share. What a
   * stage scales, a new pod that starts slowly for example, gets fewer turns in proportion, spread
   * smoothly. The turn goes on over list changes. Pick O(1): one fetch-and-add; compile O(n).
   */
  public static Strategy roundRobin() {
    return RoundRobin.EQUAL_TURNS;
  }

  /**
   * Each endpoint in turn, with turns in proportion to weight and spread as evenly as they go.
   *
   * <p>Weights 5, 1, 1 give {@code aabacaa} and not {@code aaaaabc}: the order of nginx's smooth
   * weighted round robin ({@code ngx_http_upstream_round_robin.c}). Unlike there, one period is
   * computed at compile time, so that a pick neither scans nor locks and concurrent picks cannot
   * disturb the order: shares are exact over every period of Σw/gcd picks. Periods that would be
   * long are put together by groups of equal weight, and those beyond about a million turns are
   * rounded to it. Pick O(1): one fetch-and-add; compile O(n × period) in small pools, O(period ×
   * log n) in others.
   */
  public static Strategy weightedRoundRobin() {
    return RoundRobin.WEIGHTED_TURNS;
  }

  /**
   * The endpoint with the fewest requests in flight for its weight, ties at random in proportion to
   * weight.
   *
   * <p>It compares all of them: the best choice a single client can make, at O(n) a pick. Beyond
   * some dozens of endpoints {@link #powerOfTwo powerOfTwo(inFlight())} is nearly as good at O(1).
   * With many clients their choices herd: each sees only its own requests.
   */
  public static Strategy leastConnections() {
    return LeastConnections.INSTANCE;
  }

  /**
   * Two different endpoints at random, the less loaded of them.
   *
   * <p>(Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.) With equal
   * weights never the same one twice: drawn with replacement, as elsewhere, half the picks between
   * two endpoints would compare one with itself. With unequal weights both are drawn by weight, and
   * one drawn twice is chosen, so that the share of an endpoint of share w stays between w² and 2w
   * − w² however loads compare. Loads are compared as {@code cost × (inFlight / weight + 1)}; see
   * {@link LoadMetric}. Ties go to the first drawn, so that without load shares are the weights
   * exactly. Where weights differ, measured costs that are within 30 % of each other count as
   * equal, lest small differences of speed level the weights. Pick O(1), with a clock read if the
   * metric is timed; compile O(n).
   */
  public static Strategy powerOfTwo(LoadMetric metric) {
    return new PowerOfTwo(Objects.requireNonNull(metric, "metric"));
  }

  /**
   * One endpoint at a time: each holds the turn for a fixed slot of time, then the next.
   *
   * <p>The holder is a function of the clock, so a pick writes nothing. An endpoint of twice the
   * mean weight holds its turn twice as long. While an endpoint is out its turn goes to the next
   * that is usable; one that a stage scales down keeps that part of its turn. Nobody else's turn
   * moves. Each balancer starts at a random phase; otherwise all clients would turn to the same
   * endpoint at once. Pick O(1) with a clock read, O(log n) with unequal weights; compile O(n).
   *
   * @param slot 1 millisecond to 1 day
   */
  public static Strategy timedRoundRobin(Duration slot) {
    return new TimedRoundRobin(slot, null);
  }

  /**
   * As {@link #timedRoundRobin(Duration)}, at a phase that clients agree on: it goes by wall time,
   * so that clients with the same list, slot and phase turn to the same endpoint at the same moment
   * (as far as their clocks agree).
   *
   * @param phase how far ahead of 1970's start the turns are; zero or more
   */
  public static Strategy timedRoundRobin(Duration slot, Duration phase) {
    return new TimedRoundRobin(slot, Objects.requireNonNull(phase, "phase"));
  }

  /**
   * Any endpoint, at random in proportion to weight.
   *
   * <p>Writes nothing that is shared; loads are uneven by about the square root of their mean. Pick
   * O(1): Vose's alias table ("A Linear Algorithm for Generating Random Numbers with a Given
   * Distribution", 1991); compile O(n).
   */
  public static Strategy random() {
    return WeightedRandom.INSTANCE;
  }
}
