package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Strategy;
import java.time.Duration;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Strategies#timedRoundRobin(Duration)}.
 *
 * @param phase what clients agree on, by wall time; null for a random one by the monotonic clock
 */
record TimedRoundRobin(Duration slot, @Nullable Duration phase) implements Strategy {
  TimedRoundRobin {
    Objects.requireNonNull(slot, "slot");
    if (slot.compareTo(Duration.ofMillis(1)) < 0 || slot.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "timedRoundRobin: slot: " + slot + " (expected: 1 ms to 1 day)");
    }
    if (phase != null && (phase.isNegative() || phase.compareTo(Duration.ofDays(365)) > 0)) {
      throw new IllegalArgumentException(
          "timedRoundRobin: phase: " + phase + " (expected: 0 to 365 days)");
    }
  }

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Origin origin =
        context.memory(() -> new Origin(context.nanoTime(), context.random().nextDouble()));
    return new Turns(candidates, context, slot.toNanos(), phase, origin);
  }

  @Override
  public String toString() {
    return "timedRoundRobin(" + slot + (phase == null ? "" : ", phase " + phase) + ")";
  }

  /** Where a balancer's own turns start: kept over list changes. */
  private record Origin(long nanoTime, double share) {}

  private static final class Turns implements Picker {
    /** Who holds each span of the cycle. */
    private final int[] holder;

    private final int[] usable;

    /** Where each span ends within the cycle; null if all are turns one slot long. */
    private final long @Nullable [] ends;

    private final Context context;
    private final long slotNanos;
    private final long cycleNanos;
    private final @Nullable Duration phase;
    private final Origin origin;

    Turns(
        Candidates candidates,
        Context context,
        long slotNanos,
        @Nullable Duration phase,
        Origin origin) {
      this.context = context;
      this.slotNanos = slotNanos;
      this.phase = phase;
      this.origin = origin;
      this.usable = Usable.of(candidates).index;
      int turns = 0;
      double sum = 0;
      boolean equal = true;
      int first = 0;
      for (int i = 0; i < candidates.size(); i++) {
        int weight = candidates.endpoint(i).weight();
        if (weight > 0) {
          first = turns == 0 ? weight : first;
          double factor = candidates.factor(i);
          equal &= weight == first && (factor == 0 || factor >= 1);
          sum += weight;
          turns++;
        }
      }
      // Two spans a turn: its holder's, and what the holder leaves to the next usable one.
      int[] holders = new int[2 * turns];
      long[] spanEnds = new long[2 * turns];
      int span = 0;
      double end = 0;
      for (int i = 0; i < candidates.size(); i++) {
        int weight = candidates.endpoint(i).weight();
        if (weight > 0) {
          double nanos = weight / sum * turns * slotNanos;
          holders[span] = candidates.weight(i) > 0 ? i : usableAfter(i);
          spanEnds[span++] = (long) (end + nanos * Math.min(1, candidates.factor(i)));
          holders[span] = usableAfter(i);
          end += nanos;
          spanEnds[span++] = (long) end;
        }
      }
      this.cycleNanos = equal ? slotNanos * turns : spanEnds[span - 1];
      this.ends = equal ? null : spanEnds;
      this.holder = equal ? everyOther(holders) : holders;
    }

    /** The turns' holders, without spans for what is left over. */
    private static int[] everyOther(int[] holders) {
      int[] result = new int[holders.length / 2];
      for (int t = 0; t < result.length; t++) {
        result[t] = holders[2 * t];
      }
      return result;
    }

    private int usableAfter(int i) {
      int at = Arrays.binarySearch(usable, i);
      int next = at >= 0 ? at + 1 : -at - 1;
      return usable[next < usable.length ? next : 0];
    }

    @Override
    public int pick(PickContext request, int rank) {
      long within = Math.floorMod(position(), cycleNanos);
      int turn;
      if (ends == null) {
        turn = (int) (within / slotNanos);
      } else {
        turn = firstEndAfter(within);
      }
      int chosen = holder[turn];
      return rank == 0 ? chosen : after(chosen, rank);
    }

    /** The first span that ends after this moment; those of no length are passed over. */
    private int firstEndAfter(long within) {
      long[] spanEnds = Objects.requireNonNull(ends);
      int low = 0;
      int high = spanEnds.length - 1;
      while (low < high) {
        int middle = (low + high) >>> 1;
        if (spanEnds[middle] > within) {
          high = middle;
        } else {
          low = middle + 1;
        }
      }
      return low;
    }

    private long position() {
      if (phase != null) {
        return context.epochMillis() * 1_000_000 + phase.toNanos();
      }
      return context.nanoTime() - origin.nanoTime() + (long) (origin.share() * cycleNanos);
    }

    private int after(int chosen, int rank) {
      int at = Arrays.binarySearch(usable, chosen);
      return usable[(at + rank) % usable.length];
    }
  }
}
