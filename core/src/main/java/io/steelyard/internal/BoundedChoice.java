package io.steelyard.internal;

import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import java.util.Objects;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Begins requests under a {@link BoundedPicker}.
 *
 * <p><b>The promise:</b> a request that begins on a candidate leaves at most {@code
 * limit(candidate, T)} in flight there, T being the total at a moment during its begin, itself
 * included (or, where only some candidates are open to it, what {@link #ifOthersHadToCarryAll}
 * makes of that total). Whatever else runs at the time, it holds because the comparison with the
 * limit and the count are one compare-and-set on the slot's word ({@link Slot#admit}). Picking by
 * what was in flight a moment ago and counting afterwards would not do: between the two, any number
 * of others may have come to the same conclusion.
 *
 * <p><b>Why T is never too small</b> (else room could be missing for all, with nobody at fault): a
 * request is added to the total before it looks for a slot and taken off after it has left its
 * slot, so at any moment the total is at least the sum of what the slots hold of such requests, and
 * the one that asks.
 *
 * <p><b>Why nobody is turned away, and nobody waits.</b> A bound that hands out more than the
 * total, Σ limit(i, T) ≥ T, leaves room on some candidate at every moment. A request that looked at
 * all and found none has therefore seen them at different moments, and others have begun in
 * between: it looks again. Somebody always gets on, which is what lock-free means. Candidates that
 * this request may not use break the sum; then the others are given what those would have carried.
 */
final class BoundedChoice {
  /** How often the picker is asked before all candidates are tried in turn. */
  private static final int ASKS = 16;

  private final BoundedPicker picker;
  private final Candidates candidates;
  private final @Nullable Slot[] slots;
  private final Endpoint[] endpoints;
  private final InFlight total;
  private final RandomSource random;
  private final BiConsumer<Object, @Nullable Throwable> nonsense;

  /**
   * @param slots of the candidates; null where the weight is zero
   */
  BoundedChoice(
      BoundedPicker picker,
      Candidates candidates,
      @Nullable Slot[] slots,
      Endpoint[] endpoints,
      InFlight total,
      RandomSource random,
      BiConsumer<Object, @Nullable Throwable> nonsense) {
    this.picker = picker;
    this.candidates = candidates;
    this.slots = slots;
    this.endpoints = endpoints;
    this.total = total;
    this.random = random;
    this.nonsense = nonsense;
  }

  /**
   * Begins an attempt, null if no candidate will have it.
   *
   * @param now the moment, read just now
   */
  @Nullable CountedAttempt begin(PickContext context, long now) {
    Objects.requireNonNull(context, "context"); // else it would be the picker that threw
    int inAll = total.incrementAndGet();
    boolean begun = false;
    try {
      int at = choose(context, inAll, true, now);
      Slot slot = at < 0 ? null : slots[at];
      if (slot == null) {
        return null;
      }
      begun = true;
      return new CountedAttempt(slot, endpoints[at], now, candidates.probing(at), total);
    } finally {
      if (!begun) {
        total.decrementAndGet();
      }
    }
  }

  /** What {@link #begin} would choose, counting nothing: an index, or {@link Picker#NONE}. */
  int pick(PickContext context) {
    Objects.requireNonNull(context, "context");
    return choose(context, total.get() + 1, false, 0);
  }

  private int choose(PickContext context, int inAll, boolean admit, long now) {
    if (candidates.usable() == 0) {
      return Picker.NONE;
    }
    int within = inAll;
    while (within > 0) {
      int at = inOrder(context, within, admit, now);
      if (at < 0) {
        at = anywhere(context, within, admit, now);
      }
      if (at >= 0) {
        return at;
      }
      within = ifOthersHadToCarryAll(context);
    }
    return Picker.NONE;
  }

  /** Follows the picker's order. */
  private int inOrder(PickContext context, int within, boolean admit, long now) {
    int rank = 0;
    for (int ask = 0; ask < ASKS; ask++) {
      int i;
      try {
        i = picker.pick(context, rank, within);
      } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
        nonsense.accept(picker, e);
        return Picker.NONE;
      }
      if (i == Picker.NONE) {
        return Picker.NONE;
      }
      if (i < 0 || i >= slots.length || slots[i] == null) {
        nonsense.accept(i, null);
        return Picker.NONE;
      }
      if (context.avoids(endpoints[i])) {
        rank++;
      } else if (take(i, within, admit, now)) {
        return i;
      } else if (hasRoom(i, within)) {
        rank++; // refused for another reason: it is on probation
      } // else somebody was quicker: who is next by now?
    }
    return Picker.NONE;
  }

  private int anywhere(PickContext context, int within, boolean admit, long now) {
    int start = random.nextInt(slots.length);
    for (int k = 0; k < slots.length; k++) {
      int at = start + k < slots.length ? start + k : start + k - slots.length;
      if (slots[at] != null && !context.avoids(endpoints[at]) && take(at, within, admit, now)) {
        return at;
      }
    }
    return Picker.NONE;
  }

  /**
   * The total to ask the bound with so that the candidates that are open to this request have room
   * for all that is in flight; 0 if none is open, or if the bound has no room all the same.
   */
  private int ifOthersHadToCarryAll(PickContext context) {
    int[] inFlight = new int[slots.length];
    double weight = 0;
    double openWeight = 0;
    long busy = 0;
    for (int i = 0; i < slots.length; i++) {
      Slot slot = slots[i];
      if (slot != null) {
        inFlight[i] = slot.inFlight();
        busy += inFlight[i];
        weight += candidates.weight(i);
        openWeight += isOpen(i, slot, context) ? candidates.weight(i) : 0;
      }
    }
    if (openWeight == 0) {
      return 0;
    }
    // The sum matters only while requests are in flight that began under another picker.
    long inAll = Math.max(total.get(), busy + 1);
    int within = (int) Math.ceil(inAll * (weight / openWeight)); // the cast stops at the largest
    for (int i = 0; i < slots.length; i++) {
      Slot slot = slots[i];
      if (slot != null && isOpen(i, slot, context) && inFlight[i] < picker.limit(i, within)) {
        return within;
      }
    }
    return 0;
  }

  /** Whether this request could begin here, were it not for the bound. */
  private boolean isOpen(int i, Slot slot, PickContext context) {
    return !context.avoids(endpoints[i])
        && slot.wouldAdmit(candidates.limit(i), candidates.probing(i));
  }

  private boolean take(int i, int within, boolean admit, long now) {
    Slot slot = slots[i];
    int limit = limit(i, within);
    if (slot == null) {
      return false;
    }
    boolean probing = candidates.probing(i);
    if (!admit) {
      return slot.wouldAdmit(limit, probing);
    }
    return probing ? slot.admitProbe(limit, now) : slot.admit(limit, now);
  }

  private boolean hasRoom(int i, int within) {
    Slot slot = slots[i];
    return slot != null && slot.inFlight() < limit(i, within);
  }

  private int limit(int i, int within) {
    return Math.min(candidates.limit(i), picker.limit(i, within));
  }
}
