package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** See {@link Discoveries#merged}. */
final class MergedDiscovery implements Discovery {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  private final List<Discovery> parts;

  MergedDiscovery(List<Discovery> parts) {
    this.parts = parts;
  }

  /** One topology of those of the parts, in their order. */
  static Topology merge(List<String> names, List<Topology> parts) {
    Map<String, Endpoint> union = new LinkedHashMap<>();
    List<String> details = new ArrayList<>();
    State worst = null;
    boolean syncing = false;
    boolean closed = true;
    for (int i = 0; i < parts.size(); i++) {
      Topology part = parts.get(i);
      part.endpoints().forEach(endpoint -> union.putIfAbsent(endpoint.id(), endpoint));
      syncing |= part.state() == State.SYNCING;
      State counts = counts(part);
      if (counts != null) {
        closed &= part.state() == State.CLOSED;
        worst = worst == null || counts.compareTo(worst) > 0 ? counts : worst;
      }
      if (part.state() != State.LIVE || part.detail() != null) {
        details.add(
            names.get(i)
                + ": "
                + part.state()
                + (part.detail() == null ? "" : " (" + part.detail() + ")"));
      }
    }
    State state = worst;
    if (state == null) {
      state = syncing ? State.SYNCING : State.ABSENT;
    } else if (closed) {
      state = State.CLOSED;
    }
    return Topology.of(union.values())
        .with(state, details.isEmpty() ? null : String.join("; ", details));
  }

  /** What a part counts as: null for one that has nothing to say beside others. */
  private static @Nullable State counts(Topology part) {
    return switch (part.state()) {
      case LIVE -> State.LIVE;
      case STALE, CLOSED -> State.STALE;
      case UNAUTHORIZED -> State.UNAUTHORIZED;
      case ABSENT, SYNCING -> part.endpoints().isEmpty() ? null : State.STALE;
    };
  }

  @Override
  public AutoCloseable watch(Listener listener) {
    Watch watch = new Watch(listener);
    try {
      watch.start();
    } catch (Throwable e) {
      watch.close();
      throw e;
    }
    return watch;
  }

  @Override
  public void refresh() {
    parts.forEach(Discovery::refresh);
  }

  private final class Watch implements AutoCloseable {
    private final Outlet outlet;
    private final List<String> names = parts.stream().map(Discovery::toString).toList();
    private final List<Topology> latest = new ArrayList<>(); // guarded by this
    private boolean started; // guarded by this
    private boolean heard; // guarded by this
    private final List<AutoCloseable> watches = new ArrayList<>(); // guarded by itself

    Watch(Listener listener) {
      outlet = new Outlet(listener, MergedDiscovery.this.toString());
      parts.forEach(part -> latest.add(Topology.syncing()));
    }

    /** What parts say at once is one list. */
    void start() {
      for (int i = 0; i < parts.size(); i++) {
        Discovery part = parts.get(i);
        AutoCloseable watch =
            Objects.requireNonNull(part.watch(new Part(i)), () -> part + ": returned no watch");
        synchronized (watches) {
          watches.add(watch);
        }
      }
      synchronized (this) {
        started = true;
        if (heard) {
          outlet.offer(merge(names, latest));
        }
      }
      outlet.drain();
    }

    private void said(int part, Topology topology) {
      synchronized (this) {
        latest.set(part, topology);
        heard = true;
        if (started) {
          outlet.offer(merge(names, latest));
        }
      }
      outlet.drain();
    }

    private void failed(Throwable cause) {
      outlet.fail(cause);
      outlet.drain();
    }

    @Override
    public void close() {
      outlet.close();
      List<AutoCloseable> open;
      synchronized (watches) {
        open = List.copyOf(watches);
        watches.clear();
      }
      for (AutoCloseable watch : open) { // with no lock held: a part may wait for its listener
        try {
          watch.close();
        } catch (Exception e) {
          log.warn("{}: a part could not be closed", MergedDiscovery.this, e);
        }
      }
    }

    private final class Part implements Listener {
      private final int index;

      Part(int index) {
        this.index = index;
      }

      @Override
      public void update(Topology topology) {
        said(index, Objects.requireNonNull(topology, "topology"));
      }

      @Override
      public void failed(Throwable cause) {
        Watch.this.failed(cause);
      }
    }
  }

  @Override
  public String toString() {
    return parts.stream().map(Discovery::toString).collect(Collectors.joining(" + "));
  }
}
