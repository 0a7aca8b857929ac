package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.Watcher;
import io.steelyard.kubernetes.internal.ApiList;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.internal.ObjectWatcher;
import io.steelyard.kubernetes.internal.Source;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

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
        ApiList.get(client.get(), path(), selector(), Pod.class, PodSelection::uid);
    client.answered();
    return listing;
  }

  @Override
  public AutoCloseable watch(String version, Events<String> events) throws Exception {
    Watcher<Pod> watcher = new ObjectWatcher<>(PodSelection::uid, events);
    return client
        .get()
        .pods()
        .inNamespace(namespace)
        .withLabels(labels)
        .watch(ObjectWatcher.from(version), watcher);
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
  public void requireWatchable(String version) throws Exception {
    ApiList.requireWatchable(client.get(), path(), selector(), version);
  }

  private String path() {
    return "api/v1/namespaces/" + namespace + "/pods";
  }

  private String selector() {
    return new TreeMap<>(labels)
        .entrySet().stream()
            .map(label -> label.getKey() + "=" + label.getValue())
            .collect(Collectors.joining(","));
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }
}
