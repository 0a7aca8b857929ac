package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.utils.Serialization;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Strategy;
import io.steelyard.config.ConfigException;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a policy's spec means, and what is said where it means nothing. */
class PolicyReaderTest {
  private static final LoadBalancingPolicy BUILDERS =
      LoadBalancingPolicy.of(Strategies.random(), Stages.maxInFlight(7));

  private static Map<?, ?> yaml(String text) {
    return Serialization.unmarshal("---\n" + text, Map.class);
  }

  private static PolicySpec read(String yaml) {
    return PolicyReader.read(yaml(yaml), true);
  }

  private static Strategy strategy(String yaml) {
    return read("{service: cart, strategy: " + yaml + "}").strategy();
  }

  @Test
  void every_strategy_has_its_type_and_its_parameters() {
    assertThat(strategy("{type: RoundRobin}")).isEqualTo(Strategies.roundRobin());
    assertThat(strategy("{type: WeightedRoundRobin}")).isEqualTo(Strategies.weightedRoundRobin());
    assertThat(strategy("{type: TimedRoundRobin, slot: 1m30s}"))
        .isEqualTo(Strategies.timedRoundRobin(Duration.ofSeconds(90)));
    assertThat(strategy("{type: TimedRoundRobin, slot: 500ms, phase: 0s}"))
        .isEqualTo(Strategies.timedRoundRobin(Duration.ofMillis(500), Duration.ZERO));
    assertThat(strategy("{type: LeastConnections}")).isEqualTo(Strategies.leastConnections());
    assertThat(strategy("{type: PowerOfTwo}"))
        .isEqualTo(Strategies.powerOfTwo(LoadMetric.peakEwma()));
    assertThat(strategy("{type: PowerOfTwo, metric: InFlight}"))
        .isEqualTo(Strategies.powerOfTwo(LoadMetric.inFlight()));
    assertThat(strategy("{type: Random}")).isEqualTo(Strategies.random());
    assertThat(strategy("{type: RingHash}")).isEqualTo(Strategies.ringHash(100));
    assertThat(strategy("{type: RingHash, virtualNodes: 200}")).isEqualTo(Strategies.ringHash(200));
    assertThat(strategy("{type: Maglev}")).isEqualTo(Strategies.maglev());
    assertThat(strategy("{type: Maglev, tableSize: 65537}")).isEqualTo(Strategies.maglev(65_537));
    assertThat(strategy("{type: Rendezvous}")).isEqualTo(Strategies.rendezvous());
    assertThat(strategy("{type: JumpHash}")).isEqualTo(Strategies.jumpHash());
    assertThat(strategy("{type: BoundedLoad}"))
        .isEqualTo(Strategies.boundedLoad(Strategies.ringHash(), 0.25));
    assertThat(strategy("{type: BoundedLoad, hash: Maglev, tableSize: 65537, epsilon: 1}"))
        .isEqualTo(Strategies.boundedLoad(Strategies.maglev(65_537), 1));
    assertThat(strategy("{type: SessionAffinity, idle: 10m, maximumSize: 5000000000}"))
        .isEqualTo(
            Strategies.sessionAffinity(
                Strategies.powerOfTwo(LoadMetric.peakEwma()),
                Duration.ofMinutes(10),
                5_000_000_000L));
    assertThat(
            strategy(
                "{type: SessionAffinity, idle: 1h, maximumSize: 9,"
                    + " fallback: {type: RingHash, virtualNodes: 50}}"))
        .isEqualTo(Strategies.sessionAffinity(Strategies.ringHash(50), Duration.ofHours(1), 9));
  }

  @Test
  void stages_that_are_left_out_are_the_programs_and_an_empty_object_is_none() {
    String head = "{service: cart, strategy: {type: Random}, stages: ";
    assertThat(read("{service: cart, strategy: {type: Random}}").over(BUILDERS, l -> Set.of()))
        .isEqualTo(BUILDERS);
    assertThat(read(head + "{}}").over(BUILDERS, l -> Set.of()))
        .isEqualTo(LoadBalancingPolicy.of(Strategies.random()));
    assertThat(read(head + "{ejection: {}, maxInFlight: 100}}").over(BUILDERS, l -> Set.of()))
        .isEqualTo(
            LoadBalancingPolicy.of(
                Strategies.random(), Stages.ejection().panicBelow(0.5), Stages.maxInFlight(100)));
    assertThat(
            read(head + "{ejection: {failures: 3, base: 1s, most: 1m, panicBelow: 0}}}")
                .over(BUILDERS, l -> Set.of()))
        .isEqualTo(
            LoadBalancingPolicy.of(
                Strategies.random(),
                Stages.ejection(3, Duration.ofSeconds(1), Duration.ofMinutes(1))));
  }

