package io.steelyard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import org.jspecify.annotations.Nullable;

/**
 * A picker that takes turns: a schedule of candidates, walked by one shared counter.
 *
 * <p>Any picker may do that; the balancer knows this one and runs it in line. In a JVM where
 * several strategies are in use, the call of a {@link Picker} costs as much as taking a turn does.
 *
 * <p>Each pick takes the next ticket, whatever its rank: what an avoided or full candidate leaves
 * is then spread over all others, instead of falling to its neighbour. O(1): one fetch-and-add, no
 * division. Tickets are 32 bits; when they wrap, after four billion turns, the order skips once.
 */
public final class Rotation implements Picker {
  private final Cursor cursor;
  private final int @Nullable [] schedule; // null: every candidate in the order of the list
  private final long length;
  private final long reciprocal;

  private Rotation(Cursor cursor, int @Nullable [] schedule, int length) {
    if (length < 1) {
      throw new IllegalArgumentException("rotation: length: " + length + " (expected: >= 1)");
    }
    this.cursor = cursor;
    this.schedule = schedule;
    this.length = length;
    this.reciprocal = Long.divideUnsigned(-1, length) + 1; // 2^64 / length, rounded up
  }

  /**
   * Returns a picker that goes round this schedule.
   *
   * @param cursor where it stands; kept in {@link Context#memory} it goes on over changes
   * @param schedule candidates in the order of their turns, at least one; not copied
   */
  public static Rotation of(Cursor cursor, int[] schedule) {
    return new Rotation(cursor, schedule, schedule.length);
  }

  /**
   * Returns a picker that goes round all candidates in their order.
   *
   * @param size how many there are, at least one
   */
  public static Rotation ofAll(Cursor cursor, int size) {
    return new Rotation(cursor, null, size);
  }

  @Override
  public int pick(PickContext context, int rank) {
    return next();
  }

  /** Whose turn it is. Takes the turn. */
  public int next() {
    return next(cursor);
  }

  /**
   * As {@link #next()}, for a caller that keeps {@link #cursor()} at hand: what leads to an atomic
   * instruction adds to it, and a pointer less is an eighth of the whole.
   *
   * @param cursor this rotation's
   */
  public int next(Cursor cursor) {
    // Read before the counter: what is read after an atomic instruction waits for it.
    int[] turns = schedule;
    long factor = reciprocal;
    long size = length;
    int turn = remainder(cursor.next(), factor, size);
    return turns == null ? turn : turns[turn];
  }

  /** Where it stands. */
  public Cursor cursor() {
    return cursor;
  }

  /**
   * A ticket, taken as unsigned, modulo the length: by two multiplications, which take less time
   * than a division and are exact for 32 bits (Lemire, Kaser and Kurz, "Faster remainder by direct
   * computation", 2019).
   */
  private static int remainder(int ticket, long reciprocal, long length) {
    long fraction = reciprocal * (ticket & 0xFFFFFFFFL);
    // The upper half of the unsigned product.
    return (int) (Math.multiplyHigh(fraction, length) + (fraction >> 63 & length));
  }

  /** Where a rotation stands: a counter that every request moves, alone on its cache lines. */
  public static final class Cursor extends CursorPadAfter {
    private static final VarHandle COUNT;

    static {
      try {
        COUNT = MethodHandles.lookup().findVarHandle(CursorCount.class, "count", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    /** Starts at a ticket: a random one, lest all clients begin with the same candidate. */
    public Cursor(int start) {
      COUNT.setVolatile(this, start);
    }

    private int next() {
      return (int) COUNT.getAndAdd(this, 1);
    }
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
