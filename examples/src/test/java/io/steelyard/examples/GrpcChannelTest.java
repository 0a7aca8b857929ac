package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.protobuf.services.HealthStatusManager;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import io.steelyard.grpc.Services;
import org.junit.jupiter.api.Test;

class GrpcChannelTest {
  @Test
  void asksARealServer() throws Exception {
    Server pod =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(new HealthStatusManager().getHealthService())
            .build()
            .start();
    try {
      Topology topology = Topology.of(Endpoint.of("127.0.0.1", pod.getPort()));
      Services services =
          Services.of(
              "cart",
              listener -> {
                listener.update(topology);
                return () -> {};
              });
      assertThat(GrpcChannel.health(services)).isEqualTo("SERVING");
    } finally {
      pod.shutdownNow();
    }
  }
}
