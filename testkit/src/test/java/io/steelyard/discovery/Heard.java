package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** What a listener was told. */
class Heard implements Discovery.Listener {
  final List<Topology> topologies = new CopyOnWriteArrayList<>();
  final List<Throwable> failures = new CopyOnWriteArrayList<>();

  @Override
  public void update(Topology topology) {
    topologies.add(topology);
  }

  @Override
  public void failed(Throwable cause) {
    failures.add(cause);
  }

  Topology last() {
    return topologies.get(topologies.size() - 1);
  }

  List<String> ids() {
    return last().endpoints().stream().map(Endpoint::id).toList();
  }

  /** {@code id*weight}. */
  List<String> weights() {
    return last().endpoints().stream().map(e -> e.id() + "*" + e.weight()).toList();
  }
}
