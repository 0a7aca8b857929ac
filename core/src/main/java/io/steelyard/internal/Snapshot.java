package io.steelyard.internal;

import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Explanation;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Rotation;
import java.util.List;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything a request needs, immutable and swapped in whole: the picker, and for each candidate
 * its slot and its endpoint. A candidate of weight zero has no slot here, so that one null check
 * tells a picker's nonsense.
 */
final class Snapshot {
  /** Ranks asked of a picker before the snapshot looks for itself. */
  private static final int RANKS = 8;

  final Candidates candidates;
  final LoadBalancingPolicy policy;
  final List<Explanation.Layer> layers;
  final @Nullable String strategyNote;

  private final Picker picker;

  /** The picker, if it can be run in line and no candidate is restricted. */
  private final @Nullable Rotation openRotation;

  private final Rotation.@Nullable Cursor openCursor;

  /** The endpoints by the positions of the rotation, null at its pause; empty without one. */
  private final @Nullable Endpoint[] turnEndpoints;

  private final @Nullable Slot[] slots;
  private final Endpoint[] endpoints;

  /** The endpoints where the weight is not zero, else null: all that a plain pick reads. */
  private final @Nullable Endpoint[] openEndpoints;

  private final boolean restricted;
  private final @Nullable BoundedChoice bounded;
  private final RandomSource random;
  private final BiConsumer<Object, @Nullable Throwable> nonsense;
  private final Admission admission = this::admit;
  private final Admission wouldBeAdmitted = this::wouldAdmit;

  /**
   * @param slots the candidates' slots; emptied here where the weight is zero
   * @param inFlight counts in all, for a picker that bounds by it
   * @param nonsense told of an index that makes no sense, or of what a picker threw
   */
  Snapshot(
      Candidates candidates,
      LoadBalancingPolicy policy,
      List<Explanation.Layer> layers,
      @Nullable String strategyNote,
      Picker picker,
      Slot[] slots,
      InFlight inFlight,
      RandomSource random,
      BiConsumer<Object, @Nullable Throwable> nonsense) {
    this.candidates = candidates;
    this.policy = policy;
    this.layers = layers;
    this.strategyNote = strategyNote;
    this.picker = picker;
    this.slots = new Slot[slots.length];
    this.endpoints = candidates.topology().endpoints().toArray(Endpoint[]::new);
    this.random = random;
    this.nonsense = nonsense;
    boolean anyRestricted = false;
    for (int i = 0; i < slots.length; i++) {
      if (candidates.weight(i) > 0) {
        this.slots[i] = slots[i];
        anyRestricted |= candidates.probing(i) || candidates.limit(i) != Candidates.UNLIMITED;
      }
    }
    this.openEndpoints = new Endpoint[slots.length];
    for (int i = 0; i < slots.length; i++) {
      openEndpoints[i] = this.slots[i] == null ? null : endpoints[i];
    }
    this.bounded =
        picker instanceof BoundedPicker bounding
            ? new BoundedChoice(
                bounding, candidates, this.slots, endpoints, inFlight, random, nonsense)
            : null;
    this.restricted = anyRestricted || bounded != null;
    this.openRotation = !restricted && picker instanceof Rotation turns ? turns : null;
    this.openCursor = openRotation == null ? null : openRotation.cursor();
    this.turnEndpoints = turnEndpoints(openRotation);
  }

  private @Nullable Endpoint[] turnEndpoints(@Nullable Rotation turns) {
    @Nullable Endpoint[] result = new Endpoint[turns == null ? 0 : turns.positions()];
    for (int position = 0; position < result.length && turns != null; position++) {
      int i = turns.candidate(position);
      result[position] = i >= 0 && i < openEndpoints.length ? openEndpoints[i] : null;
    }
    return result;
  }

