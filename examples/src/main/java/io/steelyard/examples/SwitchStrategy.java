package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.strategy.Strategies;

/** Another strategy for a balancer that runs: nothing is restarted and nothing learnt is lost. */
public final class SwitchStrategy {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    Endpoint large = Endpoint.of("10.0.0.1", 8080).withWeight(5);
    Endpoint small = Endpoint.of("10.0.0.2", 8080);
    try (Balancer balancer = Balancer.of(large, small)) {
      show(balancer);
      balancer.apply(balancer.policy().strategy(Strategies.weightedRoundRobin()));
      System.out.println(balancer.explain());
      show(balancer);
    }
  }

  private static void show(Balancer balancer) {
    for (int i = 0; i < 24; i++) {
      System.out.print(balancer.pick(PickContext.none()) + (i % 6 == 5 ? "\n" : "  "));
    }
    System.out.println(balancer.explain());
  }

  private SwitchStrategy() {}
}
