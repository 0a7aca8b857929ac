package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class AdaptiveContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.adaptive();
  }
}
