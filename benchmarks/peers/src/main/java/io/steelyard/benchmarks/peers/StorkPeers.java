package io.steelyard.benchmarks.peers;

import io.smallrye.stork.api.LoadBalancer;
import io.smallrye.stork.api.ServiceInstance;
import io.smallrye.stork.impl.DefaultServiceInstance;
import io.smallrye.stork.impl.RoundRobinLoadBalancer;
import io.smallrye.stork.loadbalancer.poweroftwochoices.PowerOfTwoChoicesLoadBalancer;
import io.smallrye.stork.loadbalancer.requests.LeastRequestsLoadBalancer;
import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.List;

/** Stork's load balancers; a list comes with each choice. */
final class StorkPeers {
  private StorkPeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    return new PickOnly(new RoundRobinLoadBalancer(), endpoints);
  }

  static Peer leastRequests(List<Endpoint> endpoints) {
    return new Counting(new LeastRequestsLoadBalancer(), endpoints);
  }

  static Peer powerOfTwo(List<Endpoint> endpoints) {
    // The constructor is protected; its provider calls it with what the configuration says.
    return new Counting(new PowerOfTwoChoicesLoadBalancer(false) {}, endpoints);
  }

  private static class PickOnly extends Peer {
    final LoadBalancer balancer;
    final List<ServiceInstance> instances = new ArrayList<>();

    PickOnly(LoadBalancer balancer, List<Endpoint> endpoints) {
      this.balancer = balancer;
      for (Endpoint endpoint : endpoints) {
        instances.add(
            new DefaultServiceInstance(instances.size(), endpoint.host(), endpoint.port(), false));
      }
    }

    @Override
    public ServiceInstance pick() {
      return balancer.selectServiceInstance(instances);
    }

    @Override
    public Object endpointOf(Object chosen) {
      return ((ServiceInstance) chosen).getId();
    }
  }

  private static final class Counting extends PickOnly {
    Counting(LoadBalancer balancer, List<Endpoint> endpoints) {
      super(balancer, endpoints);
    }

    @Override
    public Object begin() {
      ServiceInstance chosen = balancer.selectServiceInstance(instances);
      chosen.recordStart(false);
      return chosen;
    }

    @Override
    public void end(Object begun) {
      ((ServiceInstance) begun).recordEnd(null);
    }
  }
}
