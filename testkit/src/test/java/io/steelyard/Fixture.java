package io.steelyard;

import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;

/** A balancer on a virtual platform, and short words for what tests do with it. */
final class Fixture {
  static final Duration GAP = Duration.ofMillis(10);

  final VirtualPlatform platform;
  final ManualDiscovery discovery;
  final Balancer balancer;

  Fixture(Endpoint[] endpoints, UnaryOperator<BalancerBuilder> settings) {
    this(1, endpoints, settings);
  }

  Fixture(long seed, Endpoint[] endpoints, UnaryOperator<BalancerBuilder> settings) {
    this(
        new VirtualPlatform().random(ScriptedRandom.seeded(seed)),
        new ManualDiscovery(endpoints),
        settings);
  }

  Fixture(
      VirtualPlatform platform,
      ManualDiscovery discovery,
      UnaryOperator<BalancerBuilder> settings) {
    this.platform = platform;
    this.discovery = discovery;
    this.balancer =
        settings.apply(Balancer.builder(discovery).name("test").platform(platform)).build();
    settle();
  }

  static Endpoint ep(String id, int weight) {
    return Endpoint.builder(id).host(id).port(80).weight(weight).build();
  }

  static Endpoint ep(String id) {
    return ep(id, 1);
  }

  /** e0, e1 and so on. */
  static Endpoint[] eps(int n) {
    return IntStream.range(0, n).mapToObj(i -> ep("e" + i)).toArray(Endpoint[]::new);
  }

  /** a, b, c and so on, of these weights. */
  static Endpoint[] weighted(int... weights) {
    IntFunction<Endpoint> at = i -> ep(String.valueOf((char) ('a' + i)), weights[i]);
    return IntStream.range(0, weights.length).mapToObj(at).toArray(Endpoint[]::new);
  }

  /** Waits for the pause between two rebuilds to end. */
  void settle() {
    platform.advance(GAP);
  }

  void publish(Endpoint... endpoints) {
    discovery.publish(endpoints);
    settle();
  }

  /** One request that is answered at once. */
  Endpoint request(Outcome outcome) {
    Attempt attempt = balancer.begin(PickContext.none());
    attempt.end(outcome);
    return attempt.endpoint();
  }

  Endpoint request() {
    return request(Outcome.SUCCESS);
  }

  /** Requests, one after the other, that are answered at once. */
  Map<String, Integer> requests(int n) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < n; i++) {
      counts.merge(request().id(), 1, Integer::sum);
    }
    return counts;
  }

  /** Begins one on this endpoint and no other. */
  Attempt beginOn(String id) {
    PickContext context = PickContext.none();
    for (Endpoint endpoint : balancer.candidates().topology().endpoints()) {
      if (!endpoint.id().equals(id)) {
        context = context.avoiding(endpoint);
      }
    }
    return balancer.begin(context);
  }

  /** Requests to one endpoint, each answered so at once. */
  void on(String id, Outcome outcome, int n) {
    for (int i = 0; i < n; i++) {
      beginOn(id).end(outcome);
    }
  }

  int index(String id) {
    var endpoints = balancer.candidates().topology().endpoints();
    return IntStream.range(0, endpoints.size())
        .filter(i -> endpoints.get(i).id().equals(id))
        .findFirst()
        .orElseThrow(() -> new AssertionError(id + " is not in " + endpoints));
  }

  double weight(String id) {
    return balancer.candidates().weight(index(id));
  }

  String reason(String id) {
    return String.valueOf(balancer.candidates().reason(index(id)));
  }

  EndpointStats stats(String id) {
    return balancer.candidates().stats(index(id));
  }

  static long ended(BalancerStats stats) {
    return Arrays.stream(Outcome.values()).mapToLong(stats::count).sum();
  }
}
