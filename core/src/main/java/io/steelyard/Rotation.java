package io.steelyard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;

/**
 * A picker that takes turns: a schedule of candidates, walked by a shared counter.
 *
 * <p>Any picker may do that; the balancer knows this one and runs it in line. In a JVM where
 * several strategies are in use, the call of a {@link Picker} costs as much as taking a turn does.
 *
 * <p>Each pick takes the next ticket, whatever its rank: what an avoided or full candidate leaves
 * is then spread over all others, instead of falling to its neighbour. O(1): one fetch-and-add, no
 * division, no allocation; thread-safe, without a lock. Tickets are 32 bits; when they wrap, after
 * four billion turns, the order skips once.
 *
 * <p>Order is exact as long as picks do not collide in the few nanoseconds that one takes. Where
 * they do all the time, one counter is what all threads wait for, and the {@link Cursor} deals
 * tickets to stripes, in blocks; counts then stay within {@link Cursor#STRIPES} + 1 of each other
 * (of equal turns), however many picks there were.
 */
public final class Rotation implements Picker {
  /** So many turns at least between two pauses. */
  private static final int TURNS_TO_PAUSE = 4000;

  private final Cursor cursor;

  /**
   * Candidates in the order of their turns, several rounds of it if it is short, and at the end the
   * pause: a position that is nobody's. The caller has to look whether it was given a candidate in
   * any case, so the pause costs the other picks nothing; a look at the ticket would cost each of
   * them a quarter of its time.
   */
  private final int[] schedule;

  private final long length;
  private final long reciprocal;

  private Rotation(Cursor cursor, int[] schedule) {
    this.cursor = cursor;
    this.schedule = schedule;
    this.length = schedule.length;
    this.reciprocal = (Long.MAX_VALUE / length + 1) * 2; // 2^63 / length, rounded up, twice
  }

  /**
   * Returns a picker that goes round this schedule.
   *
   * @param cursor where it stands; kept in {@link Context#memory} it goes on over changes
   * @param schedule candidates in the order of their turns, at least one; copied
   */
  public static Rotation of(Cursor cursor, int[] schedule) {
    int turns = schedule.length;
    if (turns < 1) {
      throw new IllegalArgumentException("rotation: turns: " + turns + " (expected: >= 1)");
    }
    int rounds = Math.max(1, (TURNS_TO_PAUSE + turns - 1) / turns);
    int[] all = new int[rounds * turns + 1];
    for (int round = 0; round < rounds; round++) {
      System.arraycopy(schedule, 0, all, round * turns, turns);
    }
    all[all.length - 1] = NONE;
    return new Rotation(cursor, all);
  }

  /**
   * Returns a picker that goes round all candidates in their order.
   *
   * @param size how many there are, at least one
   */
  public static Rotation ofAll(Cursor cursor, int size) {
    int[] schedule = new int[Math.max(0, size)];
    Arrays.setAll(schedule, i -> i);
    return of(cursor, schedule);
  }

  @Override
  public int pick(PickContext context, int rank) {
    int i = candidate(remainder(cursor.next(), reciprocal, length));
    while (i == NONE) {
      rest();
      i = candidate(remainder(cursor.next(), reciprocal, length));
    }
    return i;
  }

  /** Where it stands. */
  public Cursor cursor() {
    return cursor;
  }

  // ---- for a caller that runs it in line ----

  /** How many positions there are. */
  public int positions() {
    return schedule.length;
  }

  /** Whose turn a position is; {@link #NONE} at the pause. */
  public int candidate(int position) {
    return schedule[position];
  }

  /** What divides by the number of positions; for {@link #position}. */
  public long reciprocal() {
    return reciprocal;
  }

  /**
   * Takes the next ticket and returns its position. Who comes upon the pause calls {@link #rest}
   * and takes another.
   *
   * <p>A caller that keeps the parameters at hand has nothing to fetch by way of another object:
   * what leads to an atomic instruction adds to it, and a pointer less is an eighth of the whole.
   *
   * @param cursor {@link #cursor()}
   * @param striped what {@link #rest} returned last, false at first: whether tickets come from the
   *     stripes. One that is out of date does no harm but to the order
   * @param reciprocal {@link #reciprocal()}
   * @param positions {@link #positions()}
   */
  public static int position(Cursor cursor, boolean striped, long reciprocal, long positions) {
    return remainder(striped ? cursor.nextOfStripe() : cursor.nextOfAll(), reciprocal, positions);
  }

  /** What is done in a pause: finds out whether picks collide, and returns whether they do. */
  public boolean rest() {
    return cursor.adapt();
  }

  /**
   * A ticket, taken as unsigned, modulo the length: by two multiplications, which take less time
   * than a division and are exact for 32 bits (Lemire, Kaser and Kurz, "Faster remainder by direct
   * computation", 2019). With a fraction of 63 bits in place of 64, which is enough for lengths
   * below 2^31, the multiplication can be the signed one.
   */
  private static int remainder(int ticket, long reciprocal, long length) {
    long fraction = reciprocal * (ticket & 0xFFFFFFFFL);
    return (int) Math.multiplyHigh(fraction >>> 1, length << 1);
  }

