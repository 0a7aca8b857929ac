package io.steelyard.benchmarks;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * How long each pick takes while the list is replaced all the time: a new one a millisecond, of
 * which the balancer takes up as many as its pace allows (20 times as long between two as one
 * takes, at least 10 ms).
 *
 * <p>Three runs of one loop: nothing else happens; another balancer's list is replaced, which costs
 * the machine as much (processor, caches, garbage) and this balancer nothing; its own list is
 * replaced. What the third takes more than the second is what a change costs requests.
 */
final class Churn {
  private static final String USAGE =
      """
      usage: benchmarks/run churn [options]

      Prints percentiles of single picks, with the clock reads around them, in nanoseconds: with the
      list at rest, with another balancer's list replaced all the time, and with its own. lists/s is
      how many came into force.

        --n N              endpoints (10000)
        --seconds N        length of each run (5)
        --strategy LIST    strategies, by name
                           (roundRobin,weightedRoundRobin,powerOfTwo(peakEwma),maglev)
      """;

  private static final long LONGEST_NANOS = 60_000_000_000L;

  private int n = 10_000;
  private double seconds = 5;
  private List<String> strategies =
      List.of("roundRobin", "weightedRoundRobin", "powerOfTwo(peakEwma)", "maglev");

  private Churn() {}

  /** See {@code --help}. */
  public static void main(String[] args) {
    Churn churn = new Churn();
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--help") || i + 1 == args.length) {
        System.out.print(USAGE);
        return;
      }
      switch (args[i]) {
        case "--n" -> churn.n = Integer.parseInt(args[++i]);
        case "--seconds" -> churn.seconds = Double.parseDouble(args[++i]);
        case "--strategy" -> churn.strategies = List.of(args[++i].split(","));
        case "--out" -> i++; // nothing to keep
        default -> throw new IllegalArgumentException("no such option: " + args[i]);
      }
    }
    System.out.print(run(churn.n, churn.seconds, churn.strategies));
  }

  static String run(int n, double seconds, List<String> strategies) {
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT,
            "%-22s %6s %-9s %10s %8s %6s %7s %8s %8s %8s %10s%n",
            "pick, ns",
            "n",
            "list",
            "picks",
            "lists/s",
            "GCs",
            "GC ms",
            "p50",
            "p99",
            "p99.99",
            "max"));
    for (String strategy : strategies) {
      try (Rig picked = new Rig(strategy, n);
          Rig other = new Rig(strategy, n)) {
        picked.measure(seconds / 5, other); // for the compiler
        table.append(picked.measure(seconds, null).row(strategy, n, "at rest"));
        table.append(picked.measure(seconds, other).row(strategy, n, "another's"));
        table.append(picked.measure(seconds, picked).row(strategy, n, "its own"));
      }
    }
    return table.toString();
  }

  /** A balancer whose list can be replaced. */
  private static final class Rig implements AutoCloseable {
    private final AtomicReference<Discovery.@Nullable Listener> listener = new AtomicReference<>();
    private final Topology[] topologies;
    final Balancer balancer;

    /** The second list shares two thirds of its endpoints with the first, at other places. */
    Rig(String strategy, int n) {
      List<Endpoint> many = Subject.endpoints(n + n / 3, strategy.startsWith("weighted"));
      List<Endpoint> second = new ArrayList<>(many.subList(n / 3, n / 3 + n));
      Collections.shuffle(second, new Random(1));
      topologies = new Topology[] {Topology.of(many.subList(0, n)), Topology.of(second)};
      balancer =
          Balancer.builder(
                  to -> {
                    listener.set(to);
                    to.update(topologies[0]);
                    return () -> {};
                  })
              .name("churn")
              .strategy(Subject.strategy(strategy))
              .build();
    }

    /** Publishes a list a millisecond; the balancer takes up the latest at its own pace. */
    void replace(int turn) {
      Discovery.Listener to = listener.get();
      if (to != null) {
        to.update(topologies[turn & 1]);
        LockSupport.parkNanos(1_000_000);
      }
    }

    Result measure(double seconds, @Nullable Rig churned) {
      AtomicBoolean done = new AtomicBoolean();
      Thread churner =
          new Thread(
              () -> {
                for (int turn = 1; !done.get() && churned != null; turn++) {
                  churned.replace(turn);
                }
              },
              "churner");
      churner.setDaemon(true);
      long rebuildsBefore = churned == null ? 0 : churned.balancer.stats().rebuilds();
      long collectionsBefore = collections();
      long collectingBefore = collectingMillis();
      churner.start();
      Histogram histogram = new Histogram(LONGEST_NANOS, 3);
      PickContext context = PickContext.key("user-1");
      long start = System.nanoTime();
      long end = start + (long) (seconds * 1e9);
      long last = start;
      while (last < end) {
        long before = System.nanoTime();
        Endpoint endpoint = balancer.pick(context);
        last = System.nanoTime();
        if (endpoint == null) {
          throw new IllegalStateException("no endpoint");
        }
        histogram.recordValue(Math.min(last - before, LONGEST_NANOS));
      }
      done.set(true);
      try {
        churner.join();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      long rebuilds = churned == null ? 0 : churned.balancer.stats().rebuilds() - rebuildsBefore;
      return new Result(
          histogram,
          rebuilds / seconds,
          collections() - collectionsBefore,
          collectingMillis() - collectingBefore);
    }

    @Override
    public void close() {
      balancer.close();
    }
  }

  private record Result(Histogram histogram, double listsASecond, long gcs, long gcMillis) {
    String row(String strategy, int n, String list) {
      return String.format(
          Locale.ROOT,
          "%-22s %6d %-9s %10d %8.1f %6d %7d %8d %8d %8d %10d%n",
          strategy,
          n,
          list,
          histogram.getTotalCount(),
          listsASecond,
          gcs,
          gcMillis,
          histogram.getValueAtPercentile(50),
          histogram.getValueAtPercentile(99),
          histogram.getValueAtPercentile(99.99),
          histogram.getMaxValue());
    }
  }

  private static long collections() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionCount)
        .sum();
  }

  private static long collectingMillis() {
    return ManagementFactory.getGarbageCollectorMXBeans().stream()
        .mapToLong(GarbageCollectorMXBean::getCollectionTime)
        .sum();
  }
}
