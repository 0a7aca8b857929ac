package io.steelyard.http;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import io.steelyard.http.Pods.Pod;
import io.steelyard.strategy.Strategies;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** A discovery that a test writes by hand, and round robin over it without stages. */
final class Listing implements Discovery {
  private Listener listener;

  static Balancer of(Pod... pods) {
    Listing listing = new Listing();
    Balancer balancer = listing.balancer();
    listing.publish(pods);
    balancer.ready().toCompletableFuture().join();
    return balancer;
  }

  Balancer balancer() {
    return Balancer.builder(this).name("cart").stages().strategy(Strategies.roundRobin()).build();
  }

  void publish(Pod... pods) {
    listener.update(
        Topology.of(Arrays.stream(pods).map(pod -> pod.endpoint).toArray(Endpoint[]::new)));
  }

  /** What ended how, without zeros. */
  static Map<Outcome, Long> outcomes(Balancer balancer) {
    Map<Outcome, Long> counts = new EnumMap<>(Outcome.class);
    for (Outcome outcome : Outcome.values()) {
      long count = balancer.stats().count(outcome);
      if (count > 0) {
        counts.put(outcome, count);
      }
    }
    return counts;
  }

  @Override
  public AutoCloseable watch(Listener listener) {
    this.listener = listener;
    return () -> {};
  }

  @Override
  public String toString() {
    return "listing";
  }
}
