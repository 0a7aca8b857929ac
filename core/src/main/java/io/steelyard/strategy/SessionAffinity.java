package io.steelyard.strategy;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.InnerMemory;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Strategy;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** See {@link Strategies#sessionAffinity}. */
record SessionAffinity(Strategy fallback, Duration idle, long maximumSize) implements Strategy {
  SessionAffinity {
    Objects.requireNonNull(fallback, "fallback");
    if (idle.compareTo(Duration.ofMillis(1)) < 0 || idle.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException(
          "sessionAffinity: idle: " + idle + " (expected: 1 ms to 365 days)");
    }
    if (maximumSize < 1) {
      throw new IllegalArgumentException(
          "sessionAffinity: maximumSize: " + maximumSize + " (expected: >= 1)");
    }
  }

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Sessions sessions = context.memory(() -> new Sessions(context, idle, maximumSize));
    sessions.clock = context;
    Picker others = fallback.compile(candidates, context.inner(sessions.fallback));
    return others instanceof BoundedPicker bounded
        ? new BoundedSticky(sessions.endpointOf, candidates, bounded)
        : new Sticky(sessions.endpointOf, candidates, others);
  }

  @Override
  public String toString() {
    return "sessionAffinity(" + fallback + ", " + idle + ", " + maximumSize + ")";
  }

  /** The table of one balancer: key → endpoint id. */
  static final class Sessions implements AutoCloseable {
    final Cache<String, String> endpointOf;
    final InnerMemory fallback = new InnerMemory();

    /** The clock, taken from the latest evaluation so that no older one is kept alive. */
    private volatile Context clock;

    Sessions(Context context, Duration idle, long maximumSize) {
      this.clock = context;
      this.endpointOf =
          Caffeine.newBuilder()
              .expireAfterAccess(idle)
              .maximumSize(maximumSize)
              .ticker(() -> clock.nanoTime())
              .executor(Runnable::run) // its upkeep is short, and no thread of ours is for it
              .build();
    }

    @Override
    public void close() throws Exception {
      endpointOf.invalidateAll();
      fallback.close();
    }
  }

  /**
   * Looks a key up before it asks the fallback.
   *
   * <p>Several requests may bring a new key at once: the first to enter it decides, and the others
   * follow. A session moves only when its endpoint can no longer be used, so a request that has to
   * avoid it, or finds it full, goes elsewhere and leaves the session where it is.
   */
  private static class Sticky implements Picker {
    /** So many choices of the fallback are looked at for one with room for a new session. */
    private static final int RANKS = 8;

    private final Cache<String, String> endpointOf;
    private final Map<String, Integer> usable = new HashMap<>();
    private final Candidates candidates;
    private final Picker others;

    Sticky(Cache<String, String> endpointOf, Candidates candidates, Picker others) {
      this.endpointOf = endpointOf;
      this.candidates = candidates;
      this.others = others;
      for (int i = 0; i < candidates.size(); i++) {
        if (candidates.weight(i) > 0) {
          usable.put(candidates.endpoint(i).id(), i);
        }
      }
    }

    @Override
    public int pick(PickContext context, int rank) {
      String key = context.key();
      if (key == null) {
        return others.pick(context, rank);
      }
      return rank == 0 ? session(key, context) : others.pick(context, rank - 1);
    }

    /** Where the key's session is, after it was begun or moved if need be. */
    final int session(String key, PickContext context) {
      String id = endpointOf.getIfPresent(key);
      Integer at = id == null ? null : usable.get(id);
      return at != null ? at : begin(key, id, context);
    }

    private int begin(String key, @Nullable String departed, PickContext context) {
      int chosen = chooseNew(context);
      if (chosen < 0 || chosen >= candidates.size() || !(candidates.weight(chosen) > 0)) {
        return chosen; // the balancer will complain
      }
      String id = candidates.endpoint(chosen).id();
      String winner =
          departed == null
              ? endpointOf.asMap().putIfAbsent(key, id)
              : endpointOf.asMap().replace(key, departed, id)
                  ? null
                  : endpointOf.asMap().putIfAbsent(key, id);
      Integer at = winner == null ? null : usable.get(winner);
      return at != null ? at : chosen;
    }

    private int chooseNew(PickContext context) {
      for (int rank = 0; rank < RANKS; rank++) {
        int i = others.pick(context, rank);
        if (i < 0 || i >= candidates.size()) {
          break;
        }
        if (!context.avoids(candidates.endpoint(i))
            && candidates.stats(i).inFlight() < candidates.limit(i)) {
          return i;
        }
      }
      return others.pick(context, 0);
    }

    final boolean hasRoom(int candidate, int limit) {
      return candidates.stats(candidate).inFlight() < limit;
    }
  }

  /** Under a bound sessions are bound too: one whose endpoint has no room is served elsewhere. */
  private static final class BoundedSticky extends Sticky implements BoundedPicker {
    private final BoundedPicker others;

    BoundedSticky(Cache<String, String> endpointOf, Candidates candidates, BoundedPicker others) {
      super(endpointOf, candidates, others);
      this.others = others;
    }

    @Override
    public int limit(int candidate, int total) {
      return others.limit(candidate, total);
    }

    @Override
    public int pick(PickContext context, int rank, int total) {
      String key = context.key();
      int at = key == null ? NONE : session(key, context);
      boolean here = at >= 0 && hasRoom(at, limit(at, total));
      if (here && rank == 0) {
        return at;
      }
      return others.pick(context, here ? rank - 1 : rank, total);
    }
  }
}
