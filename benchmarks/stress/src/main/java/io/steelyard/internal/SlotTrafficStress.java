package io.steelyard.internal;

import static io.steelyard.Outcome.CANCELLED;
import static io.steelyard.Outcome.FAILURE;
import static io.steelyard.Outcome.SUCCESS;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.JJ_Result;
import org.openjdk.jcstress.infra.results.J_Result;

/**
 * {@code Slot.traffic}, {@code begunCarry}, {@code counts}, {@code saidBegun}, {@code
 * saidSuccesses}.
 */
public final class SlotTrafficStress {
  private SlotTrafficStress() {}

  /** All 24 bits of requests begun are set, and nothing is in flight. */
  private static final long BEFORE_THE_CARRY = 0xFFFFFFL << 40;

  @JCStressTest
  @Outcome(
      id = {"1, 0, 1", "0, 1, 1"},
      expect = ACCEPTABLE,
      desc = "one was admitted")
  @Outcome(id = "1, 1, 2", expect = FORBIDDEN, desc = "the limit was exceeded")
  @Outcome(expect = FORBIDDEN, desc = "a place was left, or counted twice")
  @State
  public static class AdmitToTheLastPlace {
    private final Slot slot = StressOwner.slot();

    @Actor
    public void one(III_Result r) {
      r.r1 = slot.admit(1, 0) ? 1 : 0;
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = slot.admit(1, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "after the end: admitted")
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "before the end: refused")
  @Outcome(expect = FORBIDDEN, desc = "in flight is wrong")
  @State
  public static class AdmitWhileTheLastPlaceIsLeft {
    private final Slot slot = StressOwner.slot();

    public AdmitWhileTheLastPlaceIsLeft() {
      slot.begin(0);
    }

    @Actor
    public void end() {
      slot.end(SUCCESS, 0, 0, false, false);
    }

    @Actor
    public void admit(II_Result r) {
      r.r1 = slot.admit(1, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(id = "16777217, 2", expect = ACCEPTABLE, desc = "both are counted, one carried")
  @Outcome(expect = FORBIDDEN, desc = "the carry was lost or taken twice")
  @State
  public static class BeginAcrossTheCarry {
    private final Slot slot = StressOwner.slot();

    public BeginAcrossTheCarry() {
      slot.traffic = BEFORE_THE_CARRY;
    }

    @Actor
    public void one() {
      slot.begin(0);
    }

    @Actor
    public void other() {
      slot.begin(0);
    }

    @Arbiter
    public void after(JJ_Result r) {
      r.r1 = slot.begun();
      r.r2 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(
      id = {"16777215, 16777215", "16777215, 16777216", "16777216, 16777216"},
      expect = ACCEPTABLE,
      desc = "before or after")
  @Outcome(expect = FORBIDDEN, desc = "a count that was read is followed by a smaller one")
  @State
  public static class ReadWhileItCarries {
    private final Slot slot = StressOwner.slot();

    public ReadWhileItCarries() {
      slot.traffic = BEFORE_THE_CARRY;
      slot.begun(); // a reader was here
    }

    @Actor
    public void begin() {
      slot.begin(0);
    }

    @Actor
    public void read(JJ_Result r) {
      r.r1 = slot.begun();
      r.r2 = slot.begun();
    }
  }

  /** Successes are what is left of begun: read piece by piece while other ends are counted. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "0, 1", "1, 1"},
      expect = ACCEPTABLE,
      desc = "successes never fall")
  @Outcome(expect = FORBIDDEN, desc = "they fell, or are wrong")
  @State
  public static class SuccessesNeverFall {
    private final Slot slot = StressOwner.slot();

    public SuccessesNeverFall() {
      slot.begin(0);
      slot.begin(0);
    }

    @Actor
    public void ends() {
      slot.end(SUCCESS, 0, 0, false, false);
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Actor
    public void read(JJ_Result r) {
      r.r1 = slot.count(SUCCESS);
      r.r2 = slot.count(SUCCESS);
    }
  }

  @JCStressTest
  @Outcome(id = "20", expect = ACCEPTABLE, desc = "all verdicts are counted")
  @Outcome(expect = FORBIDDEN, desc = "a verdict was lost")
  @State
  public static class TwoEndAlike {
    private static final int EACH = 10; // so that they meet
    private final Slot slot = StressOwner.slot();

    public TwoEndAlike() {
      for (int i = 0; i < 2 * EACH; i++) {
        slot.begin(0);
      }
    }

    @Actor
    public void one() {
      for (int i = 0; i < EACH; i++) {
        slot.end(CANCELLED, 0, 0, false, false);
      }
    }

    @Actor
    public void other() {
      for (int i = 0; i < EACH; i++) {
        slot.end(CANCELLED, 0, 0, false, false);
      }
    }

    @Arbiter
    public void after(J_Result r) {
      r.r1 = slot.count(CANCELLED) + slot.inFlight();
    }
  }
}
