package io.steelyard.benchmarks;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.BalancerBuilder;
import io.steelyard.Call;
import io.steelyard.Classifier;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** The balancer that is measured, with requests in flight and latencies known. */
@State(Scope.Benchmark)
@SuppressWarnings("NullAway.Init") // by JMH and setUp
public class Subject {
  static final List<String> STRATEGIES =
      List.of(
          "roundRobin",
          "weightedRoundRobin",
          "leastConnections",
          "powerOfTwo(inFlight)",
          "powerOfTwo(peakEwma)",
          "powerOf(3, inFlight)",
          "adaptive",
          "timedRoundRobin(1s)",
          "random",
          "weightedRandom");

  /** The same without measuring latency; an address alone never needs that. */
  static final List<String> UNTRACKED = List.of("powerOfTwo(inFlight)/untracked");

  /** Those that choose by key. */
  static final List<String> HASHING =
      List.of(
          "ringHash",
          "maglev",
          "rendezvous",
          "jumpHash",
          "boundedLoad(ringHash)",
          "boundedLoad(maglev)",
          "sessionAffinity");

  /** How many keys there are; a power of two. */
  static final int KEYS = 1024;

  /** Calls of each kind, enough for the JVM to compile them for good. */
  private static final int WARM_CALLS = 15_000;

  private static final Endpoint HOME = Endpoint.of("home", 1);

  @Param({"10", "100", "1000", "10000"})
  public int n;

  @Param({
    "roundRobin",
    "weightedRoundRobin",
    "leastConnections",
    "powerOfTwo(inFlight)",
    "powerOfTwo(peakEwma)",
    "powerOf(3, inFlight)",
    "adaptive",
    "timedRoundRobin(1s)",
    "random",
    "weightedRandom"
  })
  public String strategy;

  /** In {@code alone} the JVM has seen this strategy only, in {@code mixed} all of them. */
  @Param({"alone", "mixed"})
  public String jvm;

  Balancer balancer;
  final PickContext context = PickContext.none();
  final String[] keys = keys();
  final PickContext[] contexts = contexts(keys);

  /** Builds it; first of all the others where the JVM is to have seen them. */
  @Setup
  public void setUp(Blackhole sink) {
    if (jvm.equals("mixed")) {
      seeEverything(sink);
    }
    balancer = builder(n, strategy).build();
    load(balancer, n);
    for (PickContext keyed : contexts) {
      balancer.pick(keyed); // so that every session is known
    }
  }

  /** Ends it. */
  @TearDown
  public void tearDown() {
    balancer.close();
  }

  /** The keys of requests, the same in every run. */
  static String[] keys() {
    String[] keys = new String[KEYS];
    for (int i = 0; i < KEYS; i++) {
      keys[i] = "user-" + i;
    }
    return keys;
  }

  static PickContext[] contexts(String[] keys) {
    PickContext[] contexts = new PickContext[keys.length];
    for (int i = 0; i < keys.length; i++) {
      contexts[i] = PickContext.key(keys[i]);
    }
    return contexts;
  }

  static Strategy strategy(String name) {
    return switch (name) {
      case "roundRobin" -> Strategies.roundRobin();
      case "weightedRoundRobin" -> Strategies.weightedRoundRobin();
      case "leastConnections" -> Strategies.leastConnections();
      case "adaptive" -> Strategies.adaptive();
      case "powerOfTwo(inFlight)", "powerOfTwo(inFlight)/untracked" ->
          Strategies.powerOfTwo(LoadMetric.inFlight());
      case "powerOfTwo(peakEwma)" -> Strategies.powerOfTwo(LoadMetric.peakEwma());
      case "powerOf(3, inFlight)" -> Strategies.powerOf(3, LoadMetric.inFlight());
      case "timedRoundRobin(1s)" -> Strategies.timedRoundRobin(Duration.ofSeconds(1));
      case "random", "weightedRandom" -> Strategies.random();
      case "ringHash" -> Strategies.ringHash();
      case "maglev" -> Strategies.maglev();
      case "rendezvous" -> Strategies.rendezvous();
      case "jumpHash" -> Strategies.jumpHash();
      case "boundedLoad(ringHash)" -> Strategies.boundedLoad(Strategies.ringHash(), 0.25);
      case "boundedLoad(maglev)" -> Strategies.boundedLoad(Strategies.maglev(), 0.25);
      case "sessionAffinity" ->
          Strategies.sessionAffinity(Strategies.random(), Duration.ofHours(1), 100_000);
      default -> throw new IllegalArgumentException("strategy: " + name);
    };
  }

