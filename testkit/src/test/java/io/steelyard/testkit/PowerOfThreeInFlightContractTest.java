package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;

class PowerOfThreeInFlightContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.powerOf(3, LoadMetric.inFlight());
  }
}
