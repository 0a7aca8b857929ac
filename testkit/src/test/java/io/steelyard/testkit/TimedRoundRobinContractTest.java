package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;
import java.time.Duration;

class TimedRoundRobinContractTest extends StrategyContract {
  @Override
  protected Strategy strategy() {
    return Strategies.timedRoundRobin(Duration.ofMillis(100));
  }

  // A slot of 100 ms; 7.31 ms goes into no sum of such slots, so that all of a cycle is seen.
  @Override
  protected Duration pace() {
    return Duration.ofNanos(7_310_000);
  }

  // What is left of a turn is the next endpoint's: nobody else's turn moves.
  @Override
  protected boolean spreadsWhatIsLeft() {
    return false;
  }
}
