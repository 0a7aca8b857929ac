package io.steelyard.micrometer;

import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.TimeGauge;
import io.steelyard.Balancer;
import io.steelyard.BalancerStats;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Supplier;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * The meters of one balancer in one registry. Registries hold what they read weakly; the balancer
 * holds this object, as its listener.
 */
final class Binding {
  private final MeterRegistry registry;
  private final Balancer balancer;
  private final Platform platform;
  private final Tags tags;
  private final boolean perEndpoint;
  private final @Nullable Supplier<@Nullable Duration> staleness;
  private final LongAdder ejections = new LongAdder();
  private final AutoCloseable listening;
  private volatile Counted counted;

  // Guarded by this: listeners are called one at a time, but not so the constructor and close.
  private final List<Meter> fixed = new ArrayList<>();
  private final Map<String, EndpointMeters> endpoints = new HashMap<>();
  private Set<String> ejected = Set.of();
  private StrategyMeters current;
  private @Nullable StrategyMeters previous;
  private boolean closed;

  Binding(BalancerMetrics.Builder settings, MeterRegistry registry) {
    this.registry = registry;
    this.balancer = settings.balancer;
    this.platform = settings.platform;
    this.tags = Tags.of("service", settings.service).and(settings.tags);
    this.perEndpoint = settings.perEndpoint;
    this.staleness = settings.staleness;
    Candidates now = balancer.candidates();
    this.counted = new Counted(now);
    this.ejected = ejected(now);
    this.current = new StrategyMeters(strategy(), StrategyCounts.nothing());
    synchronized (this) {
      registerFixed();
    }
    this.listening = balancer.listen(changed -> follow());
    follow();
  }

  boolean isTo(MeterRegistry other) {
    return registry == other;
  }

  private String strategy() {
    return balancer.policy().strategy().toString();
  }

  // ---- what is always there ----

  private void registerFixed() {
    gauge("lb.requests.active", tags, "Attempts begun and not ended", b -> b.stats().inFlight());
    counter("lb.requests.unserved", "Requests without an endpoint", BalancerStats::withoutEndpoint);
    counter("lb.retries", "Further attempts of a request", BalancerStats::retries);
    counter("lb.retries.refused", "Retries over the budget", BalancerStats::retriesRefused);
    counter("lb.discovery.updates", "Lists published", BalancerStats::topologyUpdates);
    fixed.add(
        FunctionCounter.builder("lb.endpoint.ejections", this, binding -> binding.ejections.sum())
            .tags(tags)
            .description("Times an endpoint was ejected")
            .register(registry));
    for (EndpointState state : EndpointState.values()) {
      fixed.add(
          Gauge.builder("lb.endpoints", this, binding -> binding.count(state))
              .tags(tags.and("state", state.tag()))
              .description("Endpoints by what they are at the moment")
              .register(registry));
    }
    for (Topology.State state : Topology.State.values()) {
      gauge(
          "lb.discovery.state",
          tags.and("state", lower(state)),
          "1 for the state of the list",
          b -> b.candidates().topology().state() == state ? 1 : 0);
    }
    if (staleness != null) {
      fixed.add(
          TimeGauge.builder(
                  "lb.discovery.staleness", this, TimeUnit.NANOSECONDS, Binding::stalenessNanos)
              .tags(tags)
              .description("Since discovery's source last said anything")
              .register(registry));
    }
  }

  private void counter(String name, String description, ToDoubleFunction<BalancerStats> value) {
    fixed.add(
        FunctionCounter.builder(
                name, this, binding -> value.applyAsDouble(binding.balancer.stats()))
            .tags(tags)
            .description(description)
            .register(registry));
  }

  private void gauge(String name, Tags tags, String description, ToDoubleFunction<Balancer> value) {
    fixed.add(
        Gauge.builder(name, this, binding -> value.applyAsDouble(binding.balancer))
            .tags(tags)
            .description(description)
            .register(registry));
  }

  private double stalenessNanos() {
    Duration since = staleness == null ? null : staleness.get();
    return since == null ? Double.NaN : since.toNanos();
  }

  /** How many candidates are what, counted once for each snapshot. */
  private static final class Counted {
    final Candidates candidates;
    private final int[] counts = new int[EndpointState.values().length];

    Counted(Candidates candidates) {
      this.candidates = candidates;
      for (int i = 0; i < candidates.size(); i++) {
        counts[EndpointState.of(candidates, i).ordinal()]++;
      }
    }

    int of(EndpointState state) {
      return counts[state.ordinal()];
    }
  }

  @SuppressWarnings("ReferenceEquality") // a snapshot is one object
  private int count(EndpointState state) {
    Candidates now = balancer.candidates();
    Counted known = counted;
    if (known.candidates != now) {
      known = new Counted(now);
      counted = known;
    }
    return known.of(state);
  }

  // ---- what comes and goes ----

  /** Follows the balancer to what is in force now. */
  private synchronized void follow() {
    if (closed) {
      return;
    }
    followStrategy(strategy());
    Candidates now = balancer.candidates();
    Set<String> out = ejected(now);
    for (String id : out) {
      if (!ejected.contains(id)) {
        ejections.increment();
      }
    }
    ejected = out;
    if (perEndpoint) {
      followEndpoints(now);
    }
  }

