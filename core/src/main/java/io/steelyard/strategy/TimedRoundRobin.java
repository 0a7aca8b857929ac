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
    /** Candidates in the order of their turns, and who takes each turn now. */
    private final int[] holder;

    private final int[] usable;

    /** Where each turn ends within the cycle; null if all turns are one slot long. */
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
      int[] turn = new int[candidates.size()];
      double[] length = new double[candidates.size()];
      int n = 0;
      for (int i = 0; i < candidates.size(); i++) {
        // Whoever is out keeps its place and length, so that nobody else's turn moves.
        double weight =
            candidates.weight(i) > 0 ? candidates.weight(i) : candidates.endpoint(i).weight();
        if (weight > 0) {
          turn[n] = i;
          length[n++] = weight;
        }
      }
      this.holder = new int[n];
      int next = usable[0];
      for (int t = n - 1; t >= 0; t--) {
        next = candidates.weight(turn[t]) > 0 ? turn[t] : next;
        holder[t] = next;
      }
      length = Arrays.copyOf(length, n);
      double sum = Arrays.stream(length).sum();
      double first = length[0];
      if (Arrays.stream(length).allMatch(w -> w == first)) {
        this.ends = null;
        this.cycleNanos = slotNanos * n;
      } else {
        this.ends = new long[n];
        double end = 0;
        for (int t = 0; t < n; t++) {
          end += length[t] / sum * n * slotNanos;
          ends[t] = (long) end;
        }
        this.cycleNanos = ends[n - 1];
      }
    }

    @Override
    public int pick(PickContext request, int rank) {
      long within = Math.floorMod(position(), cycleNanos);
      int turn;
      if (ends == null) {
        turn = (int) (within / slotNanos);
      } else {
        int found = Arrays.binarySearch(ends, within);
        turn = found >= 0 ? found + 1 : -found - 1; // a turn that ends now has ended
      }
      int chosen = holder[turn];
      return rank == 0 ? chosen : after(chosen, rank);
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
