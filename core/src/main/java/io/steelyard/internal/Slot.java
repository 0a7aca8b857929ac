package io.steelyard.internal;

import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/**
 * The live record of one endpoint: what is in flight, how long it takes, how it fails.
 *
 * <p>Three words carry it, each moved by at most one atomic instruction a request:
 *
 * <ul>
 *   <li>{@code traffic}: 24 bits of requests begun, 20 bits awaiting an answer, 20 bits in flight,
 *       so that begin and end are one fetch-and-add each. In flight is therefore exact; begun
 *       carries into a field of its own.
 *   <li>{@code latency}: the average as a float and the time of its last sample in units of
 *       2<sup>20</sup> ns, moved by compare-and-set. After three lost races a sample is dropped:
 *       samples may be lost, requests in flight never. Beside it, of the same form, the share of
 *       failures lately, written by failures alone.
 *   <li>{@code failures}: an episode number, whether a success came or is awaited, and the failures
 *       in a row. An end whose attempt began in another episode leaves it alone.
 * </ul>
 *
 * <p>The fields stand between pads of 128 bytes (two cache lines: the prefetcher takes them in
 * pairs), since slots are allocated side by side and each is written by many threads. What every
 * request reads stands with what it writes, so that it touches two lines rather than four: among
 * thousands of endpoints each is a cache miss.
 */
final class Slot extends SlotPadAfter {
  /** What a slot asks of the balancer that owns it. */
  interface Owner {
    /** The clock of every time here. */
    long nanoTime();

    /** A threshold was reached. Quick; called from any thread. */
    void wake();

    /** An attempt was closed without a verdict. */
    void closedWithoutVerdict(String endpointId);
  }

  private static final VarHandle TRAFFIC = field("traffic", long.class);
  private static final VarHandle BEGUN_CARRY = field("begunCarry", long.class);
  private static final VarHandle LATENCY = field("latency", long.class);
  private static final VarHandle FAILING = field("failing", long.class);
  private static final VarHandle BUSY_SINCE = field("busySince", long.class);
  private static final VarHandle LAST_BEGUN = field("lastBegun", long.class);
  private static final VarHandle FAILURES = field("failures", int.class);
  private static final VarHandle PROBE = field("probe", int.class);
  private static final VarHandle SAID_BEGUN = field(Slot.class, "saidBegun", long.class);
  private static final VarHandle SAID_SUCCESSES = field(Slot.class, "saidSuccesses", long.class);
  private static final VarHandle COUNTS = MethodHandles.arrayElementVarHandle(long[].class);

  // traffic: | begun 24 | awaiting 20 | in flight 20 |
  private static final int FIELD_BITS = 20;
  private static final long FIELD_MASK = (1L << FIELD_BITS) - 1;
  private static final int BEGUN_SHIFT = 2 * FIELD_BITS;
  private static final int BEGUN_BITS = 64 - BEGUN_SHIFT;
  private static final long BEGUN_MAX = (1L << BEGUN_BITS) - 1;
  private static final long AWAITING_ONE = 1L << FIELD_BITS;
  private static final long AWAITING = FIELD_MASK << FIELD_BITS;
  private static final long BEGIN = (1L << BEGUN_SHIFT) + AWAITING_ONE + 1;

  // failures: | episode 14 | recovered 1 | success awaited 1 | in a row 16 |
  private static final int IN_A_ROW = 0xFFFF;
  private static final int SUCCESS_AWAITED = 1 << 16;
  private static final int RECOVERED = 1 << 17;
  private static final int EPISODE_SHIFT = 18;

  static final int STAMP_SHIFT = 20;
  private static final int SAMPLE_TRIES = 3;

  /** How much sooner failures are forgotten than latencies. */
  private static final int FORGIVEN = 10;

  /**
   * What an endpoint costs that always fails, in requests that succeed; see {@link #expectedNanos}.
   * Without a charge, an endpoint that fails fast would look like the fastest of all.
   */
  private static final double FAILURE_CHARGE = 30;

  /** What a hundredth less is, as a logarithm. */
  private static final long LOG_HUNDREDTH = (long) (0.01 * 1.4426950408889634 * (1 << 23));

