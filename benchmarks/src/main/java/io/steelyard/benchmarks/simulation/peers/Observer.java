package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Endpoint;
import io.steelyard.Outcome;

/**
 * A strategy that keeps records of its own: the simulator tells it how its client's requests go.
 */
public interface Observer {
  /** A request was sent there. */
  void begun(Endpoint endpoint, long now);

  /** A request that was sent there has ended, after so many nanoseconds. */
  void ended(Endpoint endpoint, Outcome outcome, long nanos, long now);
}