  @Test
  void weights_are_the_first_layer_and_say_what_they_are() {
    PolicySpec spec =
        read(
            """
            service: cart
            strategy: {type: WeightedRoundRobin, name: canary, weight: 100}
            weights:
              - podLabels: {track: canary}
                weight: 5
              - zone: eu-1a
                weight: 200
            """);
    assertThat(spec.name()).isEqualTo("canary");
    assertThat(spec.selections()).containsExactly(Map.of("track", "canary"));
    assertThat(spec.over(BUILDERS, labels -> Set.of("uid-a")))
        .hasToString(
            "weights(track=canary: 5, zone eu-1a: 200, else 100) → maxInFlight(7) →"
                + " weightedRoundRobin");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\u0001',
      textBlock =
          """
          null | spec: missing (expected: an object)
          cart | spec: "cart" (expected: an object)
          {service: cart} | spec.strategy: missing (expected: an object)
          {service: cart, strategy: {}} | spec.strategy.type: missing (expected: one of RoundRobin, WeightedRoundRobin, TimedRoundRobin, LeastConnections, PowerOfTwo, PowerOfD, Adaptive, Random, RingHash, Maglev, Rendezvous, JumpHash, BoundedLoad, SessionAffinity)
          {service: cart, strategy: {type: Fastest}} | spec.strategy.type: "Fastest" (expected: one of RoundRobin, WeightedRoundRobin, TimedRoundRobin, LeastConnections, PowerOfTwo, PowerOfD, Adaptive, Random, RingHash, Maglev, Rendezvous, JumpHash, BoundedLoad, SessionAffinity)
          {strategy: {type: Random}} | spec: neither (expected: one of service and selector)
          {service: cart, selector: {matchLabels: {a: b}}, strategy: {type: Random}} | spec: both (expected: one of service and selector)
          {selector: {}, strategy: {type: Random}} | spec.selector.matchLabels: missing (expected: at least one label)
          {selector: {matchLabels: {a: 1}}, strategy: {type: Random}} | spec.selector.matchLabels.a: 1 (expected: a text)
          {selector: {matchLabels: {app: "not a label"}}, strategy: {type: Random}} | spec.selector.matchLabels.app: "not a label" (expected: a label's value: letters, digits, -, _ and ., at most 63, none of the three at either end)
          {selector: {matchLabels: {"a b": c}}, strategy: {type: Random}} | spec.selector.matchLabels: "a b" (expected: a label's key such as track or example.com/track)
          {service: Cart, strategy: {type: Random}} | spec.service: "Cart" (expected: the name of a Service)
          {service: cart, ports: [0], strategy: {type: Random}} | spec.ports[0]: 0 (expected: a port's name, or 1 to 65535)
          {service: cart, ports: http, strategy: {type: Random}} | spec.ports: "http" (expected: a list)
          {service: cart, strategy: {type: Random, slot: 2s}} | spec.strategy.slot: "2s" (expected: only with TimedRoundRobin)
          {service: cart, strategy: {type: TimedRoundRobin}} | spec.strategy.slot: missing (expected: a duration such as 500ms, 30s or 1m30s)
          {service: cart, strategy: {type: TimedRoundRobin, slot: 2 sec}} | spec.strategy.slot: "2 sec" (expected: a duration such as 500ms, 30s or 1m30s)
          {service: cart, strategy: {type: TimedRoundRobin, slot: 2}} | spec.strategy.slot: 2 (expected: a duration such as 500ms, 30s or 1m30s)
          {service: cart, strategy: {type: TimedRoundRobin, slot: 0s}} | spec.strategy.slot: "0s" (expected: 1ms to 24h)
          {service: cart, strategy: {type: TimedRoundRobin, slot: 25h}} | spec.strategy.slot: "25h" (expected: 1ms to 24h)
          {service: cart, strategy: {type: PowerOfTwo, metric: Latency}} | spec.strategy.metric: "Latency" (expected: one of PeakEwma, InFlight)
          {service: cart, strategy: {type: RingHash, virtualNodes: 0}} | spec.strategy.virtualNodes: 0 (expected: >= 1)
          {service: cart, strategy: {type: RingHash, virtualNodes: 10001}} | spec.strategy.virtualNodes: 10001 (expected: <= 10000)
          {service: cart, strategy: {type: RingHash, virtualNodes: many}} | spec.strategy.virtualNodes: "many" (expected: 1 to 10000)
          {service: cart, strategy: {type: Maglev, tableSize: 100}} | spec.strategy.tableSize: 100 (expected: a prime)
          {service: cart, strategy: {type: Maglev, virtualNodes: 100}} | spec.strategy.virtualNodes: 100 (expected: only with RingHash)
          {service: cart, strategy: {type: BoundedLoad, epsilon: 0}} | spec.strategy.epsilon: 0 (expected: above 0, at most 1000)
          {service: cart, strategy: {type: BoundedLoad, hash: JumpHash}} | spec.strategy.hash: "JumpHash" (expected: one of RingHash, Maglev, Rendezvous)
          {service: cart, strategy: {type: BoundedLoad, hash: Maglev, virtualNodes: 9}} | spec.strategy.virtualNodes: 9 (expected: only with RingHash)
          {service: cart, strategy: {type: RingHash, epsilon: 0.5}} | spec.strategy.epsilon: 0.5 (expected: only with BoundedLoad)
          {service: cart, strategy: {type: SessionAffinity, maximumSize: 5}} | spec.strategy.idle: missing (expected: a duration such as 500ms, 30s or 1m30s)
          {service: cart, strategy: {type: SessionAffinity, idle: 5m}} | spec.strategy.maximumSize: missing (expected: >= 1)
          {service: cart, strategy: {type: SessionAffinity, idle: 5m, maximumSize: 5, fallback: {type: SessionAffinity}}} | spec.strategy.fallback.type: "SessionAffinity" (expected: one of RoundRobin, WeightedRoundRobin, TimedRoundRobin, LeastConnections, PowerOfTwo, PowerOfD, Adaptive, Random, RingHash, Maglev, Rendezvous, JumpHash, BoundedLoad)
          {service: cart, strategy: {type: SessionAffinity, idle: 5m, maximumSize: 5, fallback: {type: Random, slot: 1s}}} | spec.strategy.fallback.slot: "1s" (expected: only with TimedRoundRobin)
          {service: cart, strategy: {type: Random, idle: 5m}} | spec.strategy.idle: "5m" (expected: only with SessionAffinity)
          {service: cart, strategy: {type: Random, weight: -1}} | spec.strategy.weight: -1 (expected: >= 0)
          {service: cart, strategy: {type: Random, name: ""}} | spec.strategy.name: "" (expected: a text of 1 to 63 characters)
          {service: cart, strategy: {type: Random, speed: 5}} | spec.strategy.speed: 5 (expected: one of the fields choices, epsilon, fallback, hash, idle, maximumSize, metric, name, phase, slot, tableSize, type, virtualNodes, weight)
          {service: cart, strategy: {type: RoundRobin, weight: 3}} | spec.strategy.weight: 3 (expected: none with RoundRobin, which gives equal turns; WeightedRoundRobin goes by weight)
          {service: cart, strategy: {type: RoundRobin}, weights: [{zone: a, weight: 3}]} | spec.weights: 1 rules (expected: none with RoundRobin, which gives equal turns; WeightedRoundRobin goes by weight)
          {service: cart, strategy: {type: Random}, weights: [{podLabels: {track: canary}, weight: -1}]} | spec.weights[0].weight: -1 (expected: >= 0)
          {service: cart, strategy: {type: Random}, weights: [{zone: a, weight: 1}, {zone: b, weight: 1000001}]} | spec.weights[1].weight: 1000001 (expected: <= 1000000)
          {service: cart, strategy: {type: Random}, weights: [{zone: a, weight: 1.5}]} | spec.weights[0].weight: 1.5 (expected: 0 to 1000000)
          {service: cart, strategy: {type: Random}, weights: [{zone: a}]} | spec.weights[0].weight: missing (expected: 0 to 1000000)
          {service: cart, strategy: {type: Random}, weights: [{weight: 5}]} | spec.weights[0].podLabels: missing (expected: podLabels, zone or both; strategy.weight is for all)
          {service: cart, strategy: {type: Random}, weights: [{podLabels: {}, weight: 5}]} | spec.weights[0].podLabels: {} (expected: labels, at least one: key: value)
          {service: cart, strategy: {type: Random}, weights: [{podLabels: {track: "a,env=b"}, weight: 5}]} | spec.weights[0].podLabels.track: "a,env=b" (expected: a label's value: letters, digits, -, _ and ., at most 63, none of the three at either end)
          {service: cart, strategy: {type: Random}, weights: [{podLabels: {"!track": x}, weight: 5}]} | spec.weights[0].podLabels: "!track" (expected: a label's key such as track or example.com/track)
          {service: cart, strategy: {type: Random}, weights: [{zone: a, weight: 1, node: b}]} | spec.weights[0].node: "b" (expected: one of the fields podLabels, weight, zone)
          {service: cart, strategy: {type: Random}, stages: {ejection: {failures: 0}}} | spec.stages.ejection.failures: 0 (expected: >= 1)
          {service: cart, strategy: {type: Random}, stages: {ejection: {base: soon}}} | spec.stages.ejection.base: "soon" (expected: a duration such as 500ms, 30s or 1m30s)
          {service: cart, strategy: {type: Random}, stages: {ejection: {base: 10s, most: 5s}}} | spec.stages.ejection.most: "5s" (expected: 10s to 8760h)
          {service: cart, strategy: {type: Random}, stages: {ejection: {base: 10m}}} | spec.stages.ejection.base: 600000ms (expected: at most 5m, which most is by default)
          {service: cart, strategy: {type: Random}, stages: {ejection: {panicBelow: 1.5}}} | spec.stages.ejection.panicBelow: 1.5 (expected: 0 to 1)
          {service: cart, strategy: {type: Random}, stages: {maxInFlight: 0}} | spec.stages.maxInFlight: 0 (expected: >= 1)
          {service: cart, strategy: {type: Random}, stages: {retry: 3}} | spec.stages.retry: 3 (expected: one of the fields ejection, maxInFlight, outliers, slowStart, subset, zone)
          {service: cart, strategy: {type: Random}, subset: 3} | spec.subset: 3 (expected: one of the fields ports, selector, service, stages, strategy, weights)
          """)
  void what_is_wrong_is_named_with_value_expectation_and_place(String yaml, String message) {
    Object spec = Serialization.unmarshal("spec: " + yaml, Map.class).get("spec");
    assertThatThrownBy(() -> PolicyReader.read(spec, true))
        .isInstanceOf(ConfigException.class)
        .hasMessage(message);
  }

