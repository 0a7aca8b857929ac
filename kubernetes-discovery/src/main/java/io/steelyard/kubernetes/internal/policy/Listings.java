package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.steelyard.kubernetes.internal.Source;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What the client's lists and events are to a {@link Source}. */
final class Listings {
  private Listings() {}

  static <S extends HasMetadata, T> Source.Listing<T> of(
      KubernetesResourceList<S> list, Function<S, T> read) {
    Map<String, T> items = new LinkedHashMap<>();
    List<S> found = list.getItems() == null ? List.of() : list.getItems();
    for (S object : found) {
      items.put(key(object.getMetadata()), read.apply(object));
    }
    String version = list.getMetadata() == null ? null : list.getMetadata().getResourceVersion();
    return new Source.Listing<>(items, version == null ? "" : version);
  }

  /** The options of a watch from this version on. */
  static ListOptions from(String version) {
    return new ListOptionsBuilder()
        .withResourceVersion(version)
        .withAllowWatchBookmarks(true)
        .build();
  }

  private static String key(@Nullable ObjectMeta meta) {
    return meta == null ? "" : meta.getNamespace() + "/" + meta.getName();
  }

  /** Hands on the events of a watch; every end is the source's to see. */
  static final class Events<S extends HasMetadata, T> implements Watcher<S> {
    private final Function<S, T> read;
    private final Source.Events<T> events;

    Events(Function<S, T> read, Source.Events<T> events) {
      this.read = read;
      this.events = events;
    }

    @Override
    public boolean reconnecting() {
      return false;
    }

    @Override
    public void eventReceived(Action action, S object) {
      ObjectMeta meta = object.getMetadata();
      String version = meta == null ? null : meta.getResourceVersion();
      switch (action) {
        case ADDED, MODIFIED -> events.put(key(meta), read.apply(object), version);
        case DELETED -> events.remove(key(meta), version);
        case BOOKMARK -> events.bookmark(version);
        default -> events.ended(new IllegalStateException("an event of type " + action));
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
