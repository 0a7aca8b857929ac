package io.steelyard.benchmarks.overhead;

import com.sun.management.OperatingSystemMXBean;
import com.sun.management.ThreadMXBean;
import io.steelyard.benchmarks.overhead.Subject.Opening;
import io.steelyard.benchmarks.overhead.Subject.Sender;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * Measures each adapter beside the bare client, on one machine with the servers: {@code
 * benchmarks/overhead [--pairs N] [--millis N] [--endpoints N] [--same] [client…]}.
 *
 * <p>A pair is a block of either, first the one and then the other, in turn; blocks are short, so
 * that what the machine does besides happens to both. The ratio of requests a second is the
 * geometric mean over pairs, with the 95 % interval of Student's t on its logarithm. What a request
 * costs more is told, too, in processor time and in bytes allocated, by the counters of the whole
 * process, server and garbage collection included: unlike throughput that hardly depends on what
 * else the machine does.
 *
 * <p>{@code --same} measures a second bare client in the place of the balanced one: what it says
 * then is what the method itself adds.
 */
public final class Overhead {
  private static final int THREADS = 4;
  private static final long WARM_UP_MILLIS = 12_000;

  private static final OperatingSystemMXBean PROCESS =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final ThreadMXBean ALLOCATION = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private final ExecutorService threads;
  private final int pairs;
  private final long millis;

  private Overhead(ExecutorService threads, int pairs, long millis) {
    this.threads = threads;
    this.pairs = pairs;
    this.millis = millis;
  }

  /** Measures and prints the table. */
  public static void main(String... args) throws Exception {
    int pairs = 200;
    int millis = 100;
    int endpoints = 1;
    boolean same = false;
    Map<String, Opening> all = Subject.all();
    Map<String, Opening> chosen = new LinkedHashMap<>();
    for (int i = 0; i < args.length; i++) {
      switch (args[i]) {
        case "--pairs" -> pairs = number(args, ++i, 2);
        case "--millis" -> millis = number(args, ++i, 1);
        case "--endpoints" -> endpoints = number(args, ++i, 1);
        case "--same" -> same = true;
        default -> chosen.put(args[i], known(args[i], all));
      }
    }
    System.out.printf(
        "%d threads, %d processors, %d pairs of blocks of %d ms, %s, Java %s%s%n%n",
        THREADS,
        Runtime.getRuntime().availableProcessors(),
        pairs,
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
    Overhead overhead = new Overhead(threads, pairs, millis);
    for (Map.Entry<String, Opening> each : (chosen.isEmpty() ? all : chosen).entrySet()) {
      try (Subject subject = each.getValue().open(THREADS, endpoints)) {
        Sender bare = subject.bare();
        Sender other = same ? subject.bare() : subject.balanced();
        System.out.println(overhead.measure(each.getKey(), bare, other));
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

  private String measure(String name, Sender bare, Sender balanced) throws Exception {
    List<Histogram> unused = histograms();
    for (long warm = 0; warm < WARM_UP_MILLIS; warm += 2 * millis) {
      block(bare, unused);
      block(balanced, unused);
    }
    List<Histogram> bareLatency = histograms();
    List<Histogram> balancedLatency = histograms();
    Block[] bareBlocks = new Block[pairs];
    Block[] balancedBlocks = new Block[pairs];
    for (int i = 0; i < pairs; i++) {
      boolean bareFirst = i % 2 == 0;
      if (bareFirst) {
        bareBlocks[i] = block(bare, bareLatency);
      }
      balancedBlocks[i] = block(balanced, balancedLatency);
      if (!bareFirst) {
        bareBlocks[i] = block(bare, bareLatency);
      }
    }
    double[] logRatios = new double[pairs];
    double[] micros = new double[pairs];
    double[] bytes = new double[pairs];
    for (int i = 0; i < pairs; i++) {
      logRatios[i] = Math.log(balancedBlocks[i].rate() / bareBlocks[i].rate());
      micros[i] = balancedBlocks[i].micros() - bareBlocks[i].micros();
      bytes[i] = balancedBlocks[i].bytes() - bareBlocks[i].bytes();
    }
    double ratio = mean(logRatios);
    double half = halfInterval(logRatios);
    return String.format(
        Locale.ROOT,
        "| %s | %,.0f | %,.0f | %.1f %% (%.1f to %.1f) | %d | %d | %.1f | %.1f ± %.1f | %,.0f | %,.0f"
            + " |",
        name,
        mean(of(bareBlocks, Block::rate)),
        mean(of(balancedBlocks, Block::rate)),
        100 * Math.exp(ratio),
        100 * Math.exp(ratio - half),
        100 * Math.exp(ratio + half),
        p99Micros(bareLatency),
        p99Micros(balancedLatency),
        mean(of(bareBlocks, Block::micros)),
        mean(micros),
        halfInterval(micros),
        mean(of(bareBlocks, Block::bytes)),
        mean(bytes));
  }

  /** What a block of one client came to: requests a second, and what each request cost. */
  private record Block(double rate, double micros, double bytes) {}

  /** Sends for a while, on every thread, each with a histogram of its own. */
  private Block block(Sender sender, List<Histogram> latency) throws Exception {
    long processor = PROCESS.getProcessCpuTime();
    long allocated = allocated();
    long begun = System.nanoTime();
    long end = begun + millis * 1_000_000;
    List<Callable<Long>> work = new ArrayList<>();
    for (Histogram each : latency) {
      work.add(() -> send(sender, end, each));
    }
    long count = 0;
    for (Future<Long> each : threads.invokeAll(work)) {
      count += each.get();
    }
    long took = System.nanoTime() - begun;
    return new Block(
        count * 1e9 / took,
        (PROCESS.getProcessCpuTime() - processor) / 1e3 / count,
        (double) (allocated() - allocated) / count);
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

  /** By all threads that there are. */
  private static long allocated() {
    long sum = 0;
    for (long each : ALLOCATION.getThreadAllocatedBytes(ALLOCATION.getAllThreadIds())) {
      sum += Math.max(0, each);
    }
    return sum;
  }

  private static List<Histogram> histograms() {
    return Stream.generate(() -> new Histogram(10_000_000_000L, 3)).limit(THREADS).toList();
  }

  private static long p99Micros(List<Histogram> parts) {
    Histogram sum = new Histogram(10_000_000_000L, 3);
    parts.forEach(sum::add);
    return sum.getValueAtPercentile(99) / 1000;
  }

  private static double[] of(Block[] blocks, ToDoubleFunction<Block> what) {
    return Arrays.stream(blocks).mapToDouble(what).toArray();
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
