package io.steelyard.kubernetes.testing;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that keeps everything it is told. */
public final class Recorder implements Discovery.Listener {
  private final List<Topology> topologies = new CopyOnWriteArrayList<>();
  private final List<Throwable> failures = new CopyOnWriteArrayList<>();

  @Override
  public void update(Topology topology) {
    topologies.add(topology);
  }

  @Override
  public void failed(Throwable cause) {
    failures.add(cause);
  }

  public List<Topology> topologies() {
    return topologies;
  }

  public List<Throwable> failures() {
    return failures;
  }

  public Topology last() {
    return topologies.isEmpty() ? Topology.syncing() : topologies.get(topologies.size() - 1);
  }

  public Topology.State state() {
    return last().state();
  }

  /** The authorities of the endpoints, draining ones in parentheses. */
  public List<String> addresses() {
    return last().endpoints().stream().map(Recorder::text).toList();
  }

  private static String text(Endpoint endpoint) {
    return endpoint.draining() ? "(" + endpoint.authority() + ")" : endpoint.authority();
  }
}
