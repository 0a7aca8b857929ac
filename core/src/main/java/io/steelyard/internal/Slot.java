package io.steelyard.internal;

import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The live record of one endpoint: what is in flight, how long it takes, how it fails.
 *
 * <p>Three words carry it, each moved by one atomic instruction a request:
 *
 * <ul>
 *   <li>{@code traffic}: 24 bits of requests begun, 20 bits awaiting an answer, 20 bits in flight, so that begin and end
 *       are one fetch-and-add each. In flight is therefore exact; the begun bits carry into {@code begunCarry}.
 *   <li>{@code latency}: the average as a float and the time of its last sample in units of 2<sup>20</sup> ns, moved by
 *       compare-and-set. After three lost races a sample is dropped: samples may be lost, requests in flight never.
 *   <li>{@code failures}: an episode number, whether a success is awaited, and the failures in a row. An end whose attempt
 *       began in another episode leaves it alone.
 * </ul>
 *
 * <p>Fields sit between pads of 128 bytes, since slots are allocated side by side and each is written by many threads.
 */
public final class Slot extends SlotTail {
  /** What a slot asks of the balancer that owns it. */
  interface Owner {
    /** The clock of every time here. */
    long nanoTime();

    /** A threshold was reached. Quick, any thread. */
    void wake();

    /** An attempt was closed without a verdict. */
    void closedWithoutVerdict(String endpointId);
  }

  private static final VarHandle TRAFFIC;
  private static final VarHandle LATENCY;
  private static final VarHandle FAILURES;
  private static final VarHandle PROBE;
  private static final VarHandle BUSY_SINCE;
  private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

  static {
    try {
      MethodHandles.Lookup lookup = MethodHandles.lookup();
      TRAFFIC = lookup.findVarHandle(SlotFields.class, "traffic", long.class);
      LATENCY = lookup.findVarHandle(SlotFields.class, "latency", long.class);
      FAILURES = lookup.findVarHandle(SlotFields.class, "failures", int.class);
      PROBE = lookup.findVarHandle(SlotFields.class, "probe", int.class);
      BUSY_SINCE = lookup.findVarHandle(SlotFields.class, "busySince", long.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  // traffic: | begun 24 | awaiting 20 | in flight 20 |
  private static final int FIELD_BITS = 20;
  private static final long FIELD_MASK = (1L << FIELD_BITS) - 1;
  private static final int BEGUN_SHIFT = 2 * FIELD_BITS;
  private static final long AWAITING_ONE = 1L << FIELD_BITS;
  private static final long BEGIN = (1L << BEGUN_SHIFT) + AWAITING_ONE + 1;
  private static final int BEGUN_BITS = 64 - BEGUN_SHIFT;
  private static final long BEGUN_MAX = (1L << BEGUN_BITS) - 1;

  // failures: | episode 15 | success awaited 1 | in a row 16 |
  private static final int IN_A_ROW = 0xFFFF;
  private static final int SUCCESS_AWAITED = 1 << 16;
  private static final int EPISODE_SHIFT = 17;

  private static final int STAMP_SHIFT = 20;
  private static final int SAMPLE_TRIES = 3;

  /**
   * What a failure costs: as much as so many requests of its length, or of the average where that is longer. A failure
   * usually costs the caller a second try and some of its deadline; without a charge an endpoint that fails fast would
   * look like the fastest of all.
   */
  private static final double FAILURE_CHARGE = 3;

  /** Where charges stop adding up: what one would wait for at most before giving an endpoint up. */
  private static final double CHARGE_LIMIT_NANOS = 5e9;

  private final String id;
  private final Owner owner;
  private final boolean tracksLatency;
  private final double decayPerStamp;
  private final long firstSeen;
  private final long[] counts = new long[Outcome.values().length];
  private volatile int wakeAt = Integer.MAX_VALUE;

  Slot(String id, Owner owner, boolean tracksLatency, long decayNanos, long now) {
    this.id = id;
    this.owner = owner;
    this.tracksLatency = tracksLatency;
    this.decayPerStamp = (double) (1L << STAMP_SHIFT) / decayNanos;
    this.firstSeen = now;
  }

  // ---- a request's way through --------------------------------------------------------------------------------------

  /** Counts a request in flight. Returns the moment it began, 0 where latency is not tracked. */
  long begin() {
    long before = (long) TRAFFIC.getAndAdd(this, BEGIN);
    return began(before);
  }

  /** As {@link #begin}, if fewer than {@code limit} are in flight; else counts nothing and returns false. */
  boolean tryBegin(int limit) {
    while (true) {
      long before = (long) TRAFFIC.getVolatile(this);
      if ((before & FIELD_MASK) >= limit) {
        return false;
      }
      if (TRAFFIC.compareAndSet(this, before, before + BEGIN)) {
        return true;
      }
    }
  }

  /** What is left to do after a successful {@link #tryBegin}: returns the moment it began. */
  long began() {
    return began((long) TRAFFIC.getOpaque(this) - BEGIN);
  }

  private long began(long before) {
    if (before >>> BEGUN_SHIFT == BEGUN_MAX) {
      BEGUN_CARRY.getAndAdd(this, 1);
    }
    if (!tracksLatency) {
      return 0;
    }
    long now = owner.nanoTime();
    if ((before >>> FIELD_BITS & FIELD_MASK) == 0) {
      BUSY_SINCE.setOpaque(this, now);
    }
    return now;
  }
}
