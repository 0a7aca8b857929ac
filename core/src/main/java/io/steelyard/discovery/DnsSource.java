package io.steelyard.discovery;

import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.discovery.Lookup.NotFound;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** What to make of answers and of none: the last good list, and when to ask again. */
final class DnsSource implements Poller.Source {
  /** How often a server is asked at most for an answer that it says is good for less. */
  static final Duration LEAST = Duration.ofSeconds(5);

  private final Lookup lookup;
  private final Duration every;
  private final Platform platform;

  private @Nullable Topology good;
  private boolean absent;
  private int failures;

  DnsSource(Lookup lookup, Duration every, Platform platform) {
    this.lookup = lookup;
    this.every = every;
    this.platform = platform;
  }

  @Override
  public Poller.Look look() {
    Lookup.Found found;
    try {
      found = lookup.find();
    } catch (NotFound e) {
      return unknown(e);
    }
    Topology list = Topology.of(found.endpoints());
    good = list;
    absent = false;
    if (found.problem() != null) {
      return soon(list.with(Topology.State.STALE, found.problem()));
    }
    failures = 0;
    Duration good = Duration.ofSeconds(Math.min(found.seconds(), every.toSeconds() + 1));
    Duration next = good.compareTo(LEAST) < 0 ? LEAST : good;
    return new Poller.Look(
        list, Poller.jittered(next.compareTo(every) < 0 ? next : every, platform.random()));
  }

  @Override
  public void close() {
    lookup.close();
  }

  private Poller.Look unknown(NotFound e) {
    absent =
        switch (e.why()) {
          case ABSENT -> true;
          case FAILED -> false;
          case AS_BEFORE -> absent;
        };
    if (absent) {
      good = Topology.of();
      return soon(good.with(Topology.State.ABSENT, e.getMessage()));
    }
    return soon(
        good == null
            ? Topology.syncing().with(Topology.State.SYNCING, e.getMessage())
            : good.with(Topology.State.STALE, e.getMessage()));
  }

  private Poller.Look soon(Topology topology) {
    failures++;
    return new Poller.Look(topology, Poller.backoff(failures, every, platform.random()));
  }
}