  @Test
  void whatever_may_stand_in_a_label_may_stand_in_a_policy() {
    PolicySpec spec =
        read(
            "{selector: {matchLabels: {app.kubernetes.io/name: Cart_2.0, tier: ''}},"
                + " strategy: {type: Random}, weights: [{podLabels: {track: ''}, weight: 5}]}");
    assertThat(spec.target().labels())
        .isEqualTo(Map.of("app.kubernetes.io/name", "Cart_2.0", "tier", ""));
    assertThat(spec.selections()).containsExactly(Map.of("track", ""));
  }

  @Test
  void labels_of_pods_need_a_program_that_reads_pods() {
    Map<?, ?> spec =
        yaml(
            "{service: cart, strategy: {type: Random},"
                + " weights: [{podLabels: {track: canary}, weight: 5}]}");
    assertThatThrownBy(() -> PolicyReader.read(spec, false))
        .hasMessage(
            "spec.weights[0].podLabels: {track=canary} (expected: KubernetesPolicies.readPods() in"
                + " this program, and the right to list and watch pods)");
  }

  // ---- the definition of the resource and the reader agree ----

  private static Map<?, ?> schema() throws IOException {
    try (InputStream in =
        PolicyReader.class.getResourceAsStream(
            "/io/steelyard/kubernetes/loadbalancingpolicies.yaml")) {
      Map<?, ?> crd = Serialization.unmarshal(in, Map.class);
      return (Map<?, ?>)
          walk(crd, "spec", "versions", 0, "schema", "openAPIV3Schema", "properties", "spec");
    }
  }

