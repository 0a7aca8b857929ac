package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.PodResource;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.internal.Source;
import java.util.Map;

/**
 * The uids of the pods with some labels. The API server does the selecting, and tells of a pod that
 * no longer has them as of one that is gone: of all the other pods in the namespace nothing is
 * read.
 */
final class PodSelection implements Source<String> {
  private final ClientHolder client;
  private final String namespace;
  private final Map<String, String> labels;

  PodSelection(ClientHolder client, String namespace, Map<String, String> labels) {
    this.client = client;
    this.namespace = namespace;
    this.labels = labels;
  }

  @Override
  public Listing<String> list() throws Exception {
    Listing<String> listing =
        Listings.of(pods(client.get()).list(new ListOptions()), PodSelection::uid);
    client.answered();
    return listing;
  }

  @Override
  public AutoCloseable watch(String version, Events<String> events) throws Exception {
    return pods(client.get())
        .watch(Listings.from(version), new Listings.Events<>(PodSelection::uid, events));
  }

  private FilterWatchListDeletable<Pod, PodList, PodResource> pods(KubernetesClient client) {
    return client.pods().inNamespace(namespace).withLabels(labels);
  }

  private static String uid(Pod pod) {
    String uid = pod.getMetadata() == null ? null : pod.getMetadata().getUid();
    return uid == null ? "" : uid;
  }

  @Override
  public void renew() {
    client.renew();
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }
}
