package io.steelyard.kubernetes.internal;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import org.jspecify.annotations.Nullable;

/**
 * Hands topologies to one listener, one at a time. A listener that is slow holds up nobody else and
 * sees the latest topology next, not every one; one that throws is called again all the same.
 */
final class Delivery {
  private final Latest<News> latest;

  private record News(@Nullable Topology topology, @Nullable Throwable failure) {
    News and(News later) {
      return new News(
          later.topology != null ? later.topology : topology,
          later.failure != null ? later.failure : failure);
    }
  }

  Delivery(Discovery.Listener listener, Platform platform, String name) {
    this.latest =
        new Latest<>(
            platform,
            name,
            News::and,
            news -> {
              try {
                if (news.topology != null) {
                  listener.update(news.topology);
                }
              } finally {
                if (news.failure != null) {
                  listener.failed(news.failure);
                }
              }
            });
  }

  void offer(Topology topology) {
    latest.offer(new News(topology, null));
  }

  /** The same in two steps: returns whether {@link #drain} is to follow, on the calling thread. */
  boolean take(Topology topology) {
    return latest.take(new News(topology, null));
  }

  void drain() {
    latest.drain();
  }

  void fail(Throwable cause) {
    latest.offer(new News(null, cause));
  }

  /** See {@link Latest#close()}. */
  void close() {
    latest.close();
  }
}
