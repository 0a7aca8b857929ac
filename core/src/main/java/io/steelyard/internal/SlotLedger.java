package io.steelyard.internal;

import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Which slot belongs to which endpoint id. An endpoint that leaves the topology keeps its slot
 * while anything is in flight and for ten minutes more, so that a pod that comes back (a discovery
 * that flickers, a rollback) is known, and no request ever ends on a slot that nobody counts.
 *
 * <p>Changed by the control loop alone; {@link #totals} may be asked from any thread, hence the
 * monitor, which no request ever takes.
 */
final class SlotLedger {
  static final Duration KEEP = Duration.ofMinutes(10);

  private final Function<String, Slot> newSlot;
  private final Map<String, Entry> entries = new HashMap<>();
  private final long[] departed = new long[Outcome.values().length];
  private long departedBegun;

  SlotLedger(Function<String, Slot> newSlot) {
    this.newSlot = newSlot;
  }

  /**
   * Returns the slots of a topology, in its order; marks when others were last needed.
   * O(endpoints).
   */
  synchronized Slot[] slotsOf(Topology topology, long now) {
    for (Entry entry : entries.values()) {
      if (entry.present) {
        entry.lastNeeded = now; // was needed until now, however long ago it was last asked for
      }
      entry.present = false;
    }
    List<Endpoint> endpoints = topology.endpoints();
    Slot[] slots = new Slot[endpoints.size()];
    for (int i = 0; i < slots.length; i++) {
      Entry entry =
          entries.computeIfAbsent(endpoints.get(i).id(), id -> new Entry(newSlot.apply(id)));
      entry.present = true;
      slots[i] = entry.slot;
    }
    for (Entry entry : entries.values()) {
      if (entry.present || entry.slot.inFlight() > 0) {
        entry.lastNeeded = now;
      }
    }
    return slots;
  }

  /**
   * Forgets what has been gone long enough. Returns in how many nanoseconds to call again; 0 if
   * nothing is waiting.
   */
  synchronized long expire(long now) {
    long next = 0;
    for (Iterator<Entry> all = entries.values().iterator(); all.hasNext(); ) {
      Entry entry = all.next();
      if (entry.present) {
        continue;
      }
      if (entry.slot.inFlight() > 0) {
        entry.lastNeeded = now;
      }
      long left = entry.lastNeeded + KEEP.toNanos() - now;
      if (left <= 0) {
        departedBegun += entry.slot.begun();
        for (Outcome outcome : Outcome.values()) {
          departed[outcome.ordinal()] += entry.slot.count(outcome);
        }
        all.remove();
      } else {
        next = next == 0 ? left : Math.min(next, left);
      }
    }
    return next;
  }

  /** What all slots that ever were have counted. */
  synchronized Totals totals() {
    long begun = departedBegun;
    long[] counts = departed.clone();
    int inFlight = 0;
    for (Entry entry : entries.values()) {
      begun += entry.slot.begun();
      inFlight += entry.slot.inFlight();
      for (Outcome outcome : Outcome.values()) {
        counts[outcome.ordinal()] += entry.slot.count(outcome);
      }
    }
    return new Totals(begun, counts, inFlight);
  }

  /** What was counted, by the ordinal of the outcome where it is one. */
  static final class Totals {
    final long begun;
    final long[] counts;
    final int inFlight;

    Totals(long begun, long[] counts, int inFlight) {
      this.begun = begun;
      this.counts = counts;
      this.inFlight = inFlight;
    }
  }

  private static final class Entry {
    final Slot slot;
    boolean present;
    long lastNeeded;

    Entry(Slot slot) {
      this.slot = slot;
    }
  }
}