  private void followStrategy(String strategy) {
    if (strategy.equals(current.counts.strategy)) {
      return;
    }
    StrategyMeters last = current;
    StrategyMeters older = previous;
    long[] now = last.counts.stop();
    if (older != null && older.counts.strategy.equals(strategy)) {
      older.counts.resume(now);
      current = older;
    } else {
      if (older != null) {
        older.meters.forEach(registry::remove);
      }
      current = new StrategyMeters(strategy, now);
    }
    previous = last;
  }

  private static Set<String> ejected(Candidates candidates) {
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (EndpointState.of(candidates, i) == EndpointState.EJECTED) {
        ids.add(candidates.endpoint(i).id());
      }
    }
    return ids;
  }

  private void followEndpoints(Candidates now) {
    Map<String, Integer> index = new HashMap<>();
    for (int i = 0; i < now.size(); i++) {
      index.put(now.endpoint(i).id(), i);
    }
    endpoints
        .entrySet()
        .removeIf(
            entry -> {
              Integer i = index.get(entry.getKey());
              if (i != null && entry.getValue().isOf(now.endpoint(i), now.stats(i))) {
                return false;
              }
              entry.getValue().meters.forEach(registry::remove);
              return true;
            });
    Set<Tags> taken = new HashSet<>();
    endpoints.values().forEach(known -> taken.add(known.tags));
    for (int i = 0; i < now.size(); i++) {
      Endpoint endpoint = now.endpoint(i);
      // Two endpoints of one address cannot be told apart; the first one has the meters.
      if (!endpoints.containsKey(endpoint.id()) && taken.add(tagsOf(endpoint))) {
        endpoints.put(endpoint.id(), new EndpointMeters(endpoint, now.stats(i)));
      }
      EndpointMeters meters = endpoints.get(endpoint.id());
      if (meters != null) {
        meters.weight = now.weight(i);
      }
    }
  }

  private Tags tagsOf(Endpoint endpoint) {
    return tags.and(
        "endpoint", endpoint.authority(), "pod", endpoint.attributes().getOrDefault("pod", "none"));
  }

  private static String lower(Enum<?> word) {
    return word.name().toLowerCase(Locale.ROOT);
  }

  synchronized void close() {
    closed = true;
    try {
      listening.close();
    } catch (Exception e) {
      throw new IllegalStateException(e); // it throws nothing
    }
    fixed.forEach(registry::remove);
    current.meters.forEach(registry::remove);
    if (previous != null) {
      previous.meters.forEach(registry::remove);
    }
    endpoints.values().forEach(endpoint -> endpoint.meters.forEach(registry::remove));
    endpoints.clear();
  }

  /** {@code lb.requests} of one strategy. */
  private final class StrategyMeters {
    final StrategyCounts counts;
    final List<Meter> meters = new ArrayList<>();

    StrategyMeters(String strategy, long[] before) {
      this.counts = new StrategyCounts(strategy, balancer, before);
      for (Outcome outcome : Outcome.values()) {
        meters.add(
            FunctionCounter.builder("lb.requests", counts, c -> c.count(outcome))
                .tags(tags.and("strategy", strategy, "outcome", lower(outcome)))
                .description("Attempts ended")
                .register(registry));
      }
    }
  }

  /** {@code lb.endpoint.…} of one endpoint. */
  private final class EndpointMeters {
    final Tags tags;
    final EndpointStats stats;
    final List<Meter> meters = new ArrayList<>();
    volatile double weight;

    EndpointMeters(Endpoint endpoint, EndpointStats stats) {
      this.tags = tagsOf(endpoint);
      this.stats = stats;
      for (Outcome outcome : Outcome.values()) {
        meters.add(
            FunctionCounter.builder("lb.endpoint.requests", this, e -> e.stats.count(outcome))
                .tags(tags.and("outcome", lower(outcome)))
                .description("Attempts ended on this endpoint")
                .register(registry));
      }
      meters.add(
          Gauge.builder("lb.endpoint.requests.active", this, e -> e.stats.inFlight())
              .tags(tags)
              .description("Attempts begun and not ended on this endpoint")
              .register(registry));
      meters.add(
          Gauge.builder("lb.endpoint.weight", this, e -> e.weight)
              .tags(tags)
              .description("The weight that stages have left it")
              .register(registry));
      meters.add(
          TimeGauge.builder(
                  "lb.endpoint.latency", this, TimeUnit.NANOSECONDS, EndpointMeters::latency)
              .tags(tags)
              .description("The moving average of its latency")
              .register(registry));
    }

    @SuppressWarnings("ReferenceEquality") // the very statistics that the meters read
    boolean isOf(Endpoint endpoint, EndpointStats stats) {
      return this.stats == stats && tags.equals(tagsOf(endpoint));
    }

    double latency() {
      return stats.hasLatency() ? stats.latencyNanos(platform.nanoTime()) : Double.NaN;
    }
  }
}
