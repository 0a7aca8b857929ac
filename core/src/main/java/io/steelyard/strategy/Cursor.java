package io.steelyard.strategy;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** A counter that every request moves: alone on its cache lines. */
final class Cursor extends CursorPadAfter {
  private static final VarHandle COUNT;

  static {
    try {
      COUNT = MethodHandles.lookup().findVarHandle(CursorCount.class, "count", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Starts a counter. */
  Cursor(int start) {
    COUNT.setVolatile(this, start);
  }

  /** Takes a ticket. It wraps. */
  int next() {
    return (int) COUNT.getAndAdd(this, 1);
  }

  /** 2<sup>64</sup> / length, rounded up; 0 for a length of 1: see {@link #remainder}. */
  static long reciprocal(int length) {
    return Long.divideUnsigned(-1, length) + 1;
  }

  /**
   * A ticket, taken as unsigned, modulo the length: by two multiplications, which take less time
   * than a division and are exact for 32 bits (Lemire, Kaser and Kurz, "Faster remainder by direct
   * computation", 2019).
   */
  static int remainder(int ticket, long reciprocal, long length) {
    long fraction = reciprocal * (ticket & 0xFFFFFFFFL);
    // The upper half of the unsigned product.
    return (int) (Math.multiplyHigh(fraction, length) + (fraction >> 63 & length));
  }
}

@SuppressWarnings("unused") // takes up room
abstract class CursorPadBefore {
  private int b0; // the gap after the header, where the JVM would put the count
  private long b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16;
}

@SuppressWarnings("unused") // accessed through a handle
abstract class CursorCount extends CursorPadBefore {
  volatile int count;
}

@SuppressWarnings("unused") // takes up room
abstract class CursorPadAfter extends CursorCount {
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;
}
