package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;

/** Every layer there is, and what the balancer says of them. */
public final class AllStages {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    LoadBalancingPolicy policy =
        LoadBalancingPolicy.of(
            Strategies.adaptive(),
            Stages.ejection().panicBelow(0.5),
            Stages.outliers(),
            Stages.zone("eu-1a"),
            Stages.slowStart(Duration.ofSeconds(30)),
            Stages.maxInFlight(200));
    Endpoint[] pods = {
      pod("pod-a", 1, "eu-1a"), pod("pod-b", 2, "eu-1a"), pod("pod-c", 3, "eu-1b")
    };
    try (Balancer balancer = Balancer.of(pods)) {
      balancer.apply(policy);
      System.out.println(balancer.explain());
    }
  }

  private static Endpoint pod(String name, int number, String zone) {
    return Endpoint.builder(name).host("10.0.0." + number).port(8080).zone(zone).build();
  }

  private AllStages() {}
}
