package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;
import java.time.Duration;

// A slot of 100 ms; 7.31 ms goes into no sum of such slots, so that all of a cycle is seen.
class TimedRoundRobinByWallTimeContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.timedRoundRobin(Duration.ofMillis(100), Duration.ofMillis(30));
  }

  @Override
  protected Duration pace() {
    return Duration.ofNanos(7_310_000);
  }

  @Override
  protected boolean spreadsWhatIsLeft() {
    return false;
  }
}
