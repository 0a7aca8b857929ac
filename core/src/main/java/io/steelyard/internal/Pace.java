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
  private static final VarHandle FADE = field(PaceRead.class, "fade", long.class);

  /** Bits of {@link #fadePerStamp} behind the point. */
  static final int FADE_SHIFT = 8;

  /** What e is in the logarithm that a float's bits are. */
  private static final double LOG_E = 1.4426950408889634 * (1 << 23);

  private final double shortest;
  private final double fastest; // what the shortest takes off
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
    super(perStamp((double) decayNanos), fade(perStamp((double) decayNanos)));
    this.shortest = decayNanos;
    this.fastest = perStamp;
  }

  /** What a stamp's unit takes off the exponent of an average. */
  double decayPerStamp() {
    return (double) PER_STAMP.getOpaque(this);
  }

  /**
   * The same for an average whose logarithm is the bits of a float, in units of 2<sup>-{@value
   * #FADE_SHIFT}</sup>. With the shortest time constant there is, a millisecond, and the longest
   * age a stamp can tell the product still fits into 63 bits.
   */
  long fadePerStamp() {
    return (long) FADE.getOpaque(this);
  }

  private static double perStamp(double decayNanos) {
    return (1L << Slot.STAMP_SHIFT) / decayNanos;
  }

  private static long fade(double perStamp) {
    return Math.round(perStamp * LOG_E * (1 << FADE_SHIFT));
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
    double fifty = next * (GAPS / (double) EVERY) * endpoints;
    double before = decayPerStamp();
    if (fifty > shortest || before != fastest) {
      double perStamp = Math.min(fastest, perStamp(Math.min(fifty, LONGEST)));
      if (Math.abs(perStamp - before) > before / 10 || perStamp == fastest) {
        PER_STAMP.setOpaque(this, perStamp);
        FADE.setOpaque(this, fade(perStamp));
      }
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
  volatile long fade;

  @SuppressWarnings("unused") // takes up room
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;

  PaceRead(double perStamp, long fade) {
    this.perStamp = perStamp;
    this.fade = fade;
  }
}
