package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.Seeds;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The weights of a policy, in a balancer. */
class WeightsTest {
  private static Endpoint pod(String name, int weight, String zone) {
    return Endpoint.builder("uid-" + name + ":80")
        .host("10.0.0.1")
        .port(80)
        .weight(weight)
        .zone(zone)
        .build();
  }

  private static Map<String, Integer> shares(Balancer balancer, int picks) {
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < picks; i++) {
      counts.merge(balancer.pick(PickContext.none()).id(), 1, Integer::sum);
    }
    return counts;
  }

  @Test
  void shares_are_exactly_the_weights_of_the_rules_and_the_rest() {
    Weights weights =
        new Weights(
            List.of(new Weights.Rule(Map.of("track", "canary"), Set.of("uid-c"), null, 5)), 100);
    try (Balancer balancer = Balancer.of(pod("a", 3, "x"), pod("b", 7, "x"), pod("c", 9, "y"))) {
      balancer.apply(LoadBalancingPolicy.of(Strategies.weightedRoundRobin(), weights));
      assertThat(shares(balancer, 41 * 4))
          .containsExactlyInAnyOrderEntriesOf(
              Map.of("uid-a:80", 80, "uid-b:80", 80, "uid-c:80", 4));
    }
  }

  @Test
  void the_first_rule_that_fits_counts_and_without_a_rest_others_keep_what_they_declare() {
    Weights weights =
        new Weights(
            List.of(
                new Weights.Rule(Map.of("a", "b"), Set.of("uid-a", "uid-b"), "x", 6),
                new Weights.Rule(Map.of(), null, "x", 4),
                new Weights.Rule(Map.of("off", "yes"), Set.of("uid-d"), null, 0)),
            null);
    try (Balancer balancer =
        Balancer.of(pod("a", 1, "x"), pod("b", 1, "y"), pod("c", 1, "x"), pod("d", 1, null))) {
      balancer.apply(LoadBalancingPolicy.of(Strategies.weightedRoundRobin(), weights));
      assertThat(shares(balancer, 11 * 3))
          .containsExactlyInAnyOrderEntriesOf(
              Map.of("uid-a:80", 18, "uid-b:80", 3, "uid-c:80", 12));
      assertThat(balancer.explain().toString()).contains("weight 0 (policy)");
    }
  }

  @Test
  void a_declared_zero_stays_zero() {
    Weights weights = new Weights(List.of(), 5);
    try (Balancer balancer = Balancer.of(pod("a", 0, null), pod("b", 1, null))) {
      balancer.apply(LoadBalancingPolicy.of(Strategies.weightedRoundRobin(), weights));
      assertThat(shares(balancer, 10)).containsOnlyKeys("uid-b:80");
    }
  }

  @Test
  void whole_weights_come_out_whole() {
    Seeds.forEach(
        3,
        seed -> {
          Random random = new Random(seed);
          for (int i = 0; i < 200_000; i++) {
            double from = 1 + random.nextInt(Endpoint.MAX_WEIGHT);
            double to = 1 + random.nextInt(Endpoint.MAX_WEIGHT);
            double now = from;
            for (int pass = 0; pass < Weights.PASSES; pass++) {
              now *= Weights.factor(now, to);
            }
            assertThat(now).as("from %s", from).isEqualTo(to);
          }
        });
  }
}
