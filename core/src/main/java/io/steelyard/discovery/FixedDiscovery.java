package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Topology;

/** See {@link Discoveries#fixed}. */
record FixedDiscovery(Topology topology) implements Discovery {
  @Override
  public AutoCloseable watch(Listener listener) {
    listener.update(topology);
    return () -> {};
  }

  @Override
  public String toString() {
    return "fixed";
  }
}
