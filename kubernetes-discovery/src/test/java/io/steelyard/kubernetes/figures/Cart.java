package io.steelyard.kubernetes.figures;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.testing.LocalApiServer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A service of many pods in slices of a hundred, with names and uids as long as real ones. */
final class Cart {
  static final String NAMESPACE = "shop";
  static final int PER_SLICE = 100;

  private Cart() {}

  static void fill(KubernetesClient admin, String service, int slices) {
    for (int s = 0; s < slices; s++) {
      admin
          .discovery()
          .v1()
          .endpointSlices()
          .inNamespace(NAMESPACE)
          .resource(slice(service, s, -1))
          .create();
    }
  }

  /** Slice s, with one pod of it not ready: none if it is negative. */
  static EndpointSlice slice(String service, int s, int unready) {
    List<Endpoint> pods = new ArrayList<>();
    for (int e = 0; e < PER_SLICE; e++) {
      pods.add(pod(service, s, e, e != unready));
    }
    return slice(service, s, pods);
  }

  static EndpointSlice slice(String service, int s, List<Endpoint> pods) {
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withNamespace(NAMESPACE)
        .withName(service + "-" + s)
        .addToLabels("kubernetes.io/service-name", service)
        .endMetadata()
        .withAddressType("IPv4")
        .addNewPort()
        .withName("http")
        .withPort(8080)
        .withProtocol("TCP")
        .endPort()
        .withEndpoints(pods)
        .build();
  }

  static Endpoint pod(String service, int s, int e, boolean ready) {
    byte[] seed = (service + s + "/" + e).getBytes(StandardCharsets.UTF_8);
    UUID uid = UUID.nameUUIDFromBytes(seed);
    return new EndpointBuilder()
        .withAddresses("10." + (100 + s / 250) + "." + s % 250 + "." + (e + 1))
        .withNewConditions()
        .withReady(ready)
        .withServing(ready)
        .withTerminating(false)
        .endConditions()
        .withNodeName("ip-10-0-" + e + "-17.internal")
        .withZone("eu-west-1" + (char) ('a' + e % 3))
        .withNewTargetRef()
        .withKind("Pod")
        .withName(service + "-7d4b9c6f58-" + uid.toString().substring(0, 5))
        .withNamespace(NAMESPACE)
        .withUid(uid.toString())
        .endTargetRef()
        .build();
  }

  /** The service seen with a client of its own. */
  static KubernetesDiscovery discovery(LocalApiServer server, String service) {
    return KubernetesDiscovery.service(NAMESPACE, service)
        .port("http")
        .kubeconfig(server.kubeconfig(LocalApiServer.ADMIN, NAMESPACE));
  }
}
