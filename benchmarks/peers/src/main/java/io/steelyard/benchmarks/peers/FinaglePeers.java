package io.steelyard.benchmarks.peers;

import com.twitter.finagle.Address;
import com.twitter.finagle.Addresses;
import com.twitter.finagle.ClientConnection$;
import com.twitter.finagle.NoBrokersAvailableException;
import com.twitter.finagle.Service;
import com.twitter.finagle.ServiceFactory;
import com.twitter.finagle.ServiceFactory$;
import com.twitter.finagle.Stack;
import com.twitter.finagle.loadbalancer.Balancers;
import com.twitter.finagle.loadbalancer.EndpointFactory;
import com.twitter.finagle.loadbalancer.LazyEndpointFactory;
import com.twitter.finagle.loadbalancer.LoadBalancerFactory;
import com.twitter.util.Activity;
import com.twitter.util.Future;
import io.steelyard.Endpoint;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import scala.collection.immutable.IndexedSeq;
import scala.collection.immutable.Vector;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Finagle's balancers. They have no choice without a request: a service is taken out and, at the
 * end, closed.
 */
final class FinaglePeers {
  private FinaglePeers() {}

  static Peer roundRobin(List<Endpoint> endpoints) {
    return peer(Balancers.roundRobin(), endpoints);
  }

  static Peer p2c(List<Endpoint> endpoints) {
    return peer(Balancers.p2c(Balancers.p2c$default$1()), endpoints);
  }

  static Peer p2cPeakEwma(List<Endpoint> endpoints) {
    return peer(
        Balancers.p2cPeakEwma(Balancers.p2cPeakEwma$default$1(), Balancers.p2cPeakEwma$default$2()),
        endpoints);
  }

  private static Peer peer(LoadBalancerFactory factory, List<Endpoint> endpoints) {
    List<EndpointFactory<Object, Object>> nodes = new ArrayList<>();
    for (Endpoint endpoint : endpoints) {
      Address address =
          Addresses.newInetAddress(
              InetSocketAddress.createUnresolved(endpoint.host(), endpoint.port()));
      Service<Object, Object> service = new Named(endpoint);
      ServiceFactory<Object, Object> made = ServiceFactory$.MODULE$.constant(service);
      nodes.add(new LazyEndpointFactory<>(() -> made, address));
    }
    IndexedSeq<EndpointFactory<Object, Object>> list =
        Vector.from(CollectionConverters.asScala(nodes));
    ServiceFactory<Object, Object> balancer =
        factory.newBalancer(
            Activity.value(list),
            new NoBrokersAvailableException("cart"),
            Stack.Params$.MODULE$.empty());
    return new Peer() {
      @Override
      public Service<Object, Object> begin() {
        return balancer.apply(ClientConnection$.MODULE$.nil()).poll().get().get();
      }

      @Override
      @SuppressWarnings("unchecked")
      public void end(Object begun) {
        ((Service<Object, Object>) begun).close();
      }

      /** Through all the proxies to the node's own service, by asking it. */
      @Override
      @SuppressWarnings("unchecked")
      public Object endpointOf(Object chosen) {
        return ((Service<Object, Object>) chosen).apply("who?").poll().get().get();
      }

      @Override
      public void close() {
        balancer.close();
      }
    };
  }

  private static final class Named extends Service<Object, Object> {
    private final Endpoint endpoint;

    Named(Endpoint endpoint) {
      this.endpoint = endpoint;
    }

    @Override
    public Future<Object> apply(Object request) {
      return Future.value(endpoint);
    }
  }
}
