package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class WeightedRoundRobinContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.weightedRoundRobin();
  }

  @Override
  protected boolean takesTurns() {
    return true;
  }

  @Override
  protected boolean ranksDiffer() {
    return true;
  }
}
