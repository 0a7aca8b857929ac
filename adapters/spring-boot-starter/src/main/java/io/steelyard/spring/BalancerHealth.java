package io.steelyard.spring;

import io.steelyard.Balancer;
import io.steelyard.Explanation;
import io.steelyard.Topology;
import org.springframework.boot.health.contributor.AbstractHealthIndicator;
import org.springframework.boot.health.contributor.Health;

/** Up as long as any endpoint may be chosen. */
final class BalancerHealth extends AbstractHealthIndicator {
  private final Balancer balancer;

  BalancerHealth(Balancer balancer) {
    this.balancer = balancer;
  }

  @Override
  protected void doHealthCheck(Health.Builder health) {
    Explanation now = balancer.explain();
    Topology topology = now.topology();
    long usable = now.rows().stream().filter(row -> row.weight() > 0).count();
    health
        .status(usable > 0 ? "UP" : "DOWN")
        .withDetail("state", topology.state())
        .withDetail("usable", usable)
        .withDetail("endpoints", now.rows().size())
        .withDetail("strategy", now.strategy());
    if (topology.detail() != null) {
      health.withDetail("detail", topology.detail());
    }
    if (now.problem() != null) {
      health.withDetail("problem", now.problem());
    }
  }
}
