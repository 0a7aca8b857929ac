package io.steelyard.benchmarks.simulation;

import io.steelyard.benchmarks.simulation.peers.BalancedScore;
import io.steelyard.benchmarks.simulation.peers.EdfLeastRequest;
import io.steelyard.benchmarks.simulation.peers.FinaglePeakEwma;
import io.steelyard.benchmarks.simulation.peers.SmoothWeighted;
import io.steelyard.benchmarks.simulation.peers.TwoWithReplacement;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Who takes part. A new strategy is a line in {@link #OURS}. */
final class Contenders {
  private static final Contender WEIGHTED = Contender.of(Strategies.weightedRoundRobin());

  private static final Contender SUBSETS =
      new Contender("adaptive, subset(10)", Strategies::adaptive, List.of(Stages.subset(10)), true);

  private static final List<Contender> OURS =
      List.of(
          Contender.of(Strategies.random()),
          Contender.of(Strategies.roundRobin()),
          WEIGHTED,
          Contender.of(
              "timedRoundRobin(100 ms)", Strategies.timedRoundRobin(Duration.ofMillis(100))),
          Contender.of(Strategies.leastConnections()),
          Contender.of(Strategies.powerOfTwo(LoadMetric.inFlight())),
          Contender.of(Strategies.powerOf(3, LoadMetric.inFlight())),
          Contender.of(Strategies.powerOfTwo(LoadMetric.peakEwma())),
          Contender.of(Strategies.adaptive()),
          SUBSETS);

  private static final List<Contender> PEERS =
      List.of(
          Contender.peer("nginx smooth weighted", SmoothWeighted::new),
          Contender.peer("gRPC least request", TwoWithReplacement::new),
          Contender.peer("Envoy EDF least request", EdfLeastRequest::new),
          Contender.peer("Finagle peak EWMA", FinaglePeakEwma::new),
          Contender.peer("Dialogue balanced", BalancedScore::new));

  /** Those that take part with a scenario's stages: one of each kind. */
  private static final List<Contender> ALSO =
      List.of(
          Contender.of(Strategies.roundRobin()),
          Contender.of(Strategies.leastConnections()),
          Contender.of(Strategies.powerOfTwo(LoadMetric.inFlight())),
          Contender.of(Strategies.adaptive()));

  private Contenders() {}

  /** Who takes part in this scenario: all, and where requests fail, also with ejection. */
  static List<Contender> in(Scenario scenario) {
    List<Contender> result = new ArrayList<>();
    for (List<Contender> group : List.of(OURS, PEERS)) {
      for (Contender contender : group) {
        if (contender.equals(WEIGHTED) && !scenario.weighted) {
          continue; // with equal weights it is roundRobin
        }
        if (contender.equals(SUBSETS) && scenario.clients < 100) {
          continue; // for many clients
        }
        result.add(contender);
        if (scenario.failing) {
          result.add(contender.withEjection());
        }
        if (!scenario.stages.isEmpty() && isOneOf(contender, ALSO)) {
          result.add(contender.with(scenario));
        }
      }
    }
    return result;
  }

  /** All names, without ejection. */
  static List<String> names() {
    List<String> names = new ArrayList<>();
    OURS.forEach(contender -> names.add(contender.name()));
    PEERS.forEach(contender -> names.add(contender.name()));
    return names;
  }

  private static boolean isOneOf(Contender contender, List<Contender> some) {
    return some.stream().anyMatch(one -> one.name().equals(contender.name()));
  }

  /** The one of this name, with ejection or other stages, or without. */
  static Contender named(String name) {
    return Scenarios.all().stream()
        .flatMap(scenario -> in(scenario).stream())
        .filter(contender -> contender.name().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "contender: " + name + " (expected: one of those listed)"));
  }
}
