package io.steelyard.benchmarks.peers;

import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.cloud.client.DefaultServiceInstance;
import org.springframework.cloud.client.ServiceInstance;
import org.springframework.cloud.client.loadbalancer.Response;
import org.springframework.cloud.loadbalancer.core.RandomLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ReactorServiceInstanceLoadBalancer;
import org.springframework.cloud.loadbalancer.core.RoundRobinLoadBalancer;
import org.springframework.cloud.loadbalancer.core.ServiceInstanceListSupplier;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

/**
 * Spring Cloud LoadBalancer on a supplier with a fixed list, asked the way blocking clients ask.
 */
final class SpringCloudPeers {
  private SpringCloudPeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    return peer(new RoundRobinLoadBalancer(supplier(endpoints), "cart"));
  }

  static Peer random(List<Endpoint> endpoints) {
    return peer(new RandomLoadBalancer(supplier(endpoints), "cart"));
  }

  private static ObjectProvider<ServiceInstanceListSupplier> supplier(List<Endpoint> endpoints) {
    List<ServiceInstance> instances = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      instances.add(
          new DefaultServiceInstance(
              endpoint.host(), "cart", endpoint.host(), endpoint.port(), false));
    }
    Flux<List<ServiceInstance>> published = Flux.just(instances);
    ServiceInstanceListSupplier supplier =
        new ServiceInstanceListSupplier() {
          @Override
          public String getServiceId() {
            return "cart";
          }

          @Override
          public Flux<List<ServiceInstance>> get() {
            return published;
          }
        };
    return new ObjectProvider<>() {
      @Override
      public ServiceInstanceListSupplier getObject() {
        return supplier;
      }
    };
  }

  private static Peer peer(ReactorServiceInstanceLoadBalancer balancer) {
    return new Peer() {
      @Override
      public Object pick() {
        Response<ServiceInstance> response = Mono.from(balancer.choose()).block();
        return Objects.requireNonNull(Objects.requireNonNull(response).getServer());
      }

      @Override
      public Object endpointOf(Object chosen) {
        return ((ServiceInstance) chosen).getHost();
      }
    };
  }
}
