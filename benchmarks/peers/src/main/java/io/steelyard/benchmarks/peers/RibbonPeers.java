package io.steelyard.benchmarks.peers;

import com.netflix.loadbalancer.BaseLoadBalancer;
import com.netflix.loadbalancer.BestAvailableRule;
import com.netflix.loadbalancer.IRule;
import com.netflix.loadbalancer.LoadBalancerStats;
import com.netflix.loadbalancer.RoundRobinRule;
import com.netflix.loadbalancer.Server;
import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.List;

/** Ribbon's rules, without pings. */
final class RibbonPeers {
  private RibbonPeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    BaseLoadBalancer balancer = balancer(new RoundRobinRule(), endpoints);
    return new PickOnly(balancer);
  }

  static Peer bestAvailable(List<Endpoint> endpoints) {
    BaseLoadBalancer balancer = balancer(new BestAvailableRule(), endpoints);
    LoadBalancerStats stats = balancer.getLoadBalancerStats();
    return new PickOnly(balancer) {
      @Override
      public Object begin() {
        Server server = balancer.chooseServer();
        stats.incrementActiveRequestsCount(server);
        return server;
      }

      @Override
      public void end(Object begun) {
        stats.decrementActiveRequestsCount((Server) begun);
      }
    };
  }

  private static BaseLoadBalancer balancer(IRule rule, List<Endpoint> endpoints) {
    BaseLoadBalancer balancer = new BaseLoadBalancer(null, rule);
    // Once more: the constructor does it before there are statistics, and best available without
    // them is a round robin.
    rule.setLoadBalancer(balancer);
    List<Server> servers = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      Server server = new Server(endpoint.host(), endpoint.port());
      server.setAlive(true);
      servers.add(server);
    }
    balancer.addServers(servers);
    return balancer;
  }

  private static class PickOnly extends Peer {
    private final BaseLoadBalancer balancer;

    PickOnly(BaseLoadBalancer balancer) {
      this.balancer = balancer;
    }

    @Override
    public Object pick() {
      return balancer.chooseServer();
    }

    @Override
    public Object endpointOf(Object chosen) {
      return chosen;
    }

    @Override
    public void close() {
      balancer.shutdown();
    }
  }
}
