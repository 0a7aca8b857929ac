package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ListOptions;
import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Hands what the client's watch says to a reflector, cut down to what is kept. */
public final class ObjectWatcher<S extends HasMetadata, T> implements Watcher<S> {
  private final Function<S, @Nullable T> read;
  private final Source.Events<T> events;

  /**
   * Creates a watcher.
   *
   * @param read returns what is kept of an object, or null if it is of no interest
   */
  public ObjectWatcher(Function<S, @Nullable T> read, Source.Events<T> events) {
    this.read = read;
    this.events = events;
  }

  /** The options of a watch from this version on. */
  public static ListOptions from(String version) {
    return new ListOptionsBuilder()
        .withResourceVersion(version)
        .withAllowWatchBookmarks(true)
        .build();
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
        case ADDED, MODIFIED -> {
          T kept = read.apply(resource);
          if (kept != null) {
            events.put(ApiList.key(meta), kept, version);
          } else {
            events.remove(ApiList.key(meta), version);
          }
        }
        case DELETED -> events.remove(ApiList.key(meta), version);
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
