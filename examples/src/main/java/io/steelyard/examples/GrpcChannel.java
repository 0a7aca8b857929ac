package io.steelyard.examples;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthGrpc;
import io.steelyard.grpc.Services;
import io.steelyard.kubernetes.KubernetesDiscovery;

/** Asks a pod of service {@code cart} in namespace {@code shop} how it is, through gRPC. */
public final class GrpcChannel {
  /** Runs it. */
  public static void main(String... args) {
    Services services =
        Services.of("cart", KubernetesDiscovery.service("shop", "cart").port("grpc"));
    System.out.println(health(services));
  }

  /** Works with any discovery. */
  static String health(Services services) {
    ManagedChannel channel =
        services
            .configure(
                Grpc.newChannelBuilder("steelyard:///cart", InsecureChannelCredentials.create()))
            .build();
    try {
      return HealthGrpc.newBlockingStub(channel)
          .check(HealthCheckRequest.getDefaultInstance())
          .getStatus()
          .toString();
    } finally {
      channel.shutdownNow();
    }
  }

  private GrpcChannel() {}
}
