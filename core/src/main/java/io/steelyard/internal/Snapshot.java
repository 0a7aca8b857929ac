package io.steelyard.internal;

import io.steelyard.BoundedPicker;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Explanation;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Platform;
import io.steelyard.RandomSource;
import io.steelyard.Rotation;
import io.steelyard.TimedPicker;
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

  // What the rotation is run by, null, zero and empty without one: see Rotation.position.
  private final Rotation.@Nullable Cursor turnCursor;
  private final long turnReciprocal;
  private final long turns;
  private boolean turnsStriped; // a race leaves one of two values, of which either will do

  /** The endpoints by the positions of the rotation, null at its pause. */
  private final @Nullable Endpoint[] turnEndpoints;

  /** The picker, if it wants the moment. */
  private final @Nullable TimedPicker timed;

  /** Whether a request needs the moment at all, for the choice or for its latency. */
  private final boolean needsMoment;

  private final @Nullable Slot[] slots;
  private final Endpoint[] endpoints;

  /** The endpoints where the weight is not zero, else null: all that a plain pick reads. */
  private final @Nullable Endpoint[] openEndpoints;

  private final boolean restricted;
  private final @Nullable BoundedChoice bounded;
  private final Platform platform;
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
      Platform platform,
      BiConsumer<Object, @Nullable Throwable> nonsense) {
    this.candidates = candidates;
    this.policy = policy;
    this.layers = layers;
    this.strategyNote = strategyNote;
    this.picker = picker;
    this.slots = new Slot[slots.length];
    this.endpoints = candidates.topology().endpoints().toArray(Endpoint[]::new);
    this.platform = platform;
    this.random = platform.random();
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
    this.turnCursor = openRotation == null ? null : openRotation.cursor();
    this.turnReciprocal = openRotation == null ? 0 : openRotation.reciprocal();
    this.turns = openRotation == null ? 0 : openRotation.positions();
    this.turnEndpoints = turnEndpoints(openRotation);
    this.timed = picker instanceof TimedPicker asks ? asks : null;
    this.needsMoment = timed != null || (slots.length > 0 && slots[0].tracksLatency());
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
      Rotation rotation = openRotation;
      Rotation.Cursor cursor = turnCursor;
      long now = moment();
      int i =
          rotation != null && cursor != null
              ? rotation.candidate(position(cursor))
              : ask(context, 0, now);
      if (i >= 0 && i < open.length && i < theirs.length) {
        Slot slot = open[i];
        Endpoint endpoint = theirs[i];
        if (slot != null && endpoint != null) {
          SlotAttempt attempt = new SlotAttempt(slot, endpoint, now, false);
          slot.begin(now);
          return attempt;
        }
      }
    }
    return bounded != null ? bounded.begin(context, moment()) : beginElsewhere(context);
  }

  /** The moment, read once for a request; 0 where nobody asks for it. */
  private long moment() {
    return needsMoment ? platform.nanoTime() : 0;
  }

  /** The endpoint that {@link #begin} would have chosen, null if none; counts nothing. */
  @Nullable Endpoint pick(PickContext context) {
    Rotation.Cursor cursor = turnCursor;
    if (cursor != null && !context.avoidsAny()) {
      @Nullable Endpoint[] inTurn = turnEndpoints;
      Endpoint endpoint = inTurn[position(cursor)];
      if (endpoint != null) {
        return endpoint;
      }
    }
    return pickByPicker(context);
  }

  private int position(Rotation.Cursor cursor) {
    return Rotation.position(cursor, turnsStriped, turnReciprocal, turns);
  }

  /** Apart from {@link #pick}, so that the JVM finds that one small enough to compile in line. */
  private @Nullable Endpoint pickByPicker(PickContext context) {
    if (!restricted && !context.avoidsAny()) {
      rest();
      @Nullable Endpoint[] open = openEndpoints;
      int i = ask(context, 0, timed == null ? 0 : platform.nanoTime());
      if (i >= 0 && i < open.length) {
        Endpoint endpoint = open[i];
        if (endpoint != null) {
          return endpoint;
        }
      }
    }
    int at = bounded != null ? bounded.pick(context) : choose(context, moment(), wouldBeAdmitted);
    return at < 0 ? null : endpoints[at];
  }

  private @Nullable SlotAttempt beginElsewhere(PickContext context) {
    if (!context.avoidsAny()) {
      rest();
    }
    long now = moment();
    int at = choose(context, now, admission);
    if (at < 0) {
      return null;
    }
    return new SlotAttempt(slot(at), endpoints[at], now, candidates.probing(at));
  }

  /**
   * Walks the strategy's ranks, and then all candidates from a random one on, to the first that is
   * admitted.
   */
  private int choose(PickContext context, long now, Admission admission) {
    if (candidates.usable() == 0) {
      return Picker.NONE;
    }
    for (int rank = 0; rank < RANKS; rank++) {
      int i = ask(context, rank, now);
      if (i == Picker.NONE) {
        break; // the strategy knows no more
      }
      if (i < 0 || i >= slots.length || slots[i] == null) {
        nonsense.accept(i, null);
      } else if (!context.avoids(endpoints[i]) && admission.test(i, now)) {
        return i;
      }
    }
    int start = random.nextInt(slots.length);
    for (int k = 0; k < slots.length; k++) {
      int at = start + k < slots.length ? start + k : start + k - slots.length;
      if (slots[at] != null && !context.avoids(endpoints[at]) && admission.test(at, now)) {
        return at;
      }
    }
    return Picker.NONE;
  }

  /** A rotation that is run in line has come upon its pause. */
  private void rest() {
    if (openRotation != null) {
      turnsStriped = openRotation.rest();
    }
  }

  private int ask(PickContext context, int rank, long now) {
    try {
      TimedPicker asks = timed;
      return asks != null ? asks.pick(context, rank, now) : picker.pick(context, rank);
    } catch (RuntimeException | LinkageError | AssertionError | StackOverflowError e) {
      nonsense.accept(picker, e);
      return Picker.NONE;
    }
  }

  private boolean admit(int i, long now) {
    Slot slot = slot(i);
    int limit = candidates.limit(i);
    return candidates.probing(i) ? slot.admitProbe(limit, now) : slot.admit(limit, now);
  }

  private boolean wouldAdmit(int i, long now) {
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
    boolean test(int i, long now);
  }
}