  /** Failures that charge less than this part of what is expected are not reckoned with. */
  private static final int LOG_FORGIVEN = Float.floatToRawIntBits((float) (0.01 / FAILURE_CHARGE));

  /** Below this share of failures an endpoint of which nothing else is known may be tried again. */
  private static final double FORGOTTEN = 0.05;

  /**
   * More than any latency (about a quarter of an hour), small enough to be multiplied by what is in
   * flight.
   */
  private static final double UNKNOWN_AND_BUSY = 1e12;

  /**
   * How long an endpoint that seems to hang gets nothing before one more request finds out. Without
   * it a single request that is never answered (a long poll, a lost verdict) would starve a healthy
   * endpoint for good: no traffic, no sample, and the wait grows.
   */
  private static final long TRY_AGAIN_NANOS = 10_000_000_000L;

  private final String id;
  private final long[] counts = new long[Outcome.values().length];
  private volatile int wakeAt = Integer.MAX_VALUE;

  // What readers were told: written by those who ask for counts, never by a request.
  @SuppressWarnings("unused") // accessed through SAID_BEGUN
  private volatile long saidBegun;

  @SuppressWarnings("unused") // accessed through SAID_SUCCESSES
  private volatile long saidSuccesses;

  Slot(String id, Owner owner, boolean tracksLatency, Pace pace, long now) {
    super(owner, tracksLatency, pace, id.hashCode() & Pace.EVERY - 1, now);
    this.id = id;
  }

  // ---- a request's way through ----

  /** Whether the moment a request begins is of any use: else 0 will do. */
  boolean tracksLatency() {
    return tracksLatency;
  }

  /**
   * Counts a request begun and in flight.
   *
   * @param now the moment, read just now; any number where latency is not tracked
   */
  void begin(long now) {
    if (tracksLatency) {
      // Read before the atomic instruction: what comes after it waits for it.
      boolean waiting = isWaiting();
      begun((long) TRAFFIC.getAndAdd(this, BEGIN), waiting, now);
    } else {
      carry((long) TRAFFIC.getAndAdd(this, BEGIN));
    }
  }

  /**
   * As {@link #begin}, if fewer than {@code limit} are in flight.
   *
   * @return false if it was not admitted; then nothing is counted
   */
  boolean admit(int limit, long now) {
    while (true) {
      long before = (long) TRAFFIC.getVolatile(this);
      if ((before & FIELD_MASK) >= limit) {
        return false;
      }
      if (TRAFFIC.weakCompareAndSet(this, before, before + BEGIN)) {
        if (tracksLatency) {
          begun(before, isWaiting(), now);
        } else {
          carry(before);
        }
        return true;
      }
    }
  }

  /**
   * As {@link #admit}, if in this episode no other probe is out and none has failed. The flag holds
   * the episode of the probe that is out: one that never ends blocks its own episode only.
   */
  boolean admitProbe(int limit, long now) {
    int state = (int) FAILURES.getVolatile(this);
    int mine = (state >>> EPISODE_SHIFT) + 1;
    int out = (int) PROBE.getVolatile(this);
    if (out == mine || !PROBE.compareAndSet(this, out, mine)) {
      return false;
    }
    // A probe's failure is counted before its flag is cleared, so whoever gets the flag sees it. A
    // new episode since the first read makes the flag a stale one, which blocks nobody.
    int again = (int) FAILURES.getVolatile(this);
    if ((again & IN_A_ROW) == 0 && again >>> EPISODE_SHIFT == mine - 1 && admit(limit, now)) {
      return true;
    }
    PROBE.compareAndSet(this, mine, 0);
    return false;
  }

  /** Whether a request would be admitted now: for choices that count nothing. */
  boolean wouldAdmit(int limit, boolean probation) {
    if (inFlight() >= limit) {
      return false;
    }
    int state = (int) FAILURES.getVolatile(this);
    return !probation
        || ((state & IN_A_ROW) == 0
            && (int) PROBE.getOpaque(this) != (state >>> EPISODE_SHIFT) + 1);
  }

  private void begun(long before, boolean waiting, long now) {
    if ((before & AWAITING) == 0 || !waiting) {
      BUSY_SINCE.setOpaque(this, now);
    }
    LAST_BEGUN.setOpaque(this, now);
    if (((int) (before >>> BEGUN_SHIFT) & Pace.EVERY - 1) == noted) {
      pace.note(now);
    }
    carry(before);
  }