  /** So many endpoints, of weight 1 or of weights from 1 to 100: the same in every run. */
  public static List<Endpoint> endpoints(int n, boolean weighted) {
    List<Endpoint> endpoints = new ArrayList<>(n);
    for (int i = 0; i < n; i++) {
      Endpoint endpoint =
          Endpoint.of("10." + (i >> 16) + "." + (i >> 8 & 255) + "." + (i & 255), 80);
      endpoints.add(weighted ? endpoint.withWeight(1 + i * 37 % 100) : endpoint);
    }
    return endpoints;
  }

  private static BalancerBuilder builder(int n, String strategy) {
    return builder(n, strategy, strategy.startsWith("weighted"));
  }

  private static BalancerBuilder builder(int n, String strategy, boolean weighted) {
    Topology topology = Topology.of(endpoints(n, weighted));
    return Balancer.builder(
            listener -> {
              listener.update(topology);
              return () -> {};
            })
        .name(strategy)
        .strategy(strategy(strategy))
        .latencyTracking(!UNTRACKED.contains(strategy));
  }

  /** Leaves about one request and a half in flight on each, and some of them known latency. */
  private static void load(Balancer balancer, int n) {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 3 * n; i++) {
      Attempt attempt = balancer.begin(PickContext.none());
      if (random.nextBoolean()) {
        attempt.success();
      }
    }
  }

  /**
   * Uses every strategy in most of the ways there are, so that no call in the library is of one
   * type.
   */
  private static void seeEverything(Blackhole sink) {
    Classifier lenient = (result, error) -> Outcome.SUCCESS;
    PickContext keyed = PickContext.key("user-1");
    PickContext avoiding = PickContext.none().avoiding(HOME);
    PickContext both = keyed.avoiding(endpoints(1, false).get(0));
    List<Balancer> all = new ArrayList<>();
    for (String name : HASHING) {
      all.add(builder(8, name).build());
    }
    for (String name : STRATEGIES) {
      all.add(builder(8, name).build());
      all.add(builder(8, name, true).classifier(lenient).build());
    }
    all.add(
        builder(8, "random")
            .policy(LoadBalancingPolicy.of(Strategies.roundRobin(), Stages.maxInFlight(1000)))
            .latencyTracking(false)
            .build());
    List<Call<Object, RuntimeException>> calls =
        List.of(Attempt::endpoint, Object::toString, attempt -> "answer");
    int[] turn = new int[1];
    PickContext[] contexts = {
      PickContext.none(), PickContext.none(), keyed, avoiding, PickContext.none(), both
    };
    for (int i = 0; i < WARM_CALLS; i++) {
      for (Balancer balancer : all) {
        PickContext context = contexts[turn[0]++ % contexts.length];
        sink.consume(balancer.pick(context));
        Attempt attempt = balancer.begin(context);
        sink.consume(attempt);
        if (i % 64 == 0) {
          attempt.responded();
        }
        attempt.end(i % 32 == 0 ? Outcome.CANCELLED : Outcome.SUCCESS);
        if (i % 2 == 0) {
          sink.consume(balancer.call(context, calls.get(i % 3)));
        }
      }
    }
    all.forEach(Balancer::close);
  }
}
