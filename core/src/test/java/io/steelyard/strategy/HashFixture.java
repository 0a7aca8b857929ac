package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Endpoint;
import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What the tests of the strategies that hash share. */
final class HashFixture {
  private HashFixture() {}

  /** Endpoints {@code e0}, {@code e1}, … of these weights. */
  static Topology topology(int n, IntUnaryOperator weight) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      endpoints.add(endpoint("e" + i, weight.applyAsInt(i)));
    }
    return Topology.of(endpoints);
  }

  static Topology topology(int n) {
    return topology(n, i -> 1);
  }

  static Endpoint endpoint(String id, int weight) {
    return Endpoint.builder(id).host("10.0.0.1").port(80).weight(weight).build();
  }

  static Topology without(Topology topology, String id) {
    return Topology.of(topology.endpoints().stream().filter(e -> !e.id().equals(id)).toList());
  }

  static Topology shuffled(Topology topology, long seed) {
    List<Endpoint> endpoints = new ArrayList<>(topology.endpoints());
    Collections.shuffle(endpoints, new Random(seed));
    return Topology.of(endpoints);
  }

  static Candidates candidates(Topology topology) {
    EndpointStats[] stats = new EndpointStats[topology.endpoints().size()];
    for (int i = 0; i < stats.length; i++) {
      stats[i] = new Load();
    }
    return Candidates.of(topology, stats);
  }

  /** Ids that the keys {@code k0}, {@code k1}, … go to. */
  static String[] homes(Picker picker, Candidates candidates, int keys) {
    String[] homes = new String[keys];
    for (int k = 0; k < keys; k++) {
      int i = picker.pick(key(k), 0);
      homes[k] = i < 0 ? "none" : candidates.endpoint(i).id();
    }
    return homes;
  }

  static PickContext key(int k) {
    return PickContext.key("k" + k);
  }

  /** How many keys went to each candidate. */
  static int[] counts(Picker picker, Candidates candidates, int keys) {
    int[] counts = new int[candidates.size()];
    for (int k = 0; k < keys; k++) {
      counts[picker.pick(key(k), 0)]++;
    }
    return counts;
  }

  /** Statistics of which only what is in flight can be set. */
  static class Load extends EndpointStats {
    volatile int inFlight;

    @Override
    public int inFlight() {
      return inFlight;
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
      return inFlight() == 0 ? 0 : 1e12; // as a slot of which nothing is known
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

  /** The context of one balancer: a clock to move, seeded randomness, one memory. */
  static final class OneBalancer implements Context {
    volatile long now = -5_000_000_000L; // a monotonic clock may start anywhere
    @Nullable Object memory;
    private final SplittableRandom random;

    OneBalancer(long seed) {
      random = new SplittableRandom(seed);
    }

    @Override
    public long nanoTime() {
      return now;
    }

    @Override
    public long epochMillis() {
      return now / 1_000_000;
    }

    @Override
    public RandomSource random() {
      return () -> {
        synchronized (random) {
          return random.nextLong();
        }
      };
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
    @SuppressWarnings("unchecked")
    public <T> T memory(Supplier<T> initial) {
      if (memory == null) {
        memory = initial.get();
      }
      return (T) memory;
    }
  }
}
