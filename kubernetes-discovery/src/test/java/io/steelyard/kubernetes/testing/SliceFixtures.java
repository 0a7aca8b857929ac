package io.steelyard.kubernetes.testing;

import io.fabric8.kubernetes.api.model.ObjectReferenceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import java.util.List;

/** EndpointSlices as a controller would write them, short enough for a test. */
public final class SliceFixtures {
  private SliceFixtures() {}

  /** A slice of IPv4 endpoints with one port called http. */
  public static EndpointSlice slice(
      String namespace, String service, String name, int port, Endpoint... endpoints) {
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withNamespace(namespace)
        .withName(name)
        .addToLabels("kubernetes.io/service-name", service)
        .endMetadata()
        .withAddressType("IPv4")
        .addNewPort()
        .withName("http")
        .withPort(port)
        .withProtocol("TCP")
        .endPort()
        .withEndpoints(List.of(endpoints))
        .build();
  }

  /** A pod that is ready. */
  public static Endpoint pod(String name, String address) {
    return pod(name, address, true, true, false);
  }

  /** A pod with these conditions; its uid is {@code uid-} and its name. */
  public static Endpoint pod(
      String name, String address, boolean ready, boolean serving, boolean terminating) {
    return new EndpointBuilder()
        .withAddresses(address)
        .withNewConditions()
        .withReady(ready)
        .withServing(serving)
        .withTerminating(terminating)
        .endConditions()
        .withNodeName("node-1")
        .withZone("eu-1a")
        .withTargetRef(
            new ObjectReferenceBuilder()
                .withKind("Pod")
                .withName(name)
                .withNamespace("shop")
                .withUid("uid-" + name)
                .build())
        .build();
  }
}