  private static Object walk(Object from, Object... path) {
    for (Object step : path) {
      from = step instanceof Integer i ? ((List<?>) from).get(i) : ((Map<?, ?>) from).get(step);
    }
    return from;
  }

  /** Each field with a bound, a pattern or a list of words, and a spec in which it is allowed. */
  @TestFactory
  Stream<DynamicTest> what_the_definition_refuses_the_reader_refuses_as_well() throws IOException {
    Map<?, ?> properties = (Map<?, ?>) schema().get("properties");
    Map<?, ?> strategy = (Map<?, ?>) walk(properties, "strategy", "properties");
    Map<?, ?> fallback = (Map<?, ?>) walk(strategy, "fallback", "properties");
    Map<?, ?> weights = (Map<?, ?>) walk(properties, "weights", "items", "properties");
    Map<?, ?> ejection =
        (Map<?, ?>) walk(properties, "stages", "properties", "ejection", "properties");
    List<DynamicTest> tests = new ArrayList<>();
    Map<String, String> withs =
        Map.ofEntries(
            Map.entry("slot", "type: TimedRoundRobin"),
            Map.entry("phase", "type: TimedRoundRobin, slot: 1s"),
            Map.entry("choices", "type: PowerOfD"),
            Map.entry("metric", "type: PowerOfTwo"),
            Map.entry("virtualNodes", "type: RingHash"),
            Map.entry("tableSize", "type: Maglev"),
            Map.entry("hash", "type: BoundedLoad"),
            Map.entry("epsilon", "type: BoundedLoad"),
            Map.entry("idle", "type: SessionAffinity, maximumSize: 1"),
            Map.entry("maximumSize", "type: SessionAffinity, idle: 1s"),
            Map.entry("weight", "type: WeightedRoundRobin"));
    strategy.forEach(
        (name, field) -> {
          String with = withs.getOrDefault((String) name, "type: Random");
          if (name.equals("type")) {
            with = "name: x";
          }
          if (!name.equals("fallback")) {
            check(tests, field, "{service: cart, strategy: {" + with + ", " + name + ": %s}}");
          }
        });
    fallback.forEach(
        (name, field) -> {
          String with = name.equals("type") ? "" : withs.get(name) + ", ";
          check(
              tests,
              field,
              "{service: cart, strategy: {type: SessionAffinity, idle: 1s, maximumSize: 1, fallback: {"
                  + (with + name)
                  + ": %s}}}");
        });
    check(
        tests,
        weights.get("weight"),
        "{service: cart, strategy: {type: Random}, weights: [{zone: a, weight: %s}]}");
    ejection.forEach(
        (name, field) ->
            check(
                tests,
                field,
                "{service: cart, strategy: {type: Random}, stages: {ejection: {"
                    + name
                    + ": %s}}}"));
    check(
        tests,
        walk(properties, "stages", "properties", "maxInFlight"),
        "{service: cart, strategy: {type: Random}, stages: {maxInFlight: %s}}");
    check(tests, properties.get("service"), "{service: %s, strategy: {type: Random}}");
    assertThat(tests).hasSizeGreaterThan(60);
    return tests.stream();
  }

