package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class RoundRobinContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.roundRobin();
  }

  @Override
  protected boolean honoursDeclaredWeights() {
    return false;
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
