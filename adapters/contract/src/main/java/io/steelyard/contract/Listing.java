package io.steelyard.contract;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.strategy.Strategies;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;

/** A discovery that a test writes by hand, and round robin over it without stages. */
public final class Listing implements Discovery {
  private Listener listener;

  /** Has no list yet. */
  public Listing() {}

  public static Balancer of(Pod... pods) {
    return of(endpoints(pods));
  }

  public static Balancer of(Endpoint... endpoints) {
    Listing listing = new Listing();
    Balancer balancer = listing.balancer();
    listing.listener.update(Topology.of(endpoints));
    balancer.ready().toCompletableFuture().join();
    return balancer;
  }

  public Balancer balancer() {
    return Balancer.builder(this).name("cart").stages().strategy(Strategies.roundRobin()).build();
  }

  public void publish(Pod... pods) {
    listener.update(Topology.of(endpoints(pods)));
  }

  private static Endpoint[] endpoints(Pod... pods) {
    return Arrays.stream(pods).map(pod -> pod.endpoint).toArray(Endpoint[]::new);
  }

  /** What ended how, without zeros. */
  public static Map<Outcome, Long> outcomes(Balancer balancer) {
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
