package io.steelyard.benchmarks.simulation;

import io.steelyard.Outcome;
import org.HdrHistogram.Histogram;

/**
 * What one run measured, of requests that were begun while measuring.
 *
 * <p>A latency is what a caller waited: for an answer, or until it gave up. A request that failed
 * with an error counts among the failures alone: it would look like a quick answer.
 */
final class Result {
  private static final long LONGEST_MICROS = 1_000_000_000;

  private final Scenario scenario;
  private final long from;
  private final long until;
  private final Histogram micros = new Histogram(LONGEST_MICROS, 3);
  private double sumNanos;
  private long requests;
  private long failed;
  private long sent;
  private long toAffected;
  private double sumOfMost;
  private double sumOfMeans;

  /** Whole seconds of the run, by when requests were begun; empty where nobody asks. */
  final Histogram[] microsOfSecond;

  final long[] failedOfSecond;
  final long[] requestsOfSecond;

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
    requestsOfSecond = new long[seconds];
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
    long took = Math.min((now - beganAt) / 1_000, LONGEST_MICROS);
    boolean waited = outcome == Outcome.SUCCESS || outcome == Outcome.TIMEOUT;
    requests++;
    if (outcome != Outcome.SUCCESS) {
      failed++;
    }
    if (waited) {
      sumNanos += now - beganAt;
      micros.recordValue(took);
    }
    if (microsOfSecond.length > 0) {
      int second = (int) ((beganAt - from) / 1_000_000_000);
      requestsOfSecond[second]++;
      if (outcome != Outcome.SUCCESS) {
        failedOfSecond[second]++;
      }
      if (waited) {
        microsOfSecond[second].recordValue(took);
      }
    }
  }

  void load(int most, double mean) {
    sumOfMost += most;
    sumOfMeans += mean;
  }

  /** How many requests were begun while measuring. */
  long requests() {
    return requests;
  }

  double meanMillis() {
    return sumNanos / micros.getTotalCount() / 1e6;
  }

  /** What so many percent of the latencies do not exceed, in milliseconds. */
  double percentileMillis(double percentile) {
    return micros.getValueAtPercentile(percentile) / 1e3;
  }

  /** Of all requests, in percent. */
  double failedPercent() {
    return 100.0 * failed / requests;
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
