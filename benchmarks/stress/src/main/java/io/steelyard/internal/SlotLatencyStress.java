package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;
import org.openjdk.jcstress.infra.results.J_Result;

/**
 * {@code Slot.latency}, {@code busySince}, {@code lastBegun}.
 *
 * <p>It is 100 units of time after the slot was first seen, and the average fades by 1/e in 100
 * units. It was 100 at time 0. So an average without its time, or a time without its average, shows
 * in what is read.
 */
public final class SlotLatencyStress {
  private static final long MILLI = 1_000_000;
  private static final long NOW = 100 * StressOwner.STAMP;

  private SlotLatencyStress() {}

  /** A slot with an average of 100 ms, sampled 100 units ago, and two requests in flight. */
  private static Slot sampledLongAgo() {
    return sampledAt(0);
  }

  private static Slot sampledAt(int stamp) {
    Slot slot = new Slot("pod", new StressOwner(NOW), true, new Pace(NOW), 0);
    slot.begin(NOW);
    slot.begin(NOW);
    slot.latency = (long) Float.floatToRawIntBits(100f * MILLI) << 32 | stamp;
    return slot;
  }

  private static long read(Slot slot) {
    return Math.round(slot.latencyNanos(NOW) / MILLI);
  }

  @JCStressTest
  @Outcome(id = "37", expect = ACCEPTABLE, desc = "before: 100 ms, faded to 100/e")
  @Outcome(id = "200", expect = ACCEPTABLE, desc = "after: 200 ms, just sampled")
  @Outcome(id = "100", expect = FORBIDDEN, desc = "torn: the old average with the new time")
  @Outcome(id = "74", expect = FORBIDDEN, desc = "torn: the new average with the old time")
  @Outcome(expect = FORBIDDEN, desc = "neither")
  @State
  public static class ReadWhileSampled {
    private final Slot slot = sampledLongAgo();

    @Actor
    public void sample() {
      slot.responded(NOW - 200 * MILLI, 0);
    }

    @Actor
    public void reader(J_Result r) {
      r.r1 = read(slot);
    }
  }

  @JCStressTest
  @Outcome(id = "61", expect = ACCEPTABLE, desc = "before: 100/√e")
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "forgotten")
  @Outcome(id = "37", expect = FORBIDDEN, desc = "torn: the average without its time")
  @Outcome(expect = FORBIDDEN, desc = "torn")
  @State
  public static class ReadWhileForgotten {
    private final Slot slot = sampledAt(50);

    @Actor
    public void forget() {
      slot.forgetFailures();
    }

    @Actor
    public void reader(J_Result r) {
      r.r1 = read(slot);
    }
  }

  /**
   * Samples of 80 and of 40 ms, at once. Each alone is mixed in with e⁻¹ of the past: 80·.632 +
   * 100·.368 = 87.4, and the second changes nothing as no time has passed; or 40·.632 + 100·.368 =
   * 62.1, which 80 then replaces. 62 at the end would mean that the larger sample was lost to one
   * other: three tries rule that out.
   */
  @JCStressTest
  @Outcome(id = "87", expect = ACCEPTABLE, desc = "80 before 40")
  @Outcome(id = "80", expect = ACCEPTABLE, desc = "40 before 80")
  @Outcome(id = "62", expect = FORBIDDEN, desc = "80 was lost")
  @Outcome(expect = FORBIDDEN, desc = "not between the samples")
  @State
  public static class TwoSamples {
    private final Slot slot = sampledLongAgo();

    @Actor
    public void eighty() {
      slot.responded(NOW - 80 * MILLI, 0);
    }

    @Actor
    public void forty() {
      slot.responded(NOW - 40 * MILLI, 0);
    }

    @Arbiter
    public void after(J_Result r) {
      r.r1 = read(slot);
    }
  }

  /** One sample is dropped by an episode that begins, or begins it: never is half of it left. */
  @JCStressTest
  @Outcome(id = "0", expect = ACCEPTABLE, desc = "sampled, then forgotten, or forgotten before")
  @Outcome(id = "200", expect = ACCEPTABLE, desc = "sampled while it was forgotten")
  @Outcome(expect = FORBIDDEN, desc = "what was forgotten is still there, in part")
  @State
  public static class SampleWhileForgotten {
    private final Slot slot = sampledLongAgo();

    @Actor
    public void sample() {
      slot.responded(NOW - 200 * MILLI, 0);
    }

    @Actor
    public void forget() {
      slot.forgetFailures();
    }

    @Arbiter
    public void after(J_Result r) {
      r.r1 = read(slot);
    }
  }

  /** An idle endpoint gets two requests at once: whichever was first, the wait begins now. */
  @JCStressTest
  @Outcome(id = "5", expect = ACCEPTABLE, desc = "waiting since both began")
  @Outcome(expect = FORBIDDEN, desc = "nobody noted when the wait began")
  @State
  public static class TwoBeginOnAnIdleOne {
    private final Slot slot = new Slot("pod", new StressOwner(NOW), true, new Pace(NOW), 0);

    @Actor
    public void one() {
      slot.begin(NOW);
    }

    @Actor
    public void other() {
      slot.begin(NOW);
    }

    @Arbiter
    public void after(I_Result r) {
      long later = NOW + 5 * MILLI;
      long waiting = slot.waitingNanos(later);
      r.r1 = waiting == slot.sinceBegunNanos(later) ? (int) (waiting / MILLI) : -1;
    }
  }
}
