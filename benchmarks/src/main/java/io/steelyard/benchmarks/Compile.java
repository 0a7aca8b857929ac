package io.steelyard.benchmarks;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Endpoint;
import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import io.steelyard.Picker;
import io.steelyard.Platform;
import io.steelyard.RandomSource;
import io.steelyard.Reason;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What a strategy takes to make a picker of 10,000 endpoints: of a list that it has not seen, and
 * after an ejection or a step of a ramp, when what it remembers of the list still holds.
 *
 * <pre>java -jar benchmarks/target/benchmarks.jar Compile</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Fork(1)
@Warmup(iterations = 4, time = 300, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 200, timeUnit = TimeUnit.MILLISECONDS)
@SuppressWarnings("NullAway.Init") // by JMH and setUp
public class Compile {
  private static final Reason EJECTED = Reason.of("ejected");

  @Param("10000")
  public int n;

  @Param({
    "random",
    "roundRobin",
    "powerOfTwo",
    "leastConnections",
    "weightedRoundRobin",
    "ringHash",
    "maglev"
  })
  public String strategy;

  /**
   * {@code equal}: all 1. {@code hundred}: 1 to 100. {@code different}: 1 to n, so that no two are
   * alike. {@code ramp}: 1 to 100, a tenth of the endpoints scaled by a factor each of their own.
   */
  @Param("hundred")
  public String weights;

  private Strategy compiled;
  private Candidates fresh;
  private Candidates ejected;
  private final OneBalancer reused = new OneBalancer();

  /** Makes the lists, and the table that is used again. */
  @Setup
  public void setUp() {
    compiled = strategy(strategy);
    List<Endpoint> endpoints = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      endpoints.add(Endpoint.of("10.0." + (i >> 8) + "." + (i & 255), 80).withWeight(weight(i)));
    }
    EndpointStats[] stats = new EndpointStats[n];
    Arrays.setAll(stats, i -> new Unknown());
    fresh = Candidates.of(Topology.of(endpoints), stats);
    if (weights.equals("ramp")) {
      fresh = fresh.scale(i -> i % 10 == 0 ? 0.1 + 0.9 * i / n : 1);
    }
    ejected = fresh.exclude(i -> i == n / 2, EJECTED);
    compiled.compile(fresh, reused);
  }

  private int weight(int i) {
    return switch (weights) {
      case "equal" -> 1;
      case "hundred", "ramp" -> 1 + i * 37 % 100;
      case "different" -> 1 + i;
      default -> throw new IllegalArgumentException("weights: " + weights);
    };
  }

  private static Strategy strategy(String name) {
    return switch (name) {
      case "random" -> Strategies.random();
      case "roundRobin" -> Strategies.roundRobin();
      case "powerOfTwo" -> Strategies.powerOfTwo(LoadMetric.inFlight());
      case "leastConnections" -> Strategies.leastConnections();
      case "weightedRoundRobin" -> Strategies.weightedRoundRobin();
      case "ringHash" -> Strategies.ringHash();
      case "maglev" -> Strategies.maglev();
      default -> throw new IllegalArgumentException("strategy: " + name);
    };
  }

  /** A balancer that remembers nothing. */
  @Benchmark
  public Picker cold() {
    return compiled.compile(fresh, new OneBalancer());
  }

  /** A balancer that had the list before, and now one endpoint is ejected. */
  @Benchmark
  public Picker ejection() {
    return compiled.compile(ejected, reused);
  }

  /** The context of one balancer, of which strategies use randomness and memory. */
  private static final class OneBalancer implements Context {
    private static final Platform SYSTEM = Platform.system();

    private @Nullable Object memory;

    @Override
    public long nanoTime() {
      return SYSTEM.nanoTime();
    }

    @Override
    public long epochMillis() {
      return SYSTEM.epochMillis();
    }

    @Override
    public RandomSource random() {
      return SYSTEM.random();
    }

    @Override
    public void reevaluateAfter(Duration delay) {}

    @Override
    public void wakeAfterFailures(int candidate, int consecutive) {}

    @Override
    public void wakeOnSuccess(int candidate) {}

    @Override
    public void forgetFailures(int candidate) {}

    @Override
    public void note(String text) {}

    @Override
    @SuppressWarnings("unchecked") // one strategy asks for one type
    public <T> T memory(Supplier<T> initial) {
      if (memory == null) {
        memory = initial.get();
      }
      return (T) memory;
    }
  }

  /** Statistics of an endpoint that nothing was sent to. */
  private static final class Unknown extends EndpointStats {
    @Override
    public int inFlight() {
      return 0;
    }

    @Override
    public double latencyNanos(long nanoTime) {
      return 0;
    }

    @Override
    public boolean hasLatency() {
      return false;
    }

    @Override
    public double failureRate(long nanoTime) {
      return 0;
    }

    @Override
    public double expectedNanos(long nanoTime) {
      return 0;
    }

    @Override
    public long waitingNanos(long nanoTime) {
      return 0;
    }

    @Override
    public long sinceBegunNanos(long nanoTime) {
      return 0;
    }

    @Override
    public int consecutiveFailures() {
      return 0;
    }

    @Override
    public boolean recovered() {
      return false;
    }

    @Override
    public long begun() {
      return 0;
    }

    @Override
    public long count(Outcome outcome) {
      return 0;
    }

    @Override
    public long firstSeenNanos() {
      return 0;
    }
  }
}