  /** Begins an attempt, null if no candidate will have it. */
  @Nullable SlotAttempt begin(PickContext context) {
    if (!restricted && !context.avoidsAny()) {
      // Read before the picker is asked: what is read after its atomic instruction waits for it.
      @Nullable Slot[] open = slots;
      @Nullable Endpoint[] theirs = openEndpoints;
      Rotation turns = openRotation;
      Rotation.Cursor cursor = openCursor;
      int i =
          turns != null && cursor != null
              ? turns.candidate(turns.position(cursor))
              : ask(context, 0);
      if (i >= 0 && i < open.length && i < theirs.length) {
        Slot slot = open[i];
        Endpoint endpoint = theirs[i];
        if (slot != null && endpoint != null) {
          return new SlotAttempt(slot, endpoint, slot.begin(), false);
        }
      }
    }
    return bounded != null ? bounded.begin(context) : beginElsewhere(context);
  }

  /** The endpoint that {@link #begin} would have chosen, null if none; counts nothing. */
  @Nullable Endpoint pick(PickContext context) {
    Rotation turns = openRotation;
    Rotation.Cursor cursor = openCursor;
    if (turns != null && cursor != null && !context.avoidsAny()) {
      @Nullable Endpoint[] inTurn = turnEndpoints;
      int position = turns.position(cursor);
      Endpoint endpoint = position >= 0 && position < inTurn.length ? inTurn[position] : null;
      if (endpoint != null) {
        return endpoint;
      }
    }
    return pickByPicker(context);
  }

  /** Apart from {@link #pick}, so that the JVM finds that one small enough to compile in line. */
  private @Nullable Endpoint pickByPicker(PickContext context) {
    if (!restricted && !context.avoidsAny()) {
      rest();
      @Nullable Endpoint[] open = openEndpoints;
      int i = ask(context, 0);
      if (i >= 0 && i < open.length) {
        Endpoint endpoint = open[i];
        if (endpoint != null) {
          return endpoint;
        }
      }
    }
    int at = bounded != null ? bounded.pick(context) : choose(context, wouldBeAdmitted);
    return at < 0 ? null : endpoints[at];
  }

  private @Nullable SlotAttempt beginElsewhere(PickContext context) {
    if (!context.avoidsAny()) {
      rest();
    }
    int at = choose(context, admission);
    if (at < 0) {
      return null;
    }
    Slot slot = slot(at);
    return new SlotAttempt(slot, endpoints[at], slot.now(), candidates.probing(at));
  }

  /**
   * Walks the strategy's ranks, and then all candidates from a random one on, to the first that is
   * admitted.
   */
  private int choose(PickContext context, Admission admission) {
    if (candidates.usable() == 0) {
      return Picker.NONE;
    }
    for (int rank = 0; rank < RANKS; rank++) {
      int i = ask(context, rank);
      if (i == Picker.NONE) {
        break; // the strategy knows no more
      }
      if (i < 0 || i >= slots.length || slots[i] == null) {
        nonsense.accept(i, null);
      } else if (!context.avoids(endpoints[i]) && admission.test(i)) {
        return i;
      }
    }
    int start = random.nextInt(slots.length);
    for (int k = 0; k < slots.length; k++) {
      int at = start + k < slots.length ? start + k : start + k - slots.length;
      if (slots[at] != null && !context.avoids(endpoints[at]) && admission.test(at)) {
        return at;
      }
    }
    return Picker.NONE;
  }

  /** A rotation that is run in line has come upon its pause. */
  private void rest() {
    if (openRotation != null) {
      openRotation.rest();
    }
  }

  private int ask(PickContext context, int rank) {
    try {
      return picker.pick(context, rank);
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      nonsense.accept(picker, e);
      return Picker.NONE;
    }
  }

  private boolean admit(int i) {
    Slot slot = slot(i);
    int limit = candidates.limit(i);
    return candidates.probing(i) ? slot.admitProbe(limit) : slot.admit(limit);
  }

  private boolean wouldAdmit(int i) {
    return slot(i).wouldAdmit(candidates.limit(i), candidates.probing(i));
  }

  private Slot slot(int i) {
    Slot slot = slots[i];
    if (slot == null) {
      throw new AssertionError("candidate " + i + " has weight 0");
    }
    return slot;
  }

  /** Whether every usable candidate is avoided by this request. */
  boolean avoidsAll(PickContext context) {
    for (int i = 0; i < slots.length; i++) {
      if (slots[i] != null && !context.avoids(endpoints[i])) {
        return false;
      }
    }
    return true;
  }

  private interface Admission {
    boolean test(int i);
  }
}
