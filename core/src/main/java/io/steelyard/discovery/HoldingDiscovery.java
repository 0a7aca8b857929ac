package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** See {@link Discoveries#holding(Discovery, Duration)}. */
final class HoldingDiscovery implements Discovery {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  private final Discovery discovery;
  private final Duration hold;
  private final Platform platform;

  HoldingDiscovery(Discovery discovery, Duration hold, Platform platform) {
    this.discovery = discovery;
    this.hold = hold;
    this.platform = platform;
  }

  @Override
  public AutoCloseable watch(Listener listener) {
    Watch watch = new Watch(listener);
    AutoCloseable inner;
    try {
      inner =
          Objects.requireNonNull(discovery.watch(watch), () -> discovery + ": returned no watch");
    } catch (Throwable e) {
      watch.stop();
      throw e;
    }
    return () -> {
      watch.stop();
      inner.close();
    };
  }

  @Override
  public void refresh() {
    discovery.refresh();
  }

  private final class Watch implements Listener {
    private final Outlet outlet;
    private @Nullable Topology
        good; // guarded by this: the last with endpoints, while it is in force
    private @Nullable Topology held; // guarded by this: the empty one that is held back
    private long since; // guarded by this
    private boolean stopped; // guarded by this
    private Platform.@Nullable Cancellable timer; // guarded by this

    Watch(Listener listener) {
      outlet = new Outlet(listener, HoldingDiscovery.this.toString());
    }

    @Override
    public void update(Topology topology) {
      synchronized (this) {
        if (topology.endpoints().isEmpty() && good != null) {
          hold(topology, good);
        } else {
          release();
          good = topology.endpoints().isEmpty() ? null : topology;
          outlet.offer(topology);
        }
      }
      outlet.drain();
    }

    private void hold(Topology empty, Topology last) { // guarded by this
      if (held == null && !stopped) {
        since = platform.nanoTime();
        log.warn(
            "{}: empty all of a sudden; holds its last {} endpoints for {}",
            discovery,
            last.endpoints().size(),
            text(hold));
        timer = platform.schedule(this::overOnWorker, hold);
      }
      held = empty;
      outlet.offer(last.with(Topology.State.STALE, detail(empty, last)));
    }

    private String detail(Topology empty, Topology last) {
      return "empty; its last "
          + last.endpoints().size()
          + " endpoints are held for "
          + text(hold)
          + (empty.state() == Topology.State.LIVE && empty.detail() == null
              ? ""
              : ": " + empty.state() + (empty.detail() == null ? "" : " (" + empty.detail() + ")"));
    }

    /** By a worker; where none can be had by this thread, for nobody will ask again. */
    private void overOnWorker() {
      try {
        platform.executor().execute(this::over);
      } catch (Throwable e) {
        log.warn("{}: no worker; its endpoints are let go by the timer's thread", discovery, e);
        over();
      }
    }

    private void over() {
      synchronized (this) {
        Topology empty = held;
        // A timer that was too late to be cancelled finds nothing held, or not for long enough.
        if (empty == null || stopped || platform.nanoTime() - since < hold.toNanos()) {
          return;
        }
        log.warn("{}: still empty; its endpoints are held no longer", discovery);
        release();
        good = null;
        outlet.offer(empty);
      }
      outlet.drain();
    }

    private void release() { // guarded by this
      held = null;
      if (timer != null) {
        timer.cancel();
        timer = null;
      }
    }

    @Override
    public void failed(Throwable cause) {
      outlet.fail(cause);
      outlet.drain();
    }

    void stop() {
      synchronized (this) {
        stopped = true;
        release();
      }
      outlet.close();
    }
  }

  private static String text(Duration duration) {
    return duration.equals(Duration.ofSeconds(duration.toSeconds()))
        ? duration.toSeconds() + " s"
        : duration.toString();
  }

  @Override
  public String toString() {
    return discovery.toString();
  }
}
