package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Another strategy for a balancer that runs: nothing is restarted and nothing learnt is lost. */
public final class SwitchStrategy {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    Endpoint large = Endpoint.of("10.0.0.1", 8080).withWeight(5);
    try (Balancer cart = Balancer.of(large, Endpoint.of("10.0.0.2", 8080))) {
      for (Strategy strategy :
          new Strategy[] {
            Strategies.roundRobin(),
            Strategies.weightedRoundRobin(),
            Strategies.powerOfTwo(LoadMetric.peakEwma())
          }) {
        cart.apply(LoadBalancingPolicy.of(strategy, Stages.ejection().panicBelow(0.5)));
        Thread.sleep(100); // it takes effect within milliseconds
        String picks =
            Stream.generate(() -> large.equals(cart.pick(PickContext.none())) ? "L" : "s")
                .limit(24)
                .collect(Collectors.joining());
        System.out.println(picks + "  " + cart.explain().strategy());
      }
    }
  }

  private SwitchStrategy() {}
}
