package io.steelyard.benchmarks.peers;

import com.linecorp.armeria.common.loadbalancer.LoadBalancer;
import com.linecorp.armeria.common.loadbalancer.SimpleLoadBalancer;
import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/** Armeria's load balancers, over its own endpoints. */
final class ArmeriaPeers {
  private ArmeriaPeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    return peer(LoadBalancer.ofRoundRobin(theirs(endpoints)));
  }

  static Peer weightedRoundRobin(List<Endpoint> endpoints) {
    return peer(LoadBalancer.ofWeightedRoundRobin(theirs(endpoints)));
  }

  static Peer weightedRandom(List<Endpoint> endpoints) {
    return peer(LoadBalancer.ofWeightedRandom(theirs(endpoints)));
  }

  private static List<com.linecorp.armeria.client.Endpoint> theirs(List<Endpoint> endpoints) {
    List<com.linecorp.armeria.client.Endpoint> theirs = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      theirs.add(
          com.linecorp.armeria.client.Endpoint.of(endpoint.host(), endpoint.port())
              .withWeight(endpoint.weight()));
    }
    return theirs;
  }

  private static Peer peer(SimpleLoadBalancer<com.linecorp.armeria.client.Endpoint> balancer) {
    return new Peer() {
      @Override
      public Object pick() {
        return Objects.requireNonNull(balancer.pick());
      }

      @Override
      public Object endpointOf(Object chosen) {
        return chosen;
      }
    };
  }
}