  private void carry(long before) {
    if (before >>> BEGUN_SHIFT == BEGUN_MAX) {
      BEGUN_CARRY.getAndAdd(this, 1L << BEGUN_BITS);
    }
  }

  /**
   * Whether a request was begun after the last sample was taken. Only such a one can tell that the
   * endpoint hangs: one that is older than an answer merely takes long, or its verdict was lost.
   */
  private boolean isWaiting() {
    long packed = (long) LATENCY.getOpaque(this);
    return packed == 0 || stamp((long) BUSY_SINCE.getOpaque(this)) - (int) packed > 0;
  }

  /** The number of the episode: an attempt remembers the one it began in. */
  int episode() {
    return (int) FAILURES.getOpaque(this) >>> EPISODE_SHIFT;
  }

  /** The answer has begun: takes the sample, unless it is one of an episode that is over. */
  void responded(long beganAt, int episode) {
    TRAFFIC.getAndAdd(this, -AWAITING_ONE);
    if (tracksLatency && episode == episode()) {
      long now = owner.nanoTime();
      sample((double) (now - beganAt), now);
    }
  }

  /** No answer is awaited that would tell anything. */
  void untimed() {
    TRAFFIC.getAndAdd(this, -AWAITING_ONE);
  }

  /** Counts a request's end. */
  void end(Outcome outcome, long beganAt, int episode, boolean responded, boolean probe) {
    int state = (int) FAILURES.getOpaque(this);
    if (tracksLatency && outcome != Outcome.REJECTED && episode == state >>> EPISODE_SHIFT) {
      charge(outcome, beganAt, responded);
    }
    boolean wake = false;
    if (outcome == Outcome.SUCCESS) {
      if ((state & (IN_A_ROW | SUCCESS_AWAITED)) != 0) {
        wake = succeeded(episode);
      }
    } else {
      COUNTS.getAndAdd(counts, outcome.ordinal(), 1L);
      if (outcome.isFailure() && outcome != Outcome.OVERLOADED) {
        wake = failed(episode);
      }
    }
    if (probe) {
      PROBE.compareAndSet(this, episode + 1, 0);
    }
    TRAFFIC.getAndAdd(this, responded ? -1L : -1L - AWAITING_ONE);
    if (wake) {
      owner.wake(); // last: whatever becomes of it, the request has ended
    }
  }

  void closedWithoutVerdict() {
    owner.closedWithoutVerdict(id);
  }

  private void charge(Outcome outcome, long beganAt, boolean responded) {
    if (outcome == Outcome.SUCCESS && responded) {
      return;
    }
    long now = owner.nanoTime();
    double took = now - beganAt;
    if (outcome == Outcome.SUCCESS) {
      sample(took, now);
    } else if (outcome == Outcome.CANCELLED) {
      // It would have taken at least so long. Without this an endpoint that hangs looks idle to
      // callers that give up. Compared with the average as it is now: callers give up after the
      // same time each time, and only the first would ever exceed the average as it was.
      if (!responded && took > latencyNanos(now)) {
        sample(took, now);
      }
    } else {
      failing(now);
      double average = average((long) LATENCY.getOpaque(this));
      // A failure keeps the average up, lest an endpoint that only fails grow attractive as it
      // fades; and so long, at least, a success would have taken, if it was waited for. Once it has
      // answered it was not: the body takes its own time.
      double waited = responded ? 0 : took;
      if (average > 0 || (outcome == Outcome.TIMEOUT && !responded)) {
        sample(Math.max(waited, average), now);
      }
    }
  }

  /**
   * A failure moves the share of failures as far as the time reaches that it speaks for: from the
   * last sample on. Two in a row are no chance any more, however frequent requests are: they make
   * it a half at least, three three quarters.
   */
  private void failing(long now) {
    int stamp = stamp(now);
    double least = 1 - Math.scalb(1.0, -Math.min(consecutiveFailures(), 20));
    long last = (long) LATENCY.getOpaque(this);
    for (int i = 0; i < SAMPLE_TRIES; i++) {
      long packed = (long) FAILING.getOpaque(this);
      double perStamp = pace.decayPerStamp() * FORGIVEN;
      // Within one stamp it is not known how long: half a stamp.
      int age = Math.max(0, stamp - (int) packed);
      double gap = Math.max(0.5, Math.min(stamp - (int) last, age));
      double before = average(packed) * Decay.exp(Math.max(0, age - gap) * perStamp);
      double past = last == 0 ? 0 : Decay.exp(gap * perStamp);
      double next = Math.max(least, 1 - (1 - before) * past);
      if (FAILING.weakCompareAndSet(this, packed, pack(next, stamp))) {
        return;
      }
    }
  }

