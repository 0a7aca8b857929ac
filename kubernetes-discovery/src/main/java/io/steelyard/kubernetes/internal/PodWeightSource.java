package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.dsl.Watchable;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The weights that pods of a namespace carry themselves, in a label or an annotation.
 *
 * <p>A label is selected by the server, so only pods that have one are sent. An annotation is not,
 * so all pods of the namespace are, and those without are dropped here.
 */
final class PodWeightSource implements Source<PodWeightSource.PodWeight> {
  /** What a pod says of its weight, as it stands there. */
  record PodWeight(String uid, String weight) {}

  private final ClientHolder client;
  private final String namespace;
  private final String key;
  private final boolean annotation;

  PodWeightSource(ClientHolder client, String namespace, String key, boolean annotation) {
    this.client = client;
    this.namespace = namespace;
    this.key = key;
    this.annotation = annotation;
  }

  @Override
  public Listing<PodWeight> list() throws Exception {
    Listing<PodWeight> listing =
        ApiList.get(client.get(), path(), selector(), Pod.class, this::read);
    client.answered();
    return listing;
  }

  @Override
  public AutoCloseable watch(String version, Events<PodWeight> events) throws Exception {
    KubernetesClient client = this.client.get();
    ListOptions options = ObjectWatcher.from(version);
    var pods = client.pods().inNamespace(namespace);
    Watchable<Pod> selected = annotation ? pods : pods.withLabel(key);
    Watcher<Pod> watcher = new ObjectWatcher<>(this::read, events);
    return selected.watch(options, watcher);
  }

  private @Nullable PodWeight read(Pod pod) {
    ObjectMeta meta = pod.getMetadata();
    if (meta == null || meta.getUid() == null) {
      return null;
    }
    Map<String, String> texts = annotation ? meta.getAnnotations() : meta.getLabels();
    String weight = texts == null ? null : texts.get(key);
    return weight == null ? null : new PodWeight(meta.getUid(), weight);
  }

  @Override
  public void requireWatchable(String version) throws Exception {
    ApiList.requireWatchable(client.get(), path(), selector(), version);
  }

  private String path() {
    return "api/v1/namespaces/" + namespace + "/pods";
  }

  private @Nullable String selector() {
    return annotation ? null : key;
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
