package io.steelyard.internal;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * How often requests come to an endpoint on average, and what follows from it: how long a latency
 * is to be remembered.
 *
 * <p>An average that fades between two samples is worse than none: of two endpoints the one that
 * was asked longer ago then always looks faster, whatever is in flight. So the time constant is
 * that of the builder or {@value #GAPS} mean gaps between requests to one endpoint, whichever is
 * longer. Gaps are those that all endpoints would have if each had its equal part: an endpoint's
 * own would grow as it is shunned, and it would be shunned for ever longer.
 *
 * <p>Each slot tells of one in {@value #EVERY} requests, so that the words here are written so much
 * less often than those of a slot. Races lose or double such a note, which an average bears. What
 * is read in picks is written only where it changes by a tenth, and stands on lines of its own.
 */
final class Pace extends PaceRead {
  /** One in so many requests is noted. A power of two. */
  static final int EVERY = 8;

  /**
   * The time constant in gaps. In simulations 30 and 100 gave the same, and fewer than 10 nothing
   * but harm: with 16 servers, two of them sixteen times as slow, and 10 clients, the mean response
   * time was 2.9 service times at 62 gaps, 3.8 at 6, and 800 at 0.6.
   */
  static final int GAPS = 50;

  /** An hour: a pause of a night is no reason to remember for weeks. */
  private static final double LONGEST = 3.6e12;

  private static final double KEPT = 7 / 8.0;
  private static final VarHandle NOTED = field(Pace.class, "noted", long.class);
  private static final VarHandle INTERVAL = field(Pace.class, "interval", double.class);
  private static final VarHandle PER_STAMP = field(PaceRead.class, "perStamp", double.class);

  private final double shortest;
  private volatile int endpoints = 1;

  @SuppressWarnings("unused") // accessed through NOTED
  private volatile long noted;

  /** Mean nanoseconds between notes; negative before the first, 0 before the second. */
  @SuppressWarnings("unused") // accessed through INTERVAL
  private volatile double interval = -1;

  /**
   * @param decayNanos the shortest time constant
   */
  Pace(long decayNanos) {
    super((double) (1L << Slot.STAMP_SHIFT) / decayNanos);
    this.shortest = decayNanos;
  }

  /** What a stamp's unit takes off the exponent of an average. */
  double decayPerStamp() {
    return (double) PER_STAMP.getOpaque(this);
  }

  /** Sets how many endpoints share the requests; the next note reckons with it. */
  void endpoints(int count) {
    endpoints = Math.max(1, count);
  }

  /** Notes a request: one in {@link #EVERY}. */
  void note(long now) {
    double mean = (double) INTERVAL.getOpaque(this);
    double last = Math.max(0, now - (long) NOTED.getOpaque(this));
    NOTED.setOpaque(this, now);
    double next = mean < 0 ? 0 : mean == 0 ? last : mean * KEPT + last * (1 - KEPT);
    INTERVAL.setOpaque(this, next);
    double gap = next / EVERY * endpoints;
    double decay = Math.max(shortest, Math.min(GAPS * gap, LONGEST));
    double perStamp = (1L << Slot.STAMP_SHIFT) / decay;
    double before = decayPerStamp();
    if (Math.abs(perStamp - before) > before / 10 || (decay == shortest && perStamp != before)) {
      PER_STAMP.setOpaque(this, perStamp);
    }
  }

  private static VarHandle field(Class<?> of, String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(of, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}

@SuppressWarnings("unused") // takes up room
abstract class PacePadBefore {
  private int b0;
  private long b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16;
}

abstract class PaceRead extends PacePadBefore {
  volatile double perStamp;

  @SuppressWarnings("unused") // takes up room
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;

  PaceRead(double perStamp) {
    this.perStamp = perStamp;
  }
}
