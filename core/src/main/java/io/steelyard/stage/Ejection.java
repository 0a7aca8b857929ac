package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.Reason;
import io.steelyard.Stage;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Stages#ejection(int, Duration, Duration)}.
 *
 * <p>Each endpoint that has failed is in one of three phases; what is in none is simply watched:
 *
 * <pre>
 *              failures in a row            time is up            a success
 *   (watched) ───────────────────► OUT ───────────────► PROBING ────────────► RAMPING ───► (watched)
 *                                   ▲                      │ a failure           │ failures in a row
 *                                   └──────────────────────┴─────────────────────┘
 * </pre>
 */
record Ejection(int failures, Duration base, Duration most) implements Stage {
  private static final double RAMP_FROM = 0.1;
  private static final int RAMP_STEPS = 10;
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** Doubling stops here in any case: 2^20 × base is beyond every sensible {@code most}. */
  private static final int MOST_DOUBLINGS = 20;

  Ejection {
    if (failures < 1 || failures > 65_535) {
      throw new IllegalArgumentException(
          "ejection: failures: " + failures + " (expected: 1 to 65535)");
    }
    if (base.isNegative() || base.isZero()) {
      throw new IllegalArgumentException("ejection: base: " + base + " (expected: > 0)");
    }
    if (most.compareTo(base) < 0) {
      throw new IllegalArgumentException(
          "ejection: most: " + most + " (expected: >= base, " + base + ")");
    }
    if (most.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException("ejection: most: " + most + " (expected: <= 365 days)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    Memory memory = context.memory(Memory::new);
    long now = context.nanoTime();
    memory.forgetDeparted(candidates);
    for (int i = 0; i < candidates.size(); i++) {
      step(candidates, i, memory, context, now);
    }
    Episode[] episodes = new Episode[candidates.size()];
    for (int i = 0; i < episodes.length; i++) {
      episodes[i] = memory.episodes.get(candidates.endpoint(i).id());
    }
    return candidates
        .exclude(i -> reason(episodes[i], Phase.OUT))
        .scale(i -> episodes[i] == null ? 1 : rampFactor(episodes[i], now))
        .probe(i -> reason(episodes[i], Phase.PROBING));
  }

  /** Moves one endpoint to the phase it belongs in now, and asks to be woken for the next. */
  private void step(Candidates candidates, int i, Memory memory, Context context, long now) {
    EndpointStats stats = candidates.stats(i);
    String id = candidates.endpoint(i).id();
    Episode episode = memory.episodes.get(id);
    if (episode == null) {
      if (stats.consecutiveFailures() >= failures) {
        memory.episodes.put(id, takeOut(new Episode(), inARow(), i, context, now));
      } else {
        context.wakeAfterFailures(i, failures);
      }
      return;
    }
    if (episode.phase == Phase.OUT && now - episode.until >= 0) {
      episode.phase = Phase.PROBING;
      episode.begunBefore = stats.begun();
      episode.probeOut = false;
      context.forgetFailures(i);
    } else if (episode.phase == Phase.PROBING && stats.consecutiveFailures() >= 1) {
      takeOut(episode, "a failed probe", i, context, now);
    } else if (episode.phase == Phase.PROBING && stats.recovered()) {
      episode.phase = Phase.RAMPING;
      episode.until = now + base.toNanos();
    } else if (episode.phase == Phase.PROBING && !episode.probeOut) {
      episode.probeOut = stats.begun() != episode.begunBefore;
      episode.until = now + patience().toNanos();
    } else if (episode.phase == Phase.PROBING && now - episode.until >= 0) {
      takeOut(episode, "a probe without an answer", i, context, now);
    } else if ((episode.phase == Phase.RAMPING || episode.phase == Phase.WATCHED)
        && stats.consecutiveFailures() >= failures) {
      takeOut(episode, inARow(), i, context, now);
    } else if (episode.phase == Phase.RAMPING && now - episode.until >= 0) {
      episode.phase = Phase.WATCHED;
      episode.until = now + most.toNanos();
    } else if (episode.phase == Phase.WATCHED && now - episode.until >= 0) {
      episode.number--;
      episode.until = now + most.toNanos();
      if (episode.number == 0) {
        memory.episodes.remove(id);
      }
    }
    switch (episode.phase) {
      case OUT -> context.reevaluateAfter(Duration.ofNanos(Math.max(1, episode.until - now)));
      case PROBING -> {
        context.wakeAfterFailures(i, 1);
        context.wakeOnSuccess(i);
        context.reevaluateAfter(base); // to see whether a probe is out, and for how long
      }
      case RAMPING -> {
        context.wakeAfterFailures(i, failures);
        context.reevaluateAfter(base.dividedBy(RAMP_STEPS));
      }
      case WATCHED -> {
        context.wakeAfterFailures(i, failures);
        context.reevaluateAfter(Duration.ofNanos(Math.max(1, episode.until - now)));
      }
    }
  }

  private String inARow() {
    return failures + " failures in a row";
  }

  /** How long a probe may take: it may never end, if its verdict was lost. */
  private Duration patience() {
    return base.compareTo(PATIENCE) > 0 ? base : PATIENCE;
  }

  private Episode takeOut(Episode episode, String why, int i, Context context, long now) {
    if (episode.number == 0 || !context.setAside()) {
      // Doubling is for one that fails by itself. While a panic guard keeps everything in use,
      // everything fails, again and again, and would be out for minutes after the cause has gone.
      episode.number = Math.min(episode.number + 1, MOST_DOUBLINGS);
    }
    episode.phase = Phase.OUT;
    long doubled =
        base.toNanos()
            << Math.min(episode.number - 1, Long.numberOfLeadingZeros(base.toNanos()) - 1);
    long outFor = Math.min(doubled, most.toNanos());
    episode.until = now + outFor;
    episode.reason =
        Reason.of("ejected: " + why + (episode.number > 1 ? ", episode " + episode.number : ""))
            .until(episode.until);
    context.forgetFailures(i); // what is in flight now belongs to this episode, not to the next
    context.reevaluateAfter(Duration.ofNanos(outFor));
    return episode;
  }

  private double rampFactor(Episode episode, long now) {
    if (episode.phase != Phase.RAMPING) {
      return 1;
    }
    double left = Math.max(0, episode.until - now) / (double) base.toNanos();
    return Math.min(1, RAMP_FROM + (1 - RAMP_FROM) * (1 - left));
  }

  private static @Nullable Reason reason(@Nullable Episode episode, Phase phase) {
    if (episode == null || episode.phase != phase) {
      return null;
    }
    return phase == Phase.OUT ? episode.reason : PROBE;
  }

  private static final Reason PROBE = Reason.of("probed after an ejection");

  @Override
  public String toString() {
    return "ejection";
  }

  private enum Phase {
    OUT,
    PROBING,
    RAMPING,
    /** Back in full, its episodes not yet forgotten. */
    WATCHED
  }

  private static final class Episode {
    int number;
    Phase phase = Phase.OUT;
    long until;
    @Nullable Reason reason;
    long begunBefore;
    boolean probeOut;
  }

  private static final class Memory {
    final Map<String, Episode> episodes = new HashMap<>();

    /** Identity is the id: who leaves and comes back starts afresh, as its slot may have. */
    void forgetDeparted(Candidates candidates) {
      if (episodes.isEmpty()) {
        return;
      }
      Map<String, Boolean> present = new HashMap<>();
      for (int i = 0; i < candidates.size(); i++) {
        present.put(candidates.endpoint(i).id(), true);
      }
      for (Iterator<String> ids = episodes.keySet().iterator(); ids.hasNext(); ) {
        if (!present.containsKey(ids.next())) {
          ids.remove();
        }
      }
    }
  }
}
