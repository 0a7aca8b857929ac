package io.steelyard.examples.demo;

import io.steelyard.Candidates;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What the callers see, second by second: answers, failures and how long they took. How many
 * requests each pod got comes from the balancer's own counts. Thread-safe.
 */
final class Meter {
  private static final int SECONDS_KEPT = 90;
  private static final int LATENCIES_KEPT = 20_000;

  /**
   * One second, or what came nearest to it.
   *
   * @param at seconds since the start
   * @param perSecond answers and failures
   * @param failed failures, not divided by the time
   * @param p50 median latency in milliseconds, 0 without answers
   * @param p99 in milliseconds
   * @param pods requests per second by pod name
   */
  record Sample(
      double at, double perSecond, long failed, double p50, double p99, Map<String, Double> pods) {}

  private final long started = System.nanoTime();
  private final Deque<Sample> samples = new ArrayDeque<>();
  private final Map<String, Long> begunBefore = new HashMap<>();
  private double[] latencies = new double[LATENCIES_KEPT];
  private int answers;
  private long failedBefore;
  private long answered;
  private long failed;
  private @Nullable String lastFailure;
  private long sampledAt = started;

  /** An answer came. */
  synchronized void answered(long nanos) {
    answered++;
    if (answers < latencies.length) {
      latencies[answers++] = nanos / 1e6;
    }
  }

  /** No answer came, or one that says that the server failed. */
  synchronized void failed(String why) {
    failed++;
    lastFailure = why;
  }

  /** Requests answered since the start. */
  synchronized long answered() {
    return answered;
  }

  /** Requests lost since the start. */
  synchronized long failed() {
    return failed;
  }

  /** Why the last one was lost; null if none was. */
  synchronized @Nullable String lastFailure() {
    return lastFailure;
  }

  /** Begins the first second: what came before is in no sample. */
  synchronized void restart(Candidates candidates) {
    sample(candidates);
    samples.clear();
  }

  /** Ends a second. */
  synchronized Sample sample(Candidates candidates) {
    long now = System.nanoTime();
    double seconds = Math.max(1e-3, (now - sampledAt) / 1e9);
    sampledAt = now;
    double[] sorted = Arrays.copyOf(latencies, answers);
    Arrays.sort(sorted);
    long failedNow = failed - failedBefore;
    failedBefore = failed;
    Sample sample =
        new Sample(
            (now - started) / 1e9,
            (answers + failedNow) / seconds,
            failedNow,
            quantile(sorted, 0.5),
            quantile(sorted, 0.99),
            perPod(candidates, seconds));
    answers = 0;
    samples.addLast(sample);
    if (samples.size() > SECONDS_KEPT) {
      samples.removeFirst();
    }
    return sample;
  }

  private Map<String, Double> perPod(Candidates candidates, double seconds) {
    Map<String, Double> rates =
        new TreeMap<>(
            Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
    Map<String, Long> begun = new HashMap<>();
    for (int i = 0; i < candidates.size(); i++) {
      String id = candidates.endpoint(i).id();
      long count = candidates.stats(i).begun();
      begun.put(id, count);
      long more = count - begunBefore.getOrDefault(id, 0L);
      rates.merge(Application.podName(candidates.endpoint(i)), more / seconds, Double::sum);
    }
    begunBefore.clear();
    begunBefore.putAll(begun);
    return rates;
  }

  /** The last minute and a half. */
  synchronized List<Sample> samples() {
    return new ArrayList<>(samples);
  }

  /** The smallest value that at least this share of the sorted ones do not exceed; 0 if empty. */
  static double quantile(double[] sorted, double share) {
    return sorted.length == 0 ? 0 : sorted[Math.max(0, (int) Math.ceil(share * sorted.length) - 1)];
  }
}
