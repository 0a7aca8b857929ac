package io.steelyard.benchmarks.overhead;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.steelyard.benchmarks.overhead.Subject.Opening;
import io.steelyard.benchmarks.overhead.Subject.Sender;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Measures each adapter beside the bare client, on one machine with the servers: {@code
 * benchmarks/overhead [--rounds N] [--millis N] [--endpoints N] [--same] [client…]}.
 *
 * <p>A round is a new client of either kind, with new connections, and four blocks of either in
 * turn: bare, balanced, balanced, bare, and the other way round. Blocks are short, so that what the
 * machine does besides happens to both. Clients are new in each round because one may be faster
 * than its twin by a fifth, as its connections happen to lie on its threads: pairs of the same two
 * clients would tell more about these two than about the adapter. The ratio of requests a second is
 * the geometric mean over rounds, with the 95 % interval of Student's t on its logarithm.
 *
 * <p>What a request costs more is told, too, in processor time and in bytes allocated, by the
 * counters of the whole process, server and garbage collection included: that depends less on what
 * else the machine does.
 *
 * <p>{@code --same} measures a second bare client in the place of the balanced one: what it says
 * then is what the method itself adds.
 */
public final class Overhead {
  private static final int THREADS = 4;
  private static final long WARM_UP_MILLIS = 10_000;

  /** Blocks of each client in a round. */
  private static final int BLOCKS = 4;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean ALLOCATION = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final ExecutorService threads;
  private final int rounds;
  private final long millis;

  private final Map<Long, Long> allocatedBy = new HashMap<>();
  private long allocated;

  private Overhead(ExecutorService threads, int rounds, long millis) {
    this.threads = threads;
    this.rounds = rounds;
    this.millis = millis;
  }

