package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;

class PowerOfTwoInFlightContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.powerOfTwo(LoadMetric.inFlight());
  }
}
