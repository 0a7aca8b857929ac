package io.steelyard.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.LoadBalancingPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PolicyFormatTest {
  private static final LoadBalancingPolicy OTHERWISE =
      LoadBalancingPolicy.of(Strategies.random(), Stages.maxInFlight(7));

  static List<List<Object>> strategies() {
    return List.of(
        List.of(Map.of("type", "RoundRobin"), "roundRobin"),
        List.of(Map.of("type", "WeightedRoundRobin"), "weightedRoundRobin"),
        List.of(Map.of("type", "LeastConnections"), "leastConnections"),
        List.of(Map.of("type", "Random"), "random"),
        List.of(Map.of("type", "Rendezvous"), "rendezvous"),
        List.of(Map.of("type", "JumpHash"), "jumpHash"),
        List.of(Map.of("type", "Adaptive"), "adaptive"),
        List.of(
            Map.of("type", "PowerOfD", "choices", 3, "metric", "InFlight"), "powerOf(3, inFlight)"),
        List.of(Map.of("type", "PowerOfTwo"), "powerOfTwo(peakEwma)"),
        List.of(Map.of("type", "PowerOfTwo", "metric", "InFlight"), "powerOfTwo(inFlight)"));
  }

  @ParameterizedTest
  @MethodSource("strategies")
  void reads_a_strategy(List<Object> row) {
    assertThat(PolicyFormat.strategy(Fields.of("strategy", row.get(0))))
        .hasToString(row.get(1).toString());
  }

  @Test
  void reads_parameters() {
    assertThat(strategy(Map.of("type", "TimedRoundRobin", "slot", "1m30s")))
        .isEqualTo(Strategies.timedRoundRobin(Duration.ofSeconds(90)));
    assertThat(strategy(Map.of("type", "RingHash", "virtualNodes", 20.0)))
        .as("a parser of JSON may give a double")
        .isEqualTo(Strategies.ringHash(20));
    assertThat(strategy(Map.of("type", "BoundedLoad", "hash", "Rendezvous", "epsilon", 0.5)))
        .isEqualTo(Strategies.boundedLoad(Strategies.rendezvous(), 0.5));
    assertThat(
            strategy(
                Map.of(
                    "type",
                    "SessionAffinity",
                    "idle",
                    "30m",
                    "maximumSize",
                    1000,
                    "fallback",
                    Map.of("type", "PowerOfTwo", "metric", "InFlight"))))
        .isEqualTo(
            Strategies.sessionAffinity(
                Strategies.powerOfTwo(LoadMetric.inFlight()), Duration.ofMinutes(30), 1000));
  }

  @Test
  void reads_a_policy_and_leaves_out_what_is_left_out() {
    assertThat(policy(Map.of())).isEqualTo(OTHERWISE);
    assertThat(policy(Map.of("strategy", Map.of("type", "RoundRobin"))))
        .isEqualTo(OTHERWISE.strategy(Strategies.roundRobin()));
    assertThat(policy(Map.of("stages", Map.of())))
        .isEqualTo(LoadBalancingPolicy.of(Strategies.random()));
    Map<String, ?> stages =
        Map.of(
            "maxInFlight",
            100,
            "ejection",
            Map.of("failures", 3, "base", "1s", "most", "1m", "panicBelow", 0.3));
    assertThat(policy(Map.of("stages", stages)))
        .isEqualTo(
            LoadBalancingPolicy.of(
                Strategies.random(),
                Stages.ejection(3, Duration.ofSeconds(1), Duration.ofMinutes(1)).panicBelow(0.3),
                Stages.maxInFlight(100)));
  }

  @Test
  void reads_every_stage_in_its_order_and_what_is_left_out_of_it() {
    Map<String, ?> brief =
        Map.of(
            "slowStart",
            Map.of("window", "30s"),
            "zone",
            Map.of("name", "eu-1a"),
            "subset",
            Map.of("size", 20),
            "outliers",
            Map.of(),
            "ejection",
            Map.of());
    assertThat(policy(Map.of("stages", brief)).stages())
        .containsExactly(
            Stages.ejection().panicBelow(0.5),
            Stages.outliers(),
            Stages.zone("eu-1a"),
            Stages.subset(20),
            Stages.slowStart(Duration.ofSeconds(30)));
    Map<String, ?> full =
        Map.of(
            "slowStart",
            Map.of("window", "1m", "aggression", 2),
            "subset",
            Map.of("clients", 300),
            "outliers",
            Map.of("requests", 50, "interval", "30s", "base", "10s", "most", "1m"));
    assertThat(policy(Map.of("stages", full)).stages())
        .containsExactly(
            Stages.outliers(
                50, Duration.ofSeconds(30), Duration.ofSeconds(10), Duration.ofMinutes(1)),
            Stages.subsetAmong(300),
            Stages.slowStart(Duration.ofMinutes(1), 2));
  }

  static List<List<Object>> stageMistakes() {
    return List.of(
        List.of(
            Map.of("slowStart", Map.of()),
            "slowStart.window: missing (expected: a duration such as 500ms, 30s or 1m30s)"),
        List.of(
            Map.of("slowStart", Map.of("window", "1s")),
            "slowStart.window: \"1s\" (expected: 1001ms to 24h)"),
        List.of(
            Map.of("slowStart", Map.of("window", "1m", "aggression", 0)),
            "slowStart.aggression: 0 (expected: above 0, at most 100)"),
        List.of(Map.of("zone", Map.of()), "zone.name: missing (expected: the zone's name)"),
        List.of(
            Map.of("zone", Map.of("name", " ")), "zone.name: \" \" (expected: the zone's name)"),
        List.of(Map.of("subset", Map.of()), "subset.size: missing (expected: size, or clients)"),
        List.of(Map.of("subset", Map.of("clients", 0)), "subset.clients: 0 (expected: >= 1)"),
        List.of(
            Map.of("subset", Map.of("clients", 300, "size", 20)),
            "subset.size: 20 (expected: only with no clients, which it follows from)"),
        List.of(
            Map.of("subset", Map.of("size", 20, "client", "me")),
            "subset.client: \"me\" (expected: one of the fields clients, size)"),
        List.of(Map.of("outliers", Map.of("requests", 1)), "outliers.requests: 1 (expected: >= 2)"),
        List.of(
            Map.of("outliers", Map.of("interval", "10ms")),
            "outliers.interval: \"10ms\" (expected: 100ms to 24h)"),
        List.of(
            Map.of("outliers", Map.of("base", "10m")),
            "outliers.base: 600000ms (expected: at most 5m, which most is by default)"),
        List.of(
            Map.of("outliers", Map.of("hosts", 5)),
            "outliers.hosts: 5 (expected: one of the fields base, interval, most, requests)"));
  }

  @ParameterizedTest
  @MethodSource("stageMistakes")
  void a_mistake_in_a_stage_is_named_with_its_place(List<Object> row) {
    assertThatThrownBy(() -> policy(Map.of("stages", row.get(0))))
        .isInstanceOf(ConfigException.class)
        .hasMessage("policy.stages." + row.get(1));
  }

  @ParameterizedTest
  @ValueSource(strings = {"ejection", "outliers", "zone", "slowStart", "maxInFlight"})
  void a_stage_with_nothing_behind_it_is_not_taken_for_none(String stage) {
    Map<String, Object> stages = new HashMap<>();
    stages.put(stage, null);
    assertThatThrownBy(() -> policy(Map.of("stages", stages)))
        .isInstanceOf(ConfigException.class)
        .hasMessage(
            "policy.stages." + stage + ": null (expected: a value, {} for an object of defaults)");
  }

  static List<List<Object>> mistakes() {
    return List.of(
        List.of(Map.of(), "strategy.type: missing (expected: one of RoundRobin, "),
        List.of(Map.of("type", "Robin"), "strategy.type: \"Robin\" (expected: one of RoundRobin, "),
        List.of(
            Map.of("type", "RingHash", "virtualNodes", 0),
            "strategy.virtualNodes: 0 (expected: >= 1)"),
        List.of(
            Map.of("type", "RingHash", "virtualNodes", 1.5),
            "strategy.virtualNodes: 1.5 (expected: 1 to 10000)"),
        List.of(
            Map.of("type", "Maglev", "tableSize", 100),
            "strategy.tableSize: 100 (expected: a prime)"),
        List.of(
            Map.of("type", "TimedRoundRobin", "slot", "soon"),
            "strategy.slot: \"soon\" (expected: a duration such as 500ms, 30s or 1m30s)"),
        List.of(
            Map.of("type", "TimedRoundRobin", "slot", "48h"),
            "strategy.slot: \"48h\" (expected: 1ms to 24h)"),
        List.of(
            Map.of("type", "RoundRobin", "metric", "InFlight"),
            "strategy.metric: \"InFlight\" (expected: only with PowerOfTwo or PowerOfD)"),
        List.of(
            Map.of("type", "Random", "colour", "red"),
            "strategy.colour: \"red\" (expected: one of the fields "));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void a_mistake_is_named_with_its_place(List<Object> row) {
    assertThatThrownBy(() -> strategy(row.get(0)))
        .isInstanceOf(ConfigException.class)
        .hasMessageStartingWith(row.get(1).toString());
  }

  @Test
  void what_nobody_asks_for_is_a_mistake() {
    assertThatThrownBy(() -> policy(Map.of("stage", Map.of())))
        .hasMessageStartingWith("policy.stage: {} (expected: one of the fields stages, strategy");
    assertThatThrownBy(() -> policy(Map.of("stages", Map.of("ejection", "yes"))))
        .hasMessage("policy.stages.ejection: \"yes\" (expected: an object)");
  }

  private static Object strategy(Object written) {
    return PolicyFormat.strategy(Fields.of("strategy", written));
  }

  private static LoadBalancingPolicy policy(Map<String, ?> written) {
    Fields fields = Fields.of("policy", written);
    LoadBalancingPolicy policy = PolicyFormat.policy(fields, OTHERWISE);
    fields.requireNoOthers();
    return policy;
  }
}
