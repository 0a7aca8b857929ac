package io.grpc.xds;

import io.grpc.CallOptions;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.peers.Peer;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/** What is package-private in grpc-xds. */
public final class GrpcXds {
  private GrpcXds() {}

  /** The configuration of least_request_experimental. */
  public static Object leastRequestOfTwo() {
    return new LeastRequestLoadBalancer.LeastRequestConfig(2);
  }

  /** The configuration of ring_hash_experimental for so many points. */
  public static Object ringOf(long points) {
    RingHashOptions.setRingSizeCap(points);
    return new RingHashLoadBalancer.RingHashConfig(points, points, "");
  }

  /** Call options with the hash of the request's key. */
  public static CallOptions withHash(long hash) {
    return CallOptions.DEFAULT.withOption(XdsNameResolver.RPC_HASH_KEY, hash);
  }

  /** The scheduler of weighted_round_robin, over a list: an index and an array load. */
  public static Peer staticStride(List<Endpoint> endpoints) {
    float[] weights = new float[endpoints.size()];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = endpoints.get(i).weight();
    }
    WeightedRoundRobinLoadBalancer.StaticStrideScheduler scheduler =
        new WeightedRoundRobinLoadBalancer.StaticStrideScheduler(weights, new AtomicInteger());
    Endpoint[] array = endpoints.toArray(Endpoint[]::new);
    return new Peer() {
      @Override
      public Object pick() {
        return array[scheduler.pick()];
      }

      @Override
      public Object endpointOf(Object chosen) {
        return chosen;
      }
    };
  }
}