  /**
   * Where a rotation stands: a counter of tickets, and stripes that take tickets from it in blocks
   * while threads collide on it.
   *
   * <p>A thread's id says which stripe is its own. A stripe is one word, | next ticket 32 | taken
   * of the block 32 |, moved by one fetch-and-add like the counter. Who finds a block used up, and
   * is the first to, takes the next one from the counter; who comes meanwhile takes a single ticket
   * from there. So nobody waits for anybody and no ticket is lost: at any moment those that were
   * not taken are the ends of at most one block for each stripe. A stretch of a schedule in which
   * turns are equal holds each candidate equally often, give or take one, whatever its length;
   * hence counts differ by one for the counter and one for each stripe, and that does not grow.
   *
   * <p>(The count of a block that is used up could run over if a thread were stopped between two
   * instructions for four billion picks; a block would then be taken twice.)
   */
  public static final class Cursor extends CursorPadAfter {
    /**
     * How many stripes there are: twice the processors, to the next power of two, so that threads
     * that run at the same time mostly have different ones; 64 at most.
     */
    public static final int STRIPES = stripes(Runtime.getRuntime().availableProcessors());

    /**
     * Tickets in a block. Evenness does not depend on it. A prime, lest stripes that take turns go
     * round a list in step.
     */
    static final int BLOCK = 61;

    /** Of eight tries in a pause that nobody else disturbs, none collides. */
    private static final int TRIES = 8;

    /**
     * Collisions, in pauses that follow each other, from which on stripes are used. Two threads
     * that do nothing else disturb one try of five.
     */
    private static final int MANY = 4;

    /** Pauses until stripes are given up for a while, in case threads do not collide any more. */
    private static final int PAUSES_STRIPED = 4096;

    /** Longs between two stripes: 128 bytes. */
    private static final int APART_BITS = 4;

    private static final int SHIFT = Integer.numberOfLeadingZeros(STRIPES) + 1;
    private static final long ONE = (1L << 32) + 1;

    private static final VarHandle COUNT;
    private static final VarHandle STRIPE = MethodHandles.arrayElementVarHandle(long[].class);

    static {
      try {
        COUNT = MethodHandles.lookup().findVarHandle(CursorCount.class, "count", int.class);
      } catch (ReflectiveOperationException e) {
        throw new ExceptionInInitializerError(e);
      }
    }

    /** Starts at a ticket: a random one, lest all clients begin with the same candidate. */
    public Cursor(int start) {
      super(new long[(STRIPES + 2) << APART_BITS]); // with room before the first and after the last
      COUNT.setVolatile(this, start);
      for (int stripe = 0; stripe < STRIPES; stripe++) {
        stripes[at(stripe)] = BLOCK; // used up
      }
    }

    private static int stripes(int processors) {
      return Math.min(64, Integer.highestOneBit(Math.max(1, 2 * processors - 1)) << 1);
    }

    private static int at(int stripe) {
      return (stripe + 1) << APART_BITS;
    }

    int next() {
      return striped ? nextOfStripe() : nextOfAll();
    }

    private int nextOfAll() {
      return (int) COUNT.getAndAdd(this, 1);
    }

    private int nextOfStripe() {
      // Ids follow each other; multiplied by the golden ratio their upper bits spread evenly.
      return next(((int) Thread.currentThread().getId() * 0x9E3779B9) >>> SHIFT);
    }

    /** The next ticket of a stripe. */
    int next(int stripe) {
      long word = (long) STRIPE.getAndAdd(stripes, at(stripe), ONE);
      return (int) word < BLOCK ? (int) (word >>> 32) : nextBlock(stripe, (int) word);
    }

    private int nextBlock(int stripe, int taken) {
      if (taken > BLOCK) {
        return (int) COUNT.getAndAdd(this, 1); // another thread brings a block
      }
      int first = (int) COUNT.getAndAdd(this, BLOCK);
      STRIPE.setRelease(stripes, at(stripe), ((long) (first + 1) << 32) + 1);
      return first;
    }

    boolean isStriped() {
      return striped;
    }

    void stripe(boolean whether) {
      collisions = 0;
      pauses = 0;
      striped = whether;
    }

    /**
     * Counts how often others move the counter in the time that a look at it takes. What several
     * threads write here at once may be lost: it is a tendency that decides.
     *
     * @return whether there are stripes now
     */
    boolean adapt() {
      if (striped) {
        if (++pauses >= PAUSES_STRIPED) {
          stripe(false);
        }
        return striped;
      }
      int now = 0;
      for (int i = 0; i < TRIES; i++) {
        int seen = (int) COUNT.getOpaque(this);
        if (!COUNT.compareAndSet(this, seen, seen)) {
          now++;
        }
      }
      collisions = now == 0 ? 0 : collisions + now;
      if (collisions >= MANY && STRIPES > 1) {
        stripe(true);
      }
      return striped;
    }
  }
}

abstract class CursorMode {
  final long[] stripes;

  /** Whether tickets come from the stripes. Read by each pick, and rarely written. */
  volatile boolean striped;

  CursorMode(long[] stripes) {
    this.stripes = stripes;
  }
}

@SuppressWarnings("unused") // takes up room
abstract class CursorPadBefore extends CursorMode {
  private int b0; // the gap after the fields above, where the JVM would put the count
  private long b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16;

  CursorPadBefore(long[] stripes) {
    super(stripes);
  }
}

abstract class CursorCount extends CursorPadBefore {
  @SuppressWarnings("unused") // accessed through a handle
  volatile int count;

  // Of the last pauses: written by who rests.
  int collisions;
  int pauses;

  CursorCount(long[] stripes) {
    super(stripes);
  }
}

@SuppressWarnings("unused") // takes up room
abstract class CursorPadAfter extends CursorCount {
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;

  CursorPadAfter(long[] stripes) {
    super(stripes);
  }
}
