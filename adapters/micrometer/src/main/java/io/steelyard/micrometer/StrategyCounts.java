package io.steelyard.micrometer;

import io.steelyard.Balancer;
import io.steelyard.BalancerStats;
import io.steelyard.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * What ended while one strategy was in force. It stands still while another one is, and goes on
 * from there should it come back; it never falls. Thread-safe.
 */
final class StrategyCounts {
  private static final Outcome[] OUTCOMES = Outcome.values();

  final String strategy;
  private final Balancer balancer;
  private final long[] before; // the balancer's counts that are not ours
  private long @Nullable [] stopped;

  /**
   * Starts at zero.
   *
   * @param before the balancer's counts so far that are not to be counted here
   */
  StrategyCounts(String strategy, Balancer balancer, long[] before) {
    this.strategy = strategy;
    this.balancer = balancer;
    this.before = before.clone();
  }

  static long[] nothing() {
    return new long[OUTCOMES.length];
  }

  synchronized long count(Outcome outcome) {
    int i = outcome.ordinal();
    return stopped != null ? stopped[i] : balancer.stats().count(outcome) - before[i];
  }

  /** Stands still; returns the balancer's counts at this moment. */
  synchronized long[] stop() {
    long[] now = counts();
    long[] mine = now.clone();
    for (int i = 0; i < mine.length; i++) {
      mine[i] -= before[i];
    }
    stopped = mine;
    return now;
  }

  /**
   * Goes on.
   *
   * @param now the balancer's counts at which the one in between stopped
   */
  synchronized void resume(long[] now) {
    long[] mine = stopped;
    if (mine != null) {
      for (int i = 0; i < mine.length; i++) {
        before[i] = now[i] - mine[i];
      }
      stopped = null;
    }
  }

  private long[] counts() {
    BalancerStats stats = balancer.stats();
    long[] counts = new long[OUTCOMES.length];
    for (Outcome outcome : OUTCOMES) {
      counts[outcome.ordinal()] = stats.count(outcome);
    }
    return counts;
  }
}
