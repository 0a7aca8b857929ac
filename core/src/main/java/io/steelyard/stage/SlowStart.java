package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Endpoint;
import io.steelyard.Stage;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Stages#slowStart(Duration, double)}.
 *
 * <p>The law is that of Envoy's slow start mode. Two things differ. It is a factor on the weight,
 * which every strategy honours, and not a part of two of them. And there is {@link #spare}: where
 * most endpoints are new there is nobody to carry what they do not.
 */
record SlowStart(Duration window, double aggression) implements Stage {
  private static final double LEAST = 0.1;
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration LONGEST = Duration.ofDays(1);

  /** Evaluations in a window, so that a weight moves by a twentieth or so at a time. */
  private static final int STEPS = 20;

  /** How much of the pool's weight is left at least: nobody's share more than doubles. */
  private static final double LEFT = 0.5;

  SlowStart {
    if (window.compareTo(FIRST) <= 0 || window.compareTo(LONGEST) > 0) {
      throw new IllegalArgumentException(
          "slowStart: window: " + window + " (expected: above 1 s, at most 1 day)");
    }
    if (!(aggression > 0) || !Double.isFinite(aggression)) {
      throw new IllegalArgumentException(
          "slowStart: aggression: " + aggression + " (expected: finite, > 0)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    Memory memory = context.memory(Memory::new);
    long now = context.nanoTime();
    memory.meet(candidates.topology(), now);
    long soonest = memory.forgetWarm(now, window.toNanos());
    if (soonest == Long.MAX_VALUE) {
      return candidates;
    }
    context.reevaluateAfter(
        Duration.ofNanos(Math.max(1, Math.min(soonest, window.toNanos() / STEPS))));
    double[] factor = new double[candidates.size()];
    for (int i = 0; i < factor.length; i++) {
      Long since = memory.joined.get(candidates.endpoint(i).id());
      factor[i] = since == null ? 1 : factorAfter(now - since);
    }
    if (spare(factor, candidates)) {
      context.note("most are new: none gets more than twice its share");
    }
    return candidates.scale(i -> factor[i]);
  }

  private double factorAfter(long nanos) {
    double part = (double) Math.max(FIRST.toNanos(), nanos) / window.toNanos();
    return Math.min(1, Math.max(LEAST, Math.pow(part, 1 / aggression)));
  }

  /**
   * Raises the factors until half of the weight is left, where it would be less, and to one where
   * all are equally new: one old endpoint beside ten that have just come would get half of all
   * requests, five times what it is used to. All are raised by the same part of what they lack, so
   * that the order stays and nothing jumps as time passes.
   *
   * @return whether it had to
   */
  private static boolean spare(double[] factor, Candidates candidates) {
    double full = 0;
    double left = 0;
    double least = 1;
    double most = 0;
    for (int i = 0; i < factor.length; i++) {
      double weight = candidates.weight(i);
      if (weight > 0) {
        full += weight;
        left += weight * factor[i];
        least = Math.min(least, factor[i]);
        most = Math.max(most, factor[i]);
      }
    }
    if (least >= most) {
      Arrays.fill(factor, 1);
    } else if (left < full * LEFT) {
      double raise = (full * LEFT - left) / (full - left);
      for (int i = 0; i < factor.length; i++) {
        factor[i] += (1 - factor[i]) * raise;
      }
      return true;
    }
    return false;
  }

  @Override
  public String toString() {
    return "slowStart(" + window + (aggression == 1 ? "" : ", " + aggression) + ")";
  }

  /** Who is warming up, and since when. */
  private static final class Memory {
    final Map<String, Long> joined = new HashMap<>();
    private Set<String> known = Set.of();
    private boolean first = true;
    private @Nullable Topology topology;

    /**
     * Notes who has come. Those of the first list are taken for warm: how long they have been there
     * nobody knows, but mostly it is the client that is new.
     */
    @SuppressWarnings("ReferenceEquality") // the same object until discovery publishes another
    void meet(Topology now, long nanoTime) {
      if (topology == now) {
        return;
      }
      topology = now;
      Set<String> present = new HashSet<>();
      for (Endpoint endpoint : now.endpoints()) {
        if (endpoint.weight() > 0 && !endpoint.draining()) {
          present.add(endpoint.id());
          if (!first && !known.contains(endpoint.id())) {
            joined.put(endpoint.id(), nanoTime);
          }
        }
      }
      joined.keySet().retainAll(present);
      known = present;
      first &= present.isEmpty();
    }

    /** Forgets who is through, and says in how many nanoseconds the next one will be. */
    long forgetWarm(long now, long windowNanos) {
      joined.values().removeIf(since -> now - since >= windowNanos);
      long soonest = Long.MAX_VALUE;
      for (long since : joined.values()) {
        soonest = Math.min(soonest, since + windowNanos - now);
      }
      return soonest;
    }
  }
}
