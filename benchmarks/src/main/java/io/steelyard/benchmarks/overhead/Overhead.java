package io.steelyard.benchmarks.overhead;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.overhead.Subjects.Sender;
import io.steelyard.benchmarks.overhead.Subjects.Subject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.HdrHistogram.Histogram;

/**
 * Measures requests a second and the 99th percentile through each HTTP adapter beside the bare
 * client, on one server and one machine: {@code benchmarks/overhead [pairs] [milliseconds]}.
 *
 * <p>A pair is a block of either, first the one and then the other, in turn; blocks are short, so
 * that what the machine does besides happens to both. The ratio is the geometric mean over pairs,
 * with the 95 % interval of Student's t on its logarithm.
 */
public final class Overhead {
  private static final int THREADS = 4;

  private final Histogram bareLatency = histogram();
  private final Histogram balancedLatency = histogram();
  private final List<Double> logRatios = new ArrayList<>();
  private double bareRate;
  private double balancedRate;

  /** Measures and prints the table. */
  public static void main(String... args) throws Exception {
    int pairs = args.length > 0 ? Integer.parseInt(args[0]) : 30;
    long millis = args.length > 1 ? Long.parseLong(args[1]) : 400;
    if (pairs < 2 || millis < 1) {
      throw new IllegalArgumentException(
          "pairs: " + pairs + ", milliseconds: " + millis + " (expected: >= 2 and >= 1)");
    }
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (TinyServer server = new TinyServer();
        Balancer balancer = Balancer.of(Endpoint.of("127.0.0.1", server.port()))) {
      System.out.printf(
          "%d threads, %d pairs of blocks of %d ms, Java %s%n%n",
          THREADS, pairs, millis, Runtime.version());
      System.out.println(
          "| Client | Bare, requests/s | Balanced, requests/s | Ratio (95 % interval) | p99 bare, µs"
              + " | p99 balanced, µs |");
      System.out.println("|---|---|---|---|---|---|");
      String direct = "http://127.0.0.1:" + server.port() + "/";
      for (Subject each : Subjects.of(direct, "http://cart/", balancer, THREADS)) {
        System.out.println(new Overhead().measure(each, threads, pairs, millis));
      }
    }
    System.exit(0); // the clients' threads would go on for a while
  }

  private String measure(Subject subject, ExecutorService threads, int pairs, long millis)
      throws Exception {
    for (int i = 0; i < 20; i++) { // warm-up: ten seconds
      block(subject.bare(), threads, 250, histogram());
      block(subject.balanced(), threads, 250, histogram());
    }
    for (int i = 0; i < pairs; i++) {
      boolean bareFirst = i % 2 == 0;
      double bare = bareFirst ? block(subject.bare(), threads, millis, bareLatency) : 0;
      double balanced = block(subject.balanced(), threads, millis, balancedLatency);
      bare = bareFirst ? bare : block(subject.bare(), threads, millis, bareLatency);
      bareRate += bare / pairs;
      balancedRate += balanced / pairs;
      logRatios.add(Math.log(balanced / bare));
    }
    double mean = logRatios.stream().mapToDouble(x -> x).average().orElseThrow();
    double squares = logRatios.stream().mapToDouble(x -> (x - mean) * (x - mean)).sum();
    double half = t95(pairs - 1) * Math.sqrt(squares / (pairs - 1) / pairs);
    return String.format(
        Locale.ROOT,
        "| %s | %,.0f | %,.0f | %.1f %% (%.1f to %.1f) | %d | %d |",
        subject.name(),
        bareRate,
        balancedRate,
        100 * Math.exp(mean),
        100 * Math.exp(mean - half),
        100 * Math.exp(mean + half),
        bareLatency.getValueAtPercentile(99) / 1000,
        balancedLatency.getValueAtPercentile(99) / 1000);
  }

  /** Sends for a while, on every thread; returns requests a second. */
  private static double block(
      Sender sender, ExecutorService threads, long millis, Histogram latency) throws Exception {
    long begun = System.nanoTime();
    long end = begun + millis * 1_000_000;
    Callable<Histogram> work =
        () -> {
          Histogram own = histogram();
          for (long now = System.nanoTime(); now < end; ) {
            sender.send();
            long after = System.nanoTime();
            own.recordValue(Math.min(after - now, own.getHighestTrackableValue()));
            now = after;
          }
          return own;
        };
    long count = 0;
    for (Future<Histogram> each : threads.invokeAll(Collections.nCopies(THREADS, work))) {
      Histogram own = each.get();
      count += own.getTotalCount();
      latency.add(own);
    }
    return count * 1e9 / (System.nanoTime() - begun);
  }

  private static Histogram histogram() {
    return new Histogram(10_000_000_000L, 3);
  }

  /** Student's t, two-sided 95 %, by the expansion of Cornish and Fisher from the normal's 1.96. */
  private static double t95(int freedom) {
    double z = 1.959964;
    double z3 = z * z * z;
    double z5 = z3 * z * z;
    return z + (z3 + z) / (4.0 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96.0 * freedom * freedom);
  }
}
