package io.steelyard.benchmarks.simulation;

import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.stage.Stages;
import java.util.List;
import java.util.function.Supplier;

/**
 * A policy that takes part: a strategy and the stages before it.
 *
 * @param name for the command line and the tables
 * @param strategy makes one for each client
 * @param stages as for the balancer's builder
 * @param ours whether the strategy is the library's
 */
record Contender(String name, Supplier<Strategy> strategy, List<Stage> stages, boolean ours) {
  /** What the name of one that has ejection ends with. */
  static final String EJECTING = " + ejection";

  /** One of the library's strategies, under the name it gives itself. */
  static Contender of(Strategy strategy) {
    return of(strategy.toString(), strategy);
  }

  /** One of the library's strategies under another name. */
  static Contender of(String name, Strategy strategy) {
    return new Contender(name, () -> strategy, List.of(), true);
  }

  /** A rule of another balancer. */
  static Contender peer(String name, Supplier<Strategy> strategy) {
    return new Contender(name, strategy, List.of(), false);
  }

  /** The same behind the default stages. */
  Contender withEjection() {
    return new Contender(
        name + EJECTING, strategy, List.of(Stages.ejection().panicBelow(0.5)), ours);
  }

  /** The same behind the stages that a scenario is about. */
  Contender with(Scenario scenario) {
    return new Contender(name + scenario.stagesName, strategy, scenario.stages, ours);
  }

  @Override
  public String toString() {
    return name;
  }
}
