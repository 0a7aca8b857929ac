package io.steelyard.testkit;

import io.steelyard.Strategy;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import org.junit.jupiter.api.Nested;

/** A table of sessions, over fallbacks of every kind. */
class SessionAffinityContractTest {
  private abstract static class Sessions extends StrategyContract {
    abstract Strategy fallback();

    @Override
    protected Strategy strategy() {
      return Strategies.sessionAffinity(fallback(), Duration.ofMinutes(5), 1_000);
    }

    @Override
    protected boolean keepsKeys() {
      return true;
    }
  }

  @Nested
  class OverRandom extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.random();
    }
  }

  @Nested
  class OverRoundRobin extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.roundRobin();
    }

    @Override
    protected boolean honoursDeclaredWeights() {
      return false;
    }

    @Override
    protected boolean takesTurns() {
      return true;
    }
  }

  @Nested
  class OverAdaptive extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.adaptive();
    }
  }

  @Nested
  class OverPowerOfTwo extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.powerOfTwo(LoadMetric.inFlight());
    }
  }

  @Nested
  class OverRendezvous extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.rendezvous();
    }
  }

  @Nested
  class OverBoundedLoad extends Sessions {
    @Override
    Strategy fallback() {
      return Strategies.boundedLoad(Strategies.ringHash(), 0.25);
    }
  }
}
