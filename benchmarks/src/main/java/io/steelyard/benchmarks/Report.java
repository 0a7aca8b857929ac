package io.steelyard.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * A table of what JMH measured: the median over forks of each fork's median, and the least of all
 * iterations, both beside the bare baseline that does the same work, and which targets hold.
 *
 * <p>On a machine with nothing else to do the two ratios agree. On a busy one medians tell what
 * else was running, and the least is what the code costs.
 */
public final class Report {
  static final double MOST_OVER_BARE = 1.5;
  static final double MOST_FROM_SMALL_TO_LARGE = 1.25;
  static final double MOST_BYTES_A_REQUEST = 48;

  private static final List<String> OPERATIONS = List.of("pick", "begin", "call");

  /** What one benchmark gave with one set of parameters: one element for each fork. */
  private static final class Series {
    final List<Double> nanos = new ArrayList<>();
    final List<Double> bytes = new ArrayList<>();
    double least = Double.NaN;
  }

  /** Names a series; the bare ones have no strategy and no JVM. */
  private record Key(String method, int n, int threads, String strategy, String jvm) {
    Key bare(String bareMethod) {
      return new Key(bareMethod, n, threads, "", "");
    }

    Key size(int size) {
      return new Key(method, size, threads, strategy, jvm);
    }
  }

  private final Map<Key, Series> measured = new LinkedHashMap<>();

  private Report() {}

  /** Prints the table of JMH's JSON files; results of equal parameters are taken together. */
  public static void main(String[] files) throws IOException {
    if (files.length == 0) {
      throw new IllegalArgumentException("files: none (expected: JMH's JSON results)");
    }
    List<Path> paths = new ArrayList<>();
    for (String file : files) {
      paths.add(Path.of(file));
    }
    System.out.print(of(paths));
  }

  static String of(List<Path> files) throws IOException {
    Report report = new Report();
    for (Path file : files) {
      report.read(Json.parse(Files.readString(file)));
    }
    return report.print();
  }

  static String of(String json) {
    Report report = new Report();
    report.read(Json.parse(json));
    return report.print();
  }

  // ---- reading ----

  private void read(@Nullable Object results) {
    for (Object result : list(results)) {
      Map<?, ?> run = map(result);
      String name = string(run, "benchmark");
      Map<?, ?> params = run.containsKey("params") ? map(run.get("params")) : Map.of();
      Key key =
          new Key(
              name.substring(name.lastIndexOf('.') + 1),
              params.containsKey("n") ? Integer.parseInt(string(params, "n")) : 0,
              (int) number(run.get("threads")),
              params.containsKey("strategy") ? string(params, "strategy") : "",
              params.containsKey("jvm") ? string(params, "jvm") : "");
      Series series = measured.computeIfAbsent(key, k -> new Series());
      series.least = least(series.least, addForks(series.nanos, map(run.get("primaryMetric"))));
      Map<?, ?> secondary =
          run.containsKey("secondaryMetrics") ? map(run.get("secondaryMetrics")) : Map.of();
      for (Map.Entry<?, ?> metric : secondary.entrySet()) {
        if (String.valueOf(metric.getKey()).endsWith("gc.alloc.rate.norm")) {
          addForks(series.bytes, map(metric.getValue()));
        }
      }
    }
  }

  /** Adds each fork's median; returns the least of all iterations. */
  private static double addForks(List<Double> forks, Map<?, ?> metric) {
    double least = Double.NaN;
    for (Object fork : list(metric.get("rawData"))) {
      List<Double> iterations = new ArrayList<>();
      for (Object iteration : list(fork)) {
        iterations.add(number(iteration));
        least = least(least, number(iteration));
      }
      forks.add(median(iterations));
    }
    return least;
  }

  private static double least(double a, double b) {
    return Double.isNaN(a) ? b : Double.isNaN(b) ? a : Math.min(a, b);
  }

  private static List<?> list(@Nullable Object value) {
    return (List<?>) Objects.requireNonNull(value, "an array in the JSON");
  }

  private static Map<?, ?> map(@Nullable Object value) {
    return (Map<?, ?>) Objects.requireNonNull(value, "an object in the JSON");
  }

  private static String string(Map<?, ?> from, String name) {
    return (String) Objects.requireNonNull(from.get(name), name);
  }

