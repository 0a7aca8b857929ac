package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class BoundedLoadRingHashContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.boundedLoad(Strategies.ringHash(), 0.25);
  }
}
