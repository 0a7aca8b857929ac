package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Endpoints that the program itself knows: a list that changes while it runs. */
public final class OwnDiscovery {
  /** Passes on to balancers what somebody tells it. */
  static final class Registry implements Discovery {
    private final Set<Listener> listeners = new HashSet<>();
    private Topology latest = Topology.syncing();

    synchronized void changed(Collection<Endpoint> all) {
      latest = Topology.of(all);
      listeners.forEach(listener -> listener.update(latest));
    }

    @Override
    public synchronized AutoCloseable watch(Listener listener) {
      listeners.add(listener);
      listener.update(latest);
      return () -> unwatch(listener);
    }

    private synchronized void unwatch(Listener listener) {
      listeners.remove(listener);
    }

    @Override
    public String toString() {
      return "registry";
    }
  }

  /** Runs it. */
  public static void main(String... args) throws Exception {
    try (Hello first = new Hello("first");
        Hello second = new Hello("second")) {
      Registry registry = new Registry();
      registry.changed(List.of(first.endpoint()));
      try (Balancer cart = Balancer.builder(registry).build()) {
        System.out.println(ask(cart));
        registry.changed(List.of(second.endpoint()));
        while (cart.candidates().endpoint(0).equals(first.endpoint())) {
          Thread.sleep(10); // a list is in force within a quarter of a second
        }
        System.out.println(ask(cart));
      }
    }
  }

  private static String ask(Balancer cart) throws Exception {
    return cart.call(PickContext.none(), attempt -> Hello.ask(attempt.endpoint()));
  }

  private OwnDiscovery() {}
}
