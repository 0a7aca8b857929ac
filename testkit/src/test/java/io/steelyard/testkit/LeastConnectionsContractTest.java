package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class LeastConnectionsContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.leastConnections();
  }
}