  /** Returns whether the loop wants to know. */
  private boolean succeeded(int episode) {
    while (true) {
      int state = (int) FAILURES.getVolatile(this);
      if (state >>> EPISODE_SHIFT != episode || (state & (IN_A_ROW | SUCCESS_AWAITED)) == 0) {
        return false;
      }
      int calm = state & ~(IN_A_ROW | SUCCESS_AWAITED);
      if ((state & SUCCESS_AWAITED) != 0) {
        calm |= RECOVERED;
      }
      if (FAILURES.compareAndSet(this, state, calm)) {
        return (state & SUCCESS_AWAITED) != 0;
      }
    }
  }

  /** Returns whether the loop wants to know. */
  private boolean failed(int episode) {
    while (true) {
      int state = (int) FAILURES.getVolatile(this);
      if (state >>> EPISODE_SHIFT != episode) {
        return false;
      }
      int inARow = state & IN_A_ROW;
      if (inARow == IN_A_ROW || FAILURES.compareAndSet(this, state, state + 1)) {
        return inARow + 1 >= wakeAt;
      }
    }
  }

  // ---- the average ----

  /**
   * Peak-sensitive moving average (Finagle, {@code PeakEwma.scala}): a sample above the average
   * replaces it, one below is mixed in with the weight e^(-Δ/τ) of the past. Unlike there, reading
   * never writes.
   */
  private void sample(double took, long now) {
    double nanos = Math.max(1, took); // never all zero in the upper half, which means "no sample"
    int stamp = stamp(now);
    for (int i = 0; i < SAMPLE_TRIES; i++) {
      long packed = (long) LATENCY.getOpaque(this);
      double average = average(packed);
      double next = nanos;
      if (average > nanos) {
        int age = Math.max(0, stamp - (int) packed);
        if (age == 0) {
          return; // the average is of this very moment, and higher
        }
        double past = Decay.exp(age * pace.decayPerStamp());
        next = nanos * (1 - past) + average * past;
      }
      if (LATENCY.weakCompareAndSet(this, packed, pack(next, stamp))) {
        return;
      }
    }
  }

  private int stamp(long now) {
    return (int) ((now - firstSeen) >> STAMP_SHIFT);
  }

  private static long pack(double average, int stamp) {
    return (long) Float.floatToRawIntBits((float) average) << 32 | (stamp & 0xFFFFFFFFL);
  }

  private static double average(long packed) {
    return Float.intBitsToFloat((int) (packed >>> 32));
  }

  // ---- the control loop's part ----

  /** Sets what wakes the loop; the next success or a count already reached does so at once. */
  void arm(int consecutiveFailures, boolean onSuccess) {
    wakeAt = consecutiveFailures;
    while (true) {
      int state = (int) FAILURES.getVolatile(this);
      int armed = onSuccess ? state | SUCCESS_AWAITED : state & ~SUCCESS_AWAITED;
      if (state == armed || FAILURES.compareAndSet(this, state, armed)) {
        break;
      }
    }
    if (consecutiveFailures() >= consecutiveFailures) {
      owner.wake();
    }
  }

  /**
   * Begins an episode: what is in flight now says nothing of it. What was measured and charged goes
   * too: an endpoint on probation would look too slow to be tried for a minute.
   */
  void forgetFailures() {
    LATENCY.setOpaque(this, 0L);
    FAILING.setOpaque(this, 0L);
    while (true) {
      int state = (int) FAILURES.getVolatile(this);
      if (FAILURES.compareAndSet(this, state, ((state >>> EPISODE_SHIFT) + 1) << EPISODE_SHIFT)) {
        return;
      }
    }
  }

  String id() {
    return id;
  }

  // ---- what others may read ----