  /** Measures and prints the table. */
  public static void main(String... args) throws Exception {
    int rounds = 40;
    int millis = 100;
    int endpoints = 1;
    boolean same = false;
    Map<String, Opening> all = Subject.all();
    Map<String, Opening> chosen = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--rounds" -> rounds = number(args, ++i, 2);
        case "--millis" -> millis = number(args, ++i, 1);
        case "--endpoints" -> endpoints = number(args, ++i, 1);
        case "--same" -> same = true;
        default -> chosen.put(args[i], known(args[i], all));
      }
    }
    System.out.printf(
        "%d threads, %d processors, %d rounds of %d blocks of %d ms of either, %s, Java %s%s%n%n",
        THREADS,
        Runtime.getRuntime().availableProcessors(),
        rounds,
        BLOCKS,
        millis,
        endpoints == 1 ? "one endpoint" : endpoints + " endpoints",
        Runtime.version(),
        same ? ", bare against bare" : "");
    System.out.println(
        "| Client | Bare, requests/s | Balanced, requests/s | Ratio (95 % interval) | p99 bare, µs"
            + " | p99 balanced, µs | Processor time, µs per request | Balanced adds, µs | Allocated,"
            + " bytes per request | Balanced adds, bytes |");
    System.out.println("|---|---|---|---|---|---|---|---|---|---|");
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    Overhead overhead = new Overhead(threads, rounds, millis);
    for (Map.Entry<String, Opening> each : (chosen.isEmpty() ? all : chosen).entrySet()) {
      try (Subject subject = each.getValue().open(THREADS, endpoints)) {
        System.out.println(overhead.measure(each.getKey(), subject, same));
      }
    }
    System.exit(0); // the clients' threads would go on for a while
  }

  private static int number(String[] args, int at, int least) {
    String name = args[at - 1];
    String value = at < args.length ? args[at] : "nothing";
    try {
      int number = Integer.parseInt(value);
      if (number >= least) {
        return number;
      }
    } catch (NumberFormatException e) {
      // Said below.
    }
    throw new IllegalArgumentException(name + ": " + value + " (expected: >= " + least + ")");
  }

  private static Opening known(String name, Map<String, Opening> all) {
    Opening opening = all.get(name);
    if (opening == null) {
      throw new IllegalArgumentException(
          "client: \"" + name + "\" (expected: one of " + String.join("; ", all.keySet()) + ")");
    }
    return opening;
  }

  private String measure(String name, Subject subject, boolean same) throws Exception {
    long warm = System.nanoTime() + WARM_UP_MILLIS * 1_000_000;
    while (System.nanoTime() < warm) {
      round(subject, same, histograms(), histograms(), new Sum(), new Sum());
    }
    List<Histogram> bareLatency = histograms();
    List<Histogram> balancedLatency = histograms();
    Sum bare = new Sum();
    Sum balanced = new Sum();
    double[] logRatios = new double[rounds];
    double[] micros = new double[rounds];
    double[] bytes = new double[rounds];
    for (int i = 0; i < rounds; i++) {
      Sum bareHere = new Sum();
      Sum balancedHere = new Sum();
      round(subject, same, bareLatency, balancedLatency, bareHere, balancedHere);
      logRatios[i] = Math.log(balancedHere.rate() / bareHere.rate());
      micros[i] = balancedHere.micros() - bareHere.micros();
      bytes[i] = balancedHere.bytes() - bareHere.bytes();
      bare.add(bareHere);
      balanced.add(balancedHere);
    }
    double ratio = mean(logRatios);
    double half = halfInterval(logRatios);
    return String.format(
        Locale.ROOT,
        "| %s | %,.0f | %,.0f | %.1f %% (%.1f to %.1f) | %d | %d | %.1f | %.1f ± %.1f | %,.0f | %,.0f"
            + " ± %,.0f |",
        name,
        bare.rate(),
        balanced.rate(),
        100 * Math.exp(ratio),
        100 * Math.exp(ratio - half),
        100 * Math.exp(ratio + half),
        p99Micros(bareLatency),
        p99Micros(balancedLatency),
        bare.micros(),
        mean(micros),
        halfInterval(micros),
        bare.bytes(),
        mean(bytes),
        halfInterval(bytes));
  }

  /** New clients, a block of each to connect by, and the blocks that count. */
  private void round(
      Subject subject,
      boolean same,
      List<Histogram> bareLatency,
      List<Histogram> balancedLatency,
      Sum bareSum,
      Sum balancedSum)
      throws Exception {
    try (Sender bare = subject.bare();
        Sender balanced = same ? subject.bare() : subject.balanced()) {
      block(bare, histograms(), new Sum());
      block(balanced, histograms(), new Sum());
      for (int i = 0; i < BLOCKS; i++) {
        if (i % 2 == 0) {
          block(bare, bareLatency, bareSum);
        }
        block(balanced, balancedLatency, balancedSum);
        if (i % 2 == 1) {
          block(bare, bareLatency, bareSum);
        }
      }
    }
  }

  /** What some blocks of one client came to. */
  private static final class Sum {
    private long requests;
    private long nanos;
    private long processorNanos;
    private long allocated;

    void add(Sum other) {
      requests += other.requests;
      nanos += other.nanos;
      processorNanos += other.processorNanos;
      allocated += other.allocated;
    }

    double rate() {
      return requests * 1e9 / nanos;
    }

    double micros() {
      return processorNanos / 1e3 / requests;
    }

    double bytes() {
      return (double) allocated / requests;
    }
  }

  /** Sends for a while, on every thread, each with a histogram of its own. */
  private void block(Sender sender, List<Histogram> latency, Sum sum) throws Exception {
    long processor = PROCESS.getProcessCpuTime();
    long before = allocated();
    long begun = System.nanoTime();
    long end = begun + millis * 1_000_000;
    List<Callable<Long>> work = new ArrayList<>();
    for (Histogram each : latency) {
      work.add(() -> send(sender, end, each));
    }
    for (Future<Long> each : threads.invokeAll(work)) {
      sum.requests += each.get();
    }
    sum.nanos += System.nanoTime() - begun;
    sum.processorNanos += PROCESS.getProcessCpuTime() - processor;
    sum.allocated += allocated() - before;
  }

  private static long send(Sender sender, long end, Histogram latency) throws Exception {
    long count = 0;
    for (long now = System.nanoTime(); now < end; count++) {
      sender.send();
      long after = System.nanoTime();
      latency.recordValue(Math.min(after - now, latency.getHighestTrackableValue()));
      now = after;
    }
    return count;
  }

  /** By all threads since the first call, those that have ended since the last one included. */
  private long allocated() {
    long[] ids = ALLOCATION.getAllThreadIds();
    long[] bytes = ALLOCATION.getThreadAllocatedBytes(ids);
    for (int i = 0; i < ids.length; i++) {
      long before = Objects.requireNonNullElse(allocatedBy.put(ids[i], bytes[i]), 0L);
      allocated += Math.max(0, bytes[i] - before);
    }
    return allocated;
  }

  private static List<Histogram> histograms() {
    return Stream.generate(() -> new Histogram(10_000_000_000L, 3)).limit(THREADS).toList();
  }

  private static long p99Micros(List<Histogram> parts) {
    Histogram sum = new Histogram(10_000_000_000L, 3);
    parts.forEach(sum::add);
    return sum.getValueAtPercentile(99) / 1000;
  }

  private static double mean(double[] values) {
    return DoubleStream.of(values).average().orElseThrow();
  }

  /** Half the 95 % interval of the mean. */
  private static double halfInterval(double[] values) {
    double mean = mean(values);
    double squares = DoubleStream.of(values).map(x -> (x - mean) * (x - mean)).sum();
    int freedom = values.length - 1;
    return t95(freedom) * Math.sqrt(squares / freedom / values.length);
  }

  /** Student's t, two-sided 95 %, by the expansion of Cornish and Fisher from the normal's 1.96. */
  private static double t95(int freedom) {
    double z = 1.959964;
    double z3 = z * z * z;
    double z5 = z3 * z * z;
    return z + (z3 + z) / (4.0 * freedom) + (5 * z5 + 16 * z3 + 3 * z) / (96.0 * freedom * freedom);
  }
}
