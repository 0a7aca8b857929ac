package io.steelyard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Endpoint;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.Recorder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A real API server that has {@code discovery.k8s.io/v1beta1} only. */
@Timeout(300)
class OldClusterTest {
  @Test
  void row11_slicesAreReadByV1beta1WhereV1IsNotServed() throws Exception {
    Optional<Path> assets = LocalApiServer.assets();
    Assumptions.assumeTrue(
        assets.isPresent() && LocalApiServer.isOld(assets.get()),
        "skipped: KUBEBUILDER_ASSETS names no kube-apiserver older than 1.21");
    try (LocalApiServer server = LocalApiServer.startAsOldCluster(assets.get())) {
      server.namespace("shop");
      KubernetesClient admin = server.admin();
      EndpointSlice slice =
          new EndpointSliceBuilder()
              .withNewMetadata()
              .withNamespace("shop")
              .withName("cart-1")
              .addToLabels("kubernetes.io/service-name", "cart")
              .endMetadata()
              .withAddressType("IPv4")
              .addNewPort()
              .withName("http")
              .withPort(8080)
              .withProtocol("TCP")
              .endPort()
              .addNewEndpoint()
              .withAddresses("10.0.0.1")
              .addToTopology("topology.kubernetes.io/zone", "eu-1a")
              .addToTopology("kubernetes.io/hostname", "node-1")
              .endEndpoint()
              .build();
      admin.discovery().v1beta1().endpointSlices().inNamespace("shop").resource(slice).create();
      Recorder recorder = new Recorder();
      KubernetesDiscovery cart = KubernetesDiscovery.service("shop", "cart").client(admin);
      try (AutoCloseable watch = cart.watch(recorder)) {
        await()
            .atMost(Duration.ofSeconds(75))
            .untilAsserted(
                () ->
                    assertThat(recorder.last().endpoints())
                        .containsExactly(
                            Endpoint.builder("10.0.0.1:8080")
                                .host("10.0.0.1")
                                .port(8080)
                                .zone("eu-1a")
                                .node("node-1")
                                .build()));
        admin.discovery().v1beta1().endpointSlices().inNamespace("shop").resource(slice).delete();
        await()
            .atMost(Duration.ofSeconds(75))
            .untilAsserted(() -> assertThat(recorder.state()).isEqualTo(State.ABSENT));
      }
    }
  }
}
