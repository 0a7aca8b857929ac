package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class MaglevContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.maglev();
  }

  @Override
  protected boolean keepsKeys() {
    return true;
  }

  @Override
  protected boolean ranksDiffer() {
    return true;
  }
}