  private static double number(@Nullable Object value) {
    return value instanceof Double number ? number : Double.NaN; // JMH writes "NaN" in quotes
  }

  // ---- figures ----

  static double median(List<Double> values) {
    double[] sorted = values.stream().mapToDouble(d -> d).filter(d -> !Double.isNaN(d)).toArray();
    Arrays.sort(sorted);
    int n = sorted.length;
    return n == 0 ? Double.NaN : (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  private double nanos(Key key) {
    Series series = measured.get(key);
    return series == null ? Double.NaN : median(series.nanos);
  }

  private double least(Key key) {
    Series series = measured.get(key);
    return series == null ? Double.NaN : series.least;
  }

  /**
   * Bytes allocated an operation, less what the harness allocates in that time: that is known from
   * the bare code, which allocates nothing. It is known by half, so what is left is taken for none
   * while it is less; that matters only for operations of many microseconds.
   */
  private double bytes(Key key) {
    Series series = measured.get(key);
    if (series == null) {
      return Double.NaN;
    }
    double harness = harnessBytesANano(key.threads) * nanos(key);
    double left = median(series.bytes) - harness;
    return left < harness / 2 ? 0 : left;
  }

  private double harnessBytesANano(int threads) {
    List<Double> rates = new ArrayList<>();
    for (Key key : keys("")) {
      if (key.threads == threads) {
        rates.add(median(Objects.requireNonNull(measured.get(key)).bytes) / nanos(key));
      }
    }
    double rate = median(rates);
    return Double.isNaN(rate) ? 0 : rate;
  }

  /** The bare methods that together do what this one must. */
  private static List<String> baselines(Key key) {
    if (!key.method.equals("pick")) {
      return List.of(key.strategy.equals(Subject.UNTRACKED) ? "count" : "request");
    }
    return switch (key.strategy) {
      case "roundRobin", "weightedRoundRobin" -> List.of("counter");
      case "powerOfTwo(peakEwma)", "adaptive" -> List.of("two", "clock");
      case "timedRoundRobin(1s)" -> List.of("clock");
      case "leastConnections" -> List.of("scan");
      default -> List.of("two");
    };
  }

  private double ratio(Key key) {
    return ratio(key, this::nanos);
  }

  private double leastRatio(Key key) {
    return ratio(key, this::least);
  }

  private static double ratio(Key key, ToDoubleFunction<Key> figure) {
    double bare = 0;
    for (String method : baselines(key)) {
      bare += figure.applyAsDouble(key.bare(method));
    }
    return figure.applyAsDouble(key) / bare;
  }

  // ---- printing ----

  private String print() {
    StringBuilder out = new StringBuilder();
    line(out, "%-22s %6s %7s %9s %9s %6s", "bare", "n", "threads", "ns/op", "least", "forks");
    for (Key key : keys("")) {
      line(
          out,
          "%-22s %6d %7d %9.1f %9.1f %6d",
          key.method,
          key.n,
          key.threads,
          nanos(key),
          least(key),
          Objects.requireNonNull(measured.get(key)).nanos.size());
    }
    for (String operation : OPERATIONS) {
      List<Key> keys = keys(operation);
      if (keys.isEmpty()) {
        continue;
      }
      out.append('\n');
      line(
          out,
          "%-22s %6s %7s %-5s %9s %9s %6s %6s  %-9s %6s",
          operation,
          "n",
          "threads",
          "JVM",
          "ns/op",
          "least",
          "ratio",
          "least",
          "to",
          "B/op");
      for (Key key : keys) {
        line(
            out,
            "%-22s %6d %7d %-5s %9.1f %9.1f %6s %6s  %-9s %6s",
            key.strategy,
            key.n,
            key.threads,
            key.jvm,
            nanos(key),
            least(key),
            figure("%.2f", ratio(key)),
            figure("%.2f", leastRatio(key)),
            String.join("+", baselines(key)),
            figure("%.1f", bytes(key)));
      }
    }
    targets(out);
    return out.toString();
  }

  /** The series of one operation, or the bare ones for "", in the order of the table. */
  private List<Key> keys(String operation) {
    List<Key> result = new ArrayList<>();
    for (Key key : measured.keySet()) {
      if (operation.isEmpty() ? key.strategy.isEmpty() : key.method.equals(operation)) {
        result.add(key);
      }
    }
    result.sort(
        (a, b) -> {
          int byStrategy =
              Integer.compare(
                  Subject.STRATEGIES.indexOf(a.strategy), Subject.STRATEGIES.indexOf(b.strategy));
          if (byStrategy != 0) {
            return byStrategy;
          }
          if (!a.method.equals(b.method)) {
            return a.method.compareTo(b.method);
          }
          if (a.threads != b.threads) {
            return Integer.compare(a.threads, b.threads);
          }
          return a.n != b.n ? Integer.compare(a.n, b.n) : a.jvm.compareTo(b.jvm);
        });
    return result;
  }

  private void targets(StringBuilder out) {
    out.append("\nTargets: by medians, by least\n");
    overBare(out, "round robin: pick over a bare counter", "roundRobin");
    overBare(out, "power of two, in flight: pick over its bare form", "powerOfTwo(inFlight)");
    overBare(out, "power of two, peak EWMA: pick over that and a clock", "powerOfTwo(peakEwma)");
    flat(out);
    bytes(out, "bytes a pick", List.of("pick"), 0);
    bytes(out, "bytes a request", List.of("begin", "call"), MOST_BYTES_A_REQUEST);
  }

  private void overBare(StringBuilder out, String what, String strategy) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    for (Key key : keys("pick")) {
      if (key.strategy.equals(strategy)) {
        medians.put(where(key) + ", n=" + key.n, ratio(key));
        leasts.put(where(key) + ", n=" + key.n, leastRatio(key));
      }
    }
    verdicts(out, what + " <= " + MOST_OVER_BARE, MOST_OVER_BARE, "%.2f", medians, leasts);
  }

  private void flat(StringBuilder out) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    for (Key key : keys("pick")) {
      if (key.strategy.equals("weightedRoundRobin") && key.n == 10) {
        medians.put(where(key), nanos(key.size(10_000)) / nanos(key));
        leasts.put(where(key), least(key.size(10_000)) / least(key));
      }
    }
    verdicts(
        out,
        "weighted round robin: pick among 10,000 over pick among 10 <= " + MOST_FROM_SMALL_TO_LARGE,
        MOST_FROM_SMALL_TO_LARGE,
        "%.2f",
        medians,
        leasts);
  }

