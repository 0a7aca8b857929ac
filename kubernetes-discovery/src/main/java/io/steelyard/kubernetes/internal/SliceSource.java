package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;

/**
 * The EndpointSlices of one service, over the fabric8 client.
 *
 * <p>Clusters older than 1.21 do not serve {@code discovery.k8s.io/v1} and answer 404; those are
 * read by v1beta1. Each list asks for v1 first, so that an upgraded cluster is noticed.
 */
final class SliceSource implements Source<Slice> {
  /** Carried by every slice: the name of its service. */
  static final String SERVICE = "kubernetes.io/service-name";

  private final ClientHolder client;
  private final String namespace;
  private final String service;
  private final String weightLabel;
  private volatile boolean beta;

  SliceSource(ClientHolder client, String namespace, String service, String weightLabel) {
    this.client = client;
    this.namespace = namespace;
    this.service = service;
    this.weightLabel = weightLabel;
  }

  @Override
  public Listing<Slice> list() throws Exception {
    Listing<Slice> listing = listSlices();
    client.answered();
    return listing;
  }

  private Listing<Slice> listSlices() throws Exception {
    KubernetesClient client = this.client.get();
    try {
      Listing<Slice> listing =
          ApiList.get(
              client,
              path("v1"),
              SERVICE + "=" + service,
              io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice.class,
              s -> SliceReader.read(s, weightLabel));
      beta = false;
      return listing;
    } catch (KubernetesClientException e) {
      if (e.getCode() != 404) {
        throw e;
      }
      try {
        Listing<Slice> listing =
            ApiList.get(
                client,
                path("v1beta1"),
                SERVICE + "=" + service,
                io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSlice.class,
                s -> SliceReader.read(s, weightLabel));
        beta = true;
        return listing;
      } catch (KubernetesClientException older) {
        e.addSuppressed(older);
        // A refusal says more than a 404: there is something to be allowed.
        throw older.getCode() == 404 ? e : older;
      }
    }
  }

  private String path(String version) {
    return "apis/discovery.k8s.io/" + version + "/namespaces/" + namespace + "/endpointslices";
  }

  @Override
  public AutoCloseable watch(String version, Events<Slice> events) throws Exception {
    KubernetesClient client = this.client.get();
    ListOptions options = ObjectWatcher.from(version);
    if (beta) {
      return client
          .discovery()
          .v1beta1()
          .endpointSlices()
          .inNamespace(namespace)
          .withLabel(SERVICE, service)
          .watch(options, new ObjectWatcher<>(s -> SliceReader.read(s, weightLabel), events));
    }
    return client
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(namespace)
        .withLabel(SERVICE, service)
        .watch(options, new ObjectWatcher<>(s -> SliceReader.read(s, weightLabel), events));
  }

  @Override
  public void requireWatchable(String version) throws Exception {
    ApiList.requireWatchable(
        client.get(), path(beta ? "v1beta1" : "v1"), SERVICE + "=" + service, version);
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }

  @Override
  public void renew() {
    client.renew();
  }
}
