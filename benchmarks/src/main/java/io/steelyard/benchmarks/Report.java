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
  static final double MOST_FROM_SMALL_TO_LARGE = 1.25;
  static final double MOST_OF_CALL_OVER_BEGIN = 1.1;
  static final double MOST_BYTES_A_REQUEST = 48;

  static final double MOST_OF_MAGLEV = 1.3;
  static final double LEAST_OF_TWO_THREADS = 1.8;

  static final List<String> OPERATIONS = List.of("pick", "keyed", "key", "begin", "call");

  /** Those whose picks write nothing that other threads write. */
  private static final List<String> SHARING_NOTHING =
      List.of(
          "leastConnections",
          "powerOfTwo(inFlight)",
          "powerOfTwo(peakEwma)",
          "timedRoundRobin(1s)",
          "random",
          "weightedRandom",
          "ringHash",
          "maglev",
          "rendezvous",
          "jumpHash");

  /** What one benchmark gave with one set of parameters: one element for each fork. */
  private static final class Series {
    final List<Double> nanos = new ArrayList<>();
    final List<Double> bytes = new ArrayList<>();
    double least = Double.NaN;
  }

  /**
   * Names a series; the bare ones have no strategy and no JVM.
   *
   * @param peer null for ours and the bare ones
   */
  private record Key(
      String method, int n, int threads, String strategy, String jvm, @Nullable PeerName peer) {
    Key bare(String bareMethod) {
      return new Key(bareMethod, n, threads, "", "", null);
    }

    Key size(int size) {
      return new Key(method, size, threads, strategy, jvm, peer);
    }

    Key threads(int count) {
      return new Key(method, n, count, strategy, jvm, peer);
    }

    PeerName.Kind kind() {
      return peer == null ? PeerName.Kind.ofOurs(strategy) : peer.kind;
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
      PeerName peer =
          params.containsKey("peerName") ? PeerName.valueOf(string(params, "peerName")) : null;
      Key key =
          new Key(
              name.substring(name.lastIndexOf('.') + 1),
              params.containsKey("n") ? Integer.parseInt(string(params, "n")) : 0,
              (int) number(run.get("threads")),
              peer != null
                  ? peer.text()
                  : params.containsKey("strategy") ? string(params, "strategy") : "",
              params.containsKey("jvm") ? string(params, "jvm") : "",
              peer);
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

  private static List<String> baselines(Key key) {
    return baselines(key.method, key.peer == null ? key.strategy : key.kind().ours);
  }

  /** The bare methods that together do what this one must. */
  static List<String> baselines(String operation, String strategy) {
    return switch (operation) {
      case "keyed" -> List.of(keyed(strategy));
      case "key" ->
          strategy.equals("maglev")
              ? List.of("hashSlot")
              : strategy.equals("sessionAffinity")
                  ? List.of("map")
                  : List.of("hash", keyed(strategy));
      case "pick" ->
          switch (strategy) {
            case "roundRobin", "weightedRoundRobin" -> List.of("counter");
            case "powerOfTwo(peakEwma)", "adaptive" -> List.of("two", "clock");
            case "timedRoundRobin(1s)" -> List.of("clock");
            case "leastConnections" -> List.of("scan");
            default -> List.of("two");
          };
      default -> List.of(Subject.UNTRACKED.contains(strategy) ? "count" : "request");
    };
  }

  private static String keyed(String strategy) {
    return switch (strategy) {
      case "maglev", "boundedLoad(maglev)" -> "slot";
      case "rendezvous" -> "scores";
      case "jumpHash" -> "jumps";
      case "sessionAffinity" -> "map";
      default -> "search";
    };
  }

  /** The fastest peer of the same kind, in a JVM alike; null if none was measured. */
  private @Nullable Key fastestPeer(Key ours, ToDoubleFunction<Key> figure) {
    if (ours.strategy.startsWith("timed")) {
      return null; // nobody else has it
    }
    Key fastest = null;
    for (Key key : measured.keySet()) {
      if (key.peer != null
          && key.kind() == ours.kind()
          && key.method.equals(ours.method)
          && key.n == ours.n
          && key.threads == ours.threads
          && key.jvm.equals(ours.jvm)
          && (fastest == null || figure.applyAsDouble(key) < figure.applyAsDouble(fastest))) {
        fastest = key;
      }
    }
    return fastest;
  }

  /** How many times as much two threads do as one. */
  private static double scaling(Key key, ToDoubleFunction<Key> figure) {
    return key.threads == 2
        ? 2 * figure.applyAsDouble(key.threads(1)) / figure.applyAsDouble(key)
        : Double.NaN;
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

  private static final String ROW =
      "%-31s %6s %7s %-5s %9s %9s %6s %6s  %-11s %6s%1s %5s %5s %5s  %s";

  /** Making a context for a key allocates it, and is none of the balancer's. */
  private static double mostBytes(String operation) {
    return switch (operation) {
      case "pick", "keyed" -> 0;
      case "begin", "call" -> MOST_BYTES_A_REQUEST;
      default -> Double.POSITIVE_INFINITY;
    };
  }

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
          ROW,
          operation,
          "n",
          "threads",
          "JVM",
          "ns/op",
          "least",
          "ratio",
          "least",
          "to",
          "B/op",
          "",
          "2t/1t",
          "/peer",
          "least",
          "fastest peer");
      for (Key key : keys) {
        Key peer = key.peer == null ? fastestPeer(key, this::nanos) : null;
        Key leastPeer = key.peer == null ? fastestPeer(key, this::least) : null;
        line(
            out,
            ROW,
            (key.peer == null ? "" : "  ") + key.strategy,
            key.n,
            key.threads,
            key.jvm,
            figure("%.1f", nanos(key)),
            figure("%.1f", least(key)),
            figure("%.2f", ratio(key)),
            figure("%.2f", leastRatio(key)),
            String.join("+", baselines(key)),
            figure("%.1f", bytes(key)),
            key.peer == null && bytes(key) > mostBytes(operation) + 0.5 ? "!" : "",
            figure("%.2f", scaling(key, this::nanos)),
            peer == null ? "" : figure("%.2f", nanos(key) / nanos(peer)),
            leastPeer == null ? "" : figure("%.2f", least(key) / least(leastPeer)),
            peer == null ? "" : peer.strategy);
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
          int byStrategy = place(a).compareTo(place(b));
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

  /** By kind, ours first. */
  private static String place(Key key) {
    if (key.strategy.isEmpty()) {
      return "";
    }
    int at = key.peer == null ? order(key.strategy) : 100 + key.peer.ordinal();
    return "%02d %03d".formatted(key.kind().ordinal(), at);
  }

  private static int order(String strategy) {
    return Subject.HASHING.contains(strategy)
        ? 10 + Subject.HASHING.indexOf(strategy)
        : Subject.UNTRACKED.contains(strategy) ? 9 : Subject.STRATEGIES.indexOf(strategy);
  }

  private void targets(StringBuilder out) {
    out.append("\nTargets: by medians, by least\n");
    overBare(out, "pick", "roundRobin", "alone", 1.15);
    overBare(out, "pick", "roundRobin", "mixed", 1.6);
    overBare(out, "pick", "weightedRoundRobin", "alone", 1.3);
    overBare(out, "pick", "weightedRoundRobin", "mixed", 1.6);
    overBare(out, "pick", "powerOfTwo(inFlight)", "alone", 1.1);
    overBare(out, "pick", "powerOfTwo(inFlight)", "mixed", 1.3);
    overBare(out, "pick", "powerOfTwo(peakEwma)", "", 2);
    overBare(out, "pick", "adaptive", "", 2);
    overBare(out, "begin", "powerOfTwo(peakEwma)", "", 1.25);
    overBare(out, "begin", "adaptive", "", 1.25);
    call(out);
    maglev(out);
    flat(out);
    twoThreads(out);
    bytes(out, "bytes a pick", List.of("pick", "keyed"), 0);
    bytes(out, "bytes a request", List.of("begin", "call"), MOST_BYTES_A_REQUEST);
  }

  /** With one thread: what shares a counter with another is measured against that by itself. */
  private void overBare(
      StringBuilder out, String operation, String strategy, String jvm, double most) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    String bare = "";
    for (Key key : keys(operation)) {
      if (key.peer == null
          && key.strategy.equals(strategy)
          && key.threads == 1
          && key.jvm.contains(jvm)) {
        bare = String.join(" + ", baselines(key));
        medians.put(where(key) + ", n=" + key.n, ratio(key));
        leasts.put(where(key) + ", n=" + key.n, leastRatio(key));
      }
    }
    String what =
        "%s %s%s over bare %s <= %s"
            .formatted(operation, strategy, jvm.isEmpty() ? "" : ", " + jvm + ",", bare, most);
    verdicts(out, what, most, "%.2f", medians, leasts);
  }

  private void call(StringBuilder out) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    for (Key key : keys("call")) {
      Key begin = new Key("begin", key.n, key.threads, key.strategy, key.jvm, null);
      if (key.peer == null && measured.containsKey(begin)) {
        String where = key.strategy + ", " + where(key) + ", n=" + key.n;
        medians.put(where, nanos(key) / nanos(begin));
        leasts.put(where, least(key) / least(begin));
      }
    }
    String what = "call over begin to verdict <= " + MOST_OF_CALL_OVER_BEGIN;
    verdicts(out, what, MOST_OF_CALL_OVER_BEGIN, "%.2f", medians, leasts);
  }

  private void maglev(StringBuilder out) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    for (Key key : keys("key")) {
      if (key.strategy.equals("maglev")) {
        medians.put(where(key) + ", n=" + key.n, ratio(key));
        leasts.put(where(key) + ", n=" + key.n, leastRatio(key));
      }
    }
    String what = "Maglev: hash and pick over a bare hash and array load <= " + MOST_OF_MAGLEV;
    verdicts(out, what, MOST_OF_MAGLEV, "%.2f", medians, leasts);
  }

  private void twoThreads(StringBuilder out) {
    Map<String, Double> medians = new TreeMap<>();
    Map<String, Double> leasts = new TreeMap<>();
    for (String operation : List.of("pick", "keyed")) {
      for (Key key : keys(operation)) {
        if (key.threads == 2 && SHARING_NOTHING.contains(key.strategy)) {
          String where = key.strategy + ", " + key.jvm + ", n=" + key.n;
          medians.put(where, scaling(key, this::nanos));
          leasts.put(where, scaling(key, this::least));
        }
      }
    }
    // Upside down, so that less is better here too.
    medians.replaceAll((where, scaling) -> 2 / scaling);
    leasts.replaceAll((where, scaling) -> 2 / scaling);
    verdicts(
        out,
        String.format(
            Locale.ROOT,
            "two threads do >= %.1f times as many picks that share nothing as one: a pick's time,"
                + " beside the time with one thread <= %.2f",
            LEAST_OF_TWO_THREADS,
            2 / LEAST_OF_TWO_THREADS),
        2 / LEAST_OF_TWO_THREADS,
        "%.2f",
        medians,
        leasts);
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
        if (key.peer != null) {
          continue;
        }
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