  private void bytes(StringBuilder out, String what, List<String> operations, double most) {
    Map<String, Double> bytes = new TreeMap<>();
    for (String operation : operations) {
      for (Key key : keys(operation)) {
        bytes.put(operation + " " + key.strategy + ", " + where(key) + ", n=" + key.n, bytes(key));
      }
    }
    String target = what + String.format(Locale.ROOT, " <= %.0f", most);
    verdicts(out, target, most + 0.5, "%.1f", bytes, Map.of());
  }

  private static String where(Key key) {
    return key.jvm + ", " + key.threads + (key.threads == 1 ? " thread" : " threads");
  }

  private static void verdicts(
      StringBuilder out,
      String what,
      double most,
      String format,
      Map<String, Double> medians,
      Map<String, Double> leasts) {
    medians.values().removeIf(figure -> Double.isNaN(figure));
    if (medians.isEmpty()) {
      return;
    }
    line(out, "%s", what);
    verdict(out, most, format, medians);
    if (!leasts.isEmpty()) {
      leasts.values().removeIf(figure -> Double.isNaN(figure));
      verdict(out, most, format, leasts);
    }
  }

  private static void verdict(
      StringBuilder out, double most, String format, Map<String, Double> figures) {
    long holds = figures.values().stream().filter(figure -> figure <= most).count();
    String worst = figures.keySet().iterator().next();
    for (Map.Entry<String, Double> figure : figures.entrySet()) {
      if (figure.getValue() > Objects.requireNonNull(figures.get(worst))) {
        worst = figure.getKey();
      }
    }
    line(
        out,
        "  %s %d of %d; median %s, worst %s (%s)",
        holds == figures.size() ? "pass" : "FAIL",
        holds,
        figures.size(),
        figure(format, median(List.copyOf(figures.values()))),
        figure(format, Objects.requireNonNull(figures.get(worst))),
        worst);
  }

  private static String figure(String format, double value) {
    return Double.isNaN(value) ? "-" : String.format(Locale.ROOT, format, value);
  }

  private static void line(StringBuilder out, String format, Object... values) {
    out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
  }
}