  @Override
  public int inFlight() {
    return (int) ((long) TRAFFIC.getOpaque(this) & FIELD_MASK);
  }

  @Override
  public double latencyNanos(long nanoTime) {
    long packed = (long) LATENCY.getOpaque(this);
    if (packed == 0) {
      return 0;
    }
    return faded(packed, stamp(nanoTime), pace.decayPerStamp());
  }

  private static double faded(long packed, int stamp, double perStamp) {
    return average(packed) * Decay.exp(Math.max(0, stamp - (int) packed) * perStamp);
  }

  @Override
  public double failureRate(long nanoTime) {
    long packed = (long) FAILING.getOpaque(this);
    return packed == 0 ? 0 : faded(packed, stamp(nanoTime), pace.decayPerStamp() * FORGIVEN);
  }

  /** Each word is read once: this is most of what a pick does. */
  @Override
  public double expectedNanos(long nanoTime) {
    long latency = (long) LATENCY.getOpaque(this);
    long failing = (long) FAILING.getOpaque(this);
    long traffic = (long) TRAFFIC.getOpaque(this);
    int stamp = stamp(nanoTime);
    double perStamp = pace.decayPerStamp();
    double failures = failing == 0 ? 0 : faded(failing, stamp, perStamp * FORGIVEN);
    if (latency == 0) {
      return failures < FORGOTTEN && mayFindOut(traffic, nanoTime) ? 0 : UNKNOWN_AND_BUSY;
    }
    double expected = faded(latency, stamp, perStamp);
    if ((traffic & AWAITING) != 0) {
      long since = (long) BUSY_SINCE.getOpaque(this);
      if (stamp(since) - (int) latency > 0) {
        double waiting = nanoTime - since;
        if (waiting > expected && sinceBegunNanos(nanoTime) < TRY_AGAIN_NANOS) {
          expected = waiting;
        }
      }
    }
    return expected * (1 + FAILURE_CHARGE * failures);
  }

  /** Whether one more request may find out about an endpoint of which nothing is known. */
  private boolean mayFindOut(long traffic, long nanoTime) {
    return tracksLatency
        ? (traffic & AWAITING) == 0 || sinceBegunNanos(nanoTime) >= TRY_AGAIN_NANOS
        : (traffic & FIELD_MASK) == 0;
  }

  /**
   * In whole numbers: an average that fades by the exponential function of time is a logarithm that
   * falls in proportion to it, one multiplication in place of a polynomial. This is most of what a
   * pick does between reading the clock and counting its request.
   *
   * <p>Whether a request is out and whether it is newer than the answer is one branch, not two: the
   * first by itself is as good as chance, and a wrong guess of the processor costs 15 cycles.
   */
  @Override
  @SuppressWarnings("ShortCircuitBoolean")
  public int logExpectedNanos(long nanoTime) {
    long latency = (long) LATENCY.getOpaque(this);
    long failing = (long) FAILING.getOpaque(this);
    long traffic = (long) TRAFFIC.getOpaque(this);
    int stamp = stamp(nanoTime);
    long fade = pace.fadePerStamp();
    if (latency == 0 || (failing != 0 && logFailing(failing, stamp, fade) > LOG_FORGIVEN)) {
      return super.logExpectedNanos(nanoTime);
    }
    int expected = logFaded(latency, stamp, fade);
    long since = (long) BUSY_SINCE.getOpaque(this);
    boolean waits = ((traffic & AWAITING) != 0) & (stamp(since) - (int) latency > 0);
    if (waits) {
      int waiting = Float.floatToRawIntBits((float) Math.max(0, nanoTime - since));
      if (waiting > expected && sinceBegunNanos(nanoTime) < TRY_AGAIN_NANOS) {
        return waiting;
      }
    }
    return expected;
  }

  private static int logFaded(long packed, int stamp, long fadePerStamp) {
    int average = (int) (packed >>> 32);
    int age = stamp - (int) packed;
    // An age that takes off less than a hundredth is the common case: a branch that the processor
    // foresees is quicker than a multiplication that it has to wait for.
    if (age <= 0 || age * fadePerStamp < LOG_HUNDREDTH << Pace.FADE_SHIFT) {
      return average;
    }
    return (int) Math.max(0, average - ((age * fadePerStamp) >> Pace.FADE_SHIFT));
  }

