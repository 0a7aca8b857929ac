package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import io.steelyard.kubernetes.internal.ServiceFacts;
import io.steelyard.strategy.Strategies;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Which policy one service follows, among all there are. */
class ChoiceTest {
  private final Map<String, PolicySpec> lastGood = new HashMap<>();
  private final List<Policy> policies = new ArrayList<>();
  private final ServiceFacts cart =
      new ServiceFacts(
          "shop", "cart", Map.of("app", "cart", "tier", "front"), Set.of("http", "8080"));

  private Policy policy(String name, String created, String spec) {
    return policy(name, created, spec, true);
  }

  private Policy policy(String name, String created, String spec, boolean podsReadable) {
    Policy policy =
        Policy.of(
            Serialization.unmarshal(
                """
                apiVersion: steelyard.io/v1alpha1
                kind: LoadBalancingPolicy
                metadata: {namespace: shop, name: %s, uid: uid-%s, creationTimestamp: "2026-01-01T%sZ"}
                spec: %s
                """
                    .formatted(name, name, created, spec),
                GenericKubernetesResource.class),
            podsReadable);
    policies.add(policy);
    return policy;
  }

  private Choice choice() {
    Choice choice = Choice.of(policies, lastGood, cart);
    for (int i = 0; i < 5; i++) {
      Collections.shuffle(policies);
      assertThat(Choice.of(policies, lastGood, cart)).isEqualTo(choice);
    }
    return choice;
  }

  @Test
  void without_a_policy_that_selects_it_there_is_none() {
    assertThat(choice().origin()).isEqualTo("no policy in shop selects cart");
    policy("a", "00:00:01", "{service: orders, strategy: {type: Random}}");
    policy(
        "b",
        "00:00:01",
        "{selector: {matchLabels: {app: cart, tier: back}}, strategy: {type: Random}}");
    policy("c", "00:00:01", "{service: cart, ports: [grpc, 9090], strategy: {type: Random}}");
    assertThat(choice().policy()).isNull();
    assertThat(choice().origin()).isEqualTo("no policy in shop selects cart");
    assertThat(choice().problem()).isNull();
  }

  @Test
  void a_service_is_selected_by_name_by_labels_and_by_port() {
    for (String target :
        List.of(
            "service: cart",
            "selector: {matchLabels: {tier: front}}",
            "service: cart, ports: [admin, http]",
            "selector: {matchLabels: {app: cart, tier: front}}, ports: [8080]")) {
      policies.clear();
      policy("a", "00:00:01", "{" + target + ", strategy: {type: Random}}");
      assertThat(choice().origin()).as(target).isEqualTo("policy shop/a");
    }
  }

  @Test
  void the_oldest_goes_before_younger_ones_and_of_one_second_the_first_by_name() {
    policy("b", "00:00:02", "{service: cart, strategy: {type: Random, name: the one}}");
    policy("c", "00:00:02", "{service: cart, strategy: {type: RoundRobin}}");
    assertThat(choice().origin()).isEqualTo("policy shop/b \"the one\" (the oldest of 2, not c)");
    policy("z", "00:00:01", "{service: cart, strategy: {type: Maglev}}");
    assertThat(choice().origin()).isEqualTo("policy shop/z (the oldest of 3, not b, c)");
  }

  @Test
  void one_that_never_was_good_is_passed_over() {
    policy("a", "00:00:01", "{service: cart, strategy: {type: Fastest}}");
    assertThat(choice().policy()).isNull();
    assertThat(choice().origin()).isEqualTo("no good policy in shop selects cart");
    assertThat(choice().problem())
        .startsWith("policy shop/a: spec.strategy.type: \"Fastest\" (expected: one of RoundRobin,")
        .endsWith("; it is passed over");

    policy("b", "00:00:02", "{service: cart, strategy: {type: Random}}");
    assertThat(choice().origin()).isEqualTo("policy shop/b (the oldest good one of 2, not a)");
    assertThat(choice().problem()).contains("policy shop/a");
  }

  @Test
  void one_that_was_good_counts_as_what_it_was_whole() {
    Policy good = policy("a", "00:00:01", "{service: cart, strategy: {type: Random}}");
    lastGood.put(good.uid(), good.spec());
    policies.clear();
    policy("a", "00:00:01", "{service: orders, strategy: {type: Fastest}}");
    policy("b", "00:00:02", "{service: cart, strategy: {type: RoundRobin}}");
    assertThat(choice().spec().strategy()).isEqualTo(Strategies.random());
    assertThat(choice().origin()).isEqualTo("policy shop/a (the oldest of 2, not b)");
    assertThat(choice().problem()).endsWith("; the last good one stays");
  }

  @Test
  void what_is_wrong_elsewhere_is_not_this_services_affair() {
    policy("a", "00:00:01", "{service: orders, strategy: {type: Fastest}}");
    policy("b", "00:00:02", "{strategy: {type: Random}}");
    assertThat(choice().problem()).isNull();
  }

  @Test
  void what_is_wrong_for_all_programs_is_said_rather_than_what_is_for_one_alone() {
    String pods =
        "{service: cart, strategy: {type: Random}, weights: [{podLabels: {a: b}, weight: 1}]";
    Policy mine = policy("a", "00:00:01", pods + "}", false);
    assertThat(mine.error()).startsWith("spec.weights[0].podLabels: {a=b} (expected: Kubernetes");
    assertThat(mine.mine()).isTrue();
    assertThat(mine.spec()).isNull();
    Policy bad = policy("b", "00:00:01", pods + ", stages: {maxInFlight: 0}}", false);
    assertThat(bad.error()).isEqualTo("spec.stages.maxInFlight: 0 (expected: >= 1)");
    assertThat(bad.mine()).isFalse();
  }
}
