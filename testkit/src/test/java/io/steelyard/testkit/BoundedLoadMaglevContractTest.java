package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class BoundedLoadMaglevContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.boundedLoad(Strategies.maglev(), 0.25);
  }
}