  private static long logFailing(long packed, int stamp, long fadePerStamp) {
    return (packed >>> 32) - FORGIVEN * logFade(packed, stamp, fadePerStamp);
  }

  private static long logFade(long packed, int stamp, long fadePerStamp) {
    long age = Math.max(0, stamp - (int) packed);
    return (age * fadePerStamp) >> Pace.FADE_SHIFT;
  }

  @Override
  public boolean hasLatency() {
    return (long) LATENCY.getOpaque(this) != 0;
  }

  @Override
  public long waitingNanos(long nanoTime) {
    boolean awaiting = ((long) TRAFFIC.getOpaque(this) >>> FIELD_BITS & FIELD_MASK) != 0;
    if (!awaiting || !isWaiting()) {
      return 0;
    }
    return Math.max(0, nanoTime - (long) BUSY_SINCE.getOpaque(this));
  }

  @Override
  public long sinceBegunNanos(long nanoTime) {
    return Math.max(0, nanoTime - (long) LAST_BEGUN.getOpaque(this));
  }

  @Override
  public int consecutiveFailures() {
    return (int) FAILURES.getVolatile(this) & IN_A_ROW;
  }

  @Override
  public boolean recovered() {
    return ((int) FAILURES.getVolatile(this) & RECOVERED) != 0;
  }

  @Override
  public long begun() {
    while (true) {
      long carry = (long) BEGUN_CARRY.getVolatile(this);
      long traffic = (long) TRAFFIC.getVolatile(this);
      if (carry == (long) BEGUN_CARRY.getVolatile(this)) {
        // Between the overflow and the carry it is too small.
        return neverLess(SAID_BEGUN, carry + (traffic >>> BEGUN_SHIFT));
      }
    }
  }

  @Override
  public long count(Outcome outcome) {
    if (outcome != Outcome.SUCCESS) {
      return (long) COUNTS.getVolatile(counts, outcome.ordinal());
    }
    // Successes are what is left: they need no counter on a request's way. In flight and the other
    // ends are read in an order that can only make the answer too small for a moment.
    long ended = begun() - inFlight();
    for (int i = 0; i < counts.length; i++) {
      ended -= (long) COUNTS.getVolatile(counts, i);
    }
    return neverLess(SAID_SUCCESSES, ended);
  }

  /**
   * Returns the number, or what was said before if that is more. Whoever collects counts takes one
   * that falls for a restart and adds all of it again.
   */
  private long neverLess(VarHandle said, long number) {
    while (true) {
      long before = (long) said.getVolatile(this);
      if (number <= before || said.compareAndSet(this, before, number)) {
        return Math.max(number, before);
      }
    }
  }

  @Override
  public long firstSeenNanos() {
    return firstSeen;
  }

  @Override
  public String toString() {
    return id + ": " + inFlight() + " in flight";
  }

  private static VarHandle field(String name, Class<?> type) {
    return field(SlotFields.class, name, type);
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
abstract class SlotPadBefore extends EndpointStats {
  private int b0; // the gap after the header, which the JVM would fill with an int of a subclass
  private long b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16;
}

@SuppressWarnings("unused") // accessed through handles
abstract class SlotFields extends SlotPadBefore {
  volatile long traffic;
  volatile long latency;
  volatile long failing;
  volatile long busySince;
  volatile long lastBegun;
  volatile long begunCarry;
  final Pace pace;
  final int noted; // which of EVERY requests is noted there
  final long firstSeen;
  volatile int failures;
  volatile int probe;
  final Slot.Owner owner;
  final boolean tracksLatency;

  SlotFields(Slot.Owner owner, boolean tracksLatency, Pace pace, int noted, long firstSeen) {
    this.owner = owner;
    this.tracksLatency = tracksLatency;
    this.pace = pace;
    this.noted = noted;
    this.firstSeen = firstSeen;
  }
}

@SuppressWarnings("unused") // takes up room
abstract class SlotPadAfter extends SlotFields {
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;

  SlotPadAfter(Slot.Owner owner, boolean tracksLatency, Pace pace, int noted, long firstSeen) {
    super(owner, tracksLatency, pace, noted, firstSeen);
  }
}
