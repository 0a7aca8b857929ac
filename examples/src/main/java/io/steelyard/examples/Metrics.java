package io.steelyard.examples;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.micrometer.BalancerMetrics;

/** A balancer's numbers in a Micrometer registry. */
public final class Metrics {
  /** Runs it. */
  public static void main(String... args) {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    Balancer cart = Balancer.of(Endpoint.of("10.0.0.7", 8080), Endpoint.of("10.0.0.8", 8080));

    BalancerMetrics metrics = BalancerMetrics.of("cart", cart);
    metrics.bindTo(registry);

    cart.begin(PickContext.none()).end(Outcome.SUCCESS);
    System.out.println(registry.getMetersAsString());
    metrics.close();
    cart.close();
  }

  private Metrics() {}
}
