package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;

class BoundedLoadRendezvousContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.boundedLoad(Strategies.rendezvous(), 0.25);
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
