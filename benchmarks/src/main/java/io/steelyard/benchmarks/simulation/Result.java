package io.steelyard.benchmarks.simulation;

import io.steelyard.Outcome;
import org.HdrHistogram.Histogram;

/**
 * What one run measured, of requests that were begun while measuring. Latencies are those of
 * requests that succeeded; what failed is counted beside them, so that neither hides the other.
 */
final class Result {
  private static final long LONGEST_MICROS = 1_000_000_000;

  private final Scenario scenario;
  private final long from;
  private final long until;
  private final Histogram micros = new Histogram(LONGEST_MICROS, 3);
  private double sumNanos;
  private long succeeded;
  private long failed;
  private long sent;
  private long toAffected;
  private double sumOfMost;
  private double sumOfMeans;

  /** Whole seconds of the run, by when requests were begun; empty where nobody asks. */
  final Histogram[] microsOfSecond;

  final long[] failedOfSecond;
  final long[] allOfSecond;

  Result(Scenario scenario, long from, long until) {
    this.scenario = scenario;
    this.from = from;
    this.until = until;
    int seconds = scenario.overTime ? (int) Math.ceil(scenario.seconds) : 0;
    microsOfSecond = new Histogram[seconds];
    for (int i = 0; i < seconds; i++) {
      microsOfSecond[i] = new Histogram(LONGEST_MICROS, 2);
    }
    failedOfSecond = new long[seconds];
    allOfSecond = new long[seconds];
  }

  void sent(Server server, long now) {
    if (now < from) {
      return;
    }
    sent++;
    if (scenario.affected.test(server.endpoint.port() - 1)) {
      toAffected++;
    }
  }

  /** There was no endpoint to send it to. */
  void notSent(long now) {
    ended(now, now, Outcome.REJECTED);
  }

  void ended(long beganAt, long now, Outcome outcome) {
    if (beganAt < from || beganAt >= until) {
      return;
    }
    boolean success = outcome == Outcome.SUCCESS;
    long took = (now - beganAt) / 1_000;
    if (success) {
      succeeded++;
      sumNanos += now - beganAt;
      micros.recordValue(Math.min(took, LONGEST_MICROS));
    } else {
      failed++;
    }
    if (microsOfSecond.length > 0) {
      int second = (int) ((beganAt - from) / 1_000_000_000);
      allOfSecond[second]++;
      if (success) {
        microsOfSecond[second].recordValue(Math.min(took, LONGEST_MICROS));
      } else {
        failedOfSecond[second]++;
      }
    }
  }

  void load(int most, double mean) {
    sumOfMost += most;
    sumOfMeans += mean;
  }

  /** How many requests were begun while measuring. */
  long requests() {
    return succeeded + failed;
  }

  double meanMillis() {
    return sumNanos / succeeded / 1e6;
  }

  /** What so many percent of the requests that succeeded did not exceed, in milliseconds. */
  double percentileMillis(double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  /** Of all requests, in percent. */
  double failedPercent() {
    return 100.0 * failed / requests();
  }

  /** Requests in flight on the busiest server over the mean of all servers, over time. */
  double busiest() {
    return sumOfMost / sumOfMeans;
  }

  /** Requests sent to the servers that the scenario is about, in percent. */
  double affectedPercent() {
    return 100.0 * toAffected / sent;
  }
}
