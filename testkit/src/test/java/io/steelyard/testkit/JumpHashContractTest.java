package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class JumpHashContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.jumpHash();
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
