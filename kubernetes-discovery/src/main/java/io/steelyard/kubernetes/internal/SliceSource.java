package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.FilterWatchListDeletable;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

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
    KubernetesClient client = this.client.get();
    try {
      Listing<Slice> listing = list(v1(client), s -> SliceReader.read(s, weightLabel));
      beta = false;
      return listing;
    } catch (KubernetesClientException e) {
      if (e.getCode() != 404) {
        throw e;
      }
      try {
        Listing<Slice> listing = list(v1beta1(client), s -> SliceReader.read(s, weightLabel));
        beta = true;
        return listing;
      } catch (KubernetesClientException older) {
        e.addSuppressed(older);
        // A refusal says more than a 404: there is something to be allowed.
        throw older.getCode() == 404 ? e : older;
      }
    }
  }

  @Override
  public AutoCloseable watch(String version, Events<Slice> events) throws Exception {
    KubernetesClient client = this.client.get();
    return beta
        ? watch(v1beta1(client), version, s -> SliceReader.read(s, weightLabel), events)
        : watch(v1(client), version, s -> SliceReader.read(s, weightLabel), events);
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }

  private FilterWatchListDeletable<
          io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice,
          io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceList,
          Resource<io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice>>
      v1(KubernetesClient client) {
    return client
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(namespace)
        .withLabel(SERVICE, service);
  }

  private FilterWatchListDeletable<
          io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSlice,
          io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSliceList,
          Resource<io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSlice>>
      v1beta1(KubernetesClient client) {
    return client
        .discovery()
        .v1beta1()
        .endpointSlices()
        .inNamespace(namespace)
        .withLabel(SERVICE, service);
  }

  private static <S extends HasMetadata, L extends KubernetesResourceList<S>> Listing<Slice> list(
      FilterWatchListDeletable<S, L, Resource<S>> slices, Function<S, Slice> read) {
    // No resourceVersion: a consistent read. Version 0 would be answered from a cache of any age.
    L list = slices.list(new ListOptions());
    Map<String, Slice> items = new LinkedHashMap<>();
    List<S> found = list.getItems() == null ? List.of() : list.getItems();
    for (S slice : found) {
      items.put(key(slice.getMetadata()), read.apply(slice));
    }
    String version = list.getMetadata() == null ? null : list.getMetadata().getResourceVersion();
    return new Listing<>(items, version == null ? "" : version);
  }

  private static <S extends HasMetadata> AutoCloseable watch(
      FilterWatchListDeletable<S, ?, Resource<S>> slices,
      String version,
      Function<S, Slice> read,
      Events<Slice> events) {
    ListOptions options =
        new ListOptionsBuilder().withResourceVersion(version).withAllowWatchBookmarks(true).build();
    Watch watch = slices.watch(options, new SliceWatcher<>(read, events));
    return watch;
  }

  private static String key(@Nullable ObjectMeta meta) {
    return meta == null ? "" : meta.getNamespace() + "/" + meta.getName();
  }

  private static final class SliceWatcher<S extends HasMetadata> implements Watcher<S> {
    private final Function<S, Slice> read;
    private final Events<Slice> events;

    SliceWatcher(Function<S, Slice> read, Events<Slice> events) {
      this.read = read;
      this.events = events;
    }

    @Override
    public boolean reconnecting() {
      return false; // every end is ours to see
    }

    @Override
    public void eventReceived(Action action, S resource) {
      try {
        ObjectMeta meta = resource.getMetadata();
        String version = meta == null ? null : meta.getResourceVersion();
        switch (action) {
          case ADDED, MODIFIED -> events.put(key(meta), read.apply(resource), version);
          case DELETED -> events.remove(key(meta), version);
          case BOOKMARK -> events.bookmark(version);
          default ->
              events.ended(new Failure.UnreadableException("an event of type " + action, null));
        }
      } catch (RuntimeException e) {
        events.ended(new Failure.UnreadableException("an event that cannot be read: " + e, e));
      }
    }

    @Override
    public void onClose() {
      events.ended(null);
    }

    @Override
    public void onClose(@Nullable WatcherException cause) {
      events.ended(cause);
    }
  }
}
