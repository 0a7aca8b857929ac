package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;
import java.time.Duration;

class SessionAffinityContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(5), 1_000);
  }

  @Override
  protected boolean keepsKeys() {
    return true;
  }
}