  private static void check(List<DynamicTest> tests, Object field, String spec) {
    Map<?, ?> schema = (Map<?, ?>) field;
    if (schema.get("enum") instanceof List<?> words) {
      for (Object word : words) {
        boolean needsMore =
            List.of("TimedRoundRobin", "SessionAffinity", "PowerOfD").contains(word);
        if (!needsMore) {
          accepts(tests, spec.formatted(word));
        }
      }
      refuses(tests, spec.formatted("Other"));
    }
    if (schema.get("pattern") != null) {
      refuses(tests, spec.formatted("'not this'"));
      refuses(tests, spec.formatted("\"\""));
    }
    boolean whole = "integer".equals(schema.get("type"));
    if (schema.get("minimum") instanceof Number least) {
      boolean above = Boolean.TRUE.equals(schema.get("exclusiveMinimum"));
      if (above) {
        refuses(tests, spec.formatted(least));
      } else {
        accepts(tests, spec.formatted(least));
      }
      refuses(tests, spec.formatted(least.longValue() - 1));
    }
    if (schema.get("maximum") instanceof Number most) {
      accepts(tests, spec.formatted(most));
      refuses(tests, spec.formatted(most.longValue() + 1));
    }
    if (whole) {
      refuses(tests, spec.formatted("1.5"));
      refuses(tests, spec.formatted("text"));
    }
    if (schema.get("default") != null) {
      accepts(tests, spec.formatted(schema.get("default")));
    }
  }

  private static void accepts(List<DynamicTest> tests, String spec) {
    tests.add(DynamicTest.dynamicTest("reads " + spec, () -> assertThat(read(spec)).isNotNull()));
  }

  private static void refuses(List<DynamicTest> tests, String spec) {
    tests.add(
        DynamicTest.dynamicTest(
            "refuses " + spec,
            () -> assertThatThrownBy(() -> read(spec)).isInstanceOf(ConfigException.class)));
  }

  @Test
  void what_the_reader_leaves_out_the_definition_gives_by_default() throws IOException {
    Map<?, ?> ejection =
        (Map<?, ?>) walk(schema(), "properties", "stages", "properties", "ejection", "properties");
    String defaults =
        Serialization.asJson(
            Map.of(
                "failures", walk(ejection, "failures", "default"),
                "base", walk(ejection, "base", "default"),
                "most", walk(ejection, "most", "default"),
                "panicBelow", walk(ejection, "panicBelow", "default")));
    String head = "{service: cart, strategy: {type: Random}, stages: {ejection: ";
    assertThat(read(head + defaults + "}}").stages()).isEqualTo(read(head + "{}}}").stages());
  }
}
