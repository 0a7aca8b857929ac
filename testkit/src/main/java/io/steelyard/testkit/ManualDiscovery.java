package io.steelyard.testkit;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A discovery that publishes what a test tells it, when it tells it.
 *
 * <p>Publishing calls every watcher before it returns, one call at a time. A new watch is given the
 * last topology at once. Thread-safe.
 */
public final class ManualDiscovery implements Discovery {
  private final ReentrantLock lock = new ReentrantLock();
  private final CopyOnWriteArrayList<Watch> watches = new CopyOnWriteArrayList<>();
  private @Nullable Topology last; // guarded by lock

  /** A discovery that has nothing to say yet. */
  public ManualDiscovery() {}

  /** A discovery that knows these endpoints from the start. */
  public ManualDiscovery(Endpoint... endpoints) {
    last = Topology.of(endpoints);
  }

  /** Publishes a {@link Topology.State#LIVE} topology of these endpoints. */
  public void publish(Endpoint... endpoints) {
    publish(Topology.of(endpoints));
  }

  /** Publishes a topology. */
  public void publish(Topology topology) {
    Objects.requireNonNull(topology, "topology");
    lock.lock();
    try {
      last = topology;
      for (Watch watch : watches) {
        if (watches.contains(watch)) { // an earlier one may have closed it
          watch.listener.update(topology);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** Tells every watcher that something went wrong. */
  public void fail(Throwable cause) {
    Objects.requireNonNull(cause, "cause");
    lock.lock();
    try {
      for (Watch watch : watches) {
        if (watches.contains(watch)) {
          watch.listener.failed(cause);
        }
      }
    } finally {
      lock.unlock();
    }
  }

  /** How many watches are open. */
  public int watchers() {
    return watches.size();
  }

  @Override
  public AutoCloseable watch(Listener listener) {
    Watch watch = new Watch(Objects.requireNonNull(listener, "listener"));
    lock.lock();
    try {
      watches.add(watch);
      if (last != null) {
        listener.update(last);
      }
    } finally {
      lock.unlock();
    }
    return () -> {
      lock.lock(); // so that no call is under way when this returns
      try {
        watches.remove(watch);
      } finally {
        lock.unlock();
      }
    };
  }

  @Override
  public String toString() {
    return "manual";
  }

  /** Compared by identity: one listener may watch twice. */
  private static final class Watch {
    final Listener listener;

    Watch(Listener listener) {
      this.listener = listener;
    }
  }
}
