package io.steelyard.internal;

import static io.steelyard.Outcome.FAILURE;
import static io.steelyard.Outcome.SUCCESS;
import static io.steelyard.Outcome.TIMEOUT;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.Endpoint;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** {@code SlotAttempt.state}, and the total that {@code CountedAttempt} moves. */
public final class SlotAttemptStress {
  private static final Endpoint ENDPOINT = Endpoint.of("pod", 80);

  private SlotAttemptStress() {}

  /** What is in flight and what awaits an answer, both: the lower 40 bits of the word. */
  private static int left(Slot slot) {
    return (int) (slot.traffic << 24 >>> 24);
  }

  @JCStressTest
  @Outcome(
      id = {"1, 0, 0", "0, 1, 0"},
      expect = ACCEPTABLE,
      desc = "one verdict, in flight back at nothing")
  @Outcome(expect = FORBIDDEN, desc = "two verdicts or none, or the slot was left twice")
  @State
  public static class TwoVerdicts {
    private final Slot slot = StressOwner.slot();
    private final SlotAttempt attempt =
        new SlotAttempt(slot, ENDPOINT, StressOwner.begun(slot), false);

    @Actor
    public void succeed() {
      attempt.success();
    }

    @Actor
    public void timeOut() {
      attempt.end(TIMEOUT);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r1 = (int) slot.count(SUCCESS);
      r.r2 = (int) slot.count(TIMEOUT);
      r.r3 = left(slot);
    }
  }

  @JCStressTest
  @Outcome(
      id = {"1, 0, 0", "0, 1, 0"},
      expect = ACCEPTABLE,
      desc = "ended, or closed without a verdict")
  @Outcome(expect = FORBIDDEN, desc = "both or neither, or the slot was left twice")
  @State
  public static class VerdictAndClose {
    private final StressOwner owner = new StressOwner(0);
    private final Slot slot = StressOwner.slot(owner);
    private final SlotAttempt attempt =
        new SlotAttempt(slot, ENDPOINT, StressOwner.begun(slot), false);

    @Actor
    public void succeed() {
      attempt.success();
    }

    @Actor
    public void close() {
      attempt.close();
    }

    @Arbiter
    public void after(III_Result r) {
      r.r1 = (int) slot.count(SUCCESS);
      r.r2 = (int) slot.count(FAILURE);
      r.r3 = left(slot) + (r.r2 == owner.closedWithoutVerdict.get() ? 0 : -1);
    }
  }

  @JCStressTest
  @Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "one of them took what awaited an answer")
  @Outcome(expect = FORBIDDEN, desc = "both did, or neither")
  @State
  public static class RespondedAndEnd {
    private final Slot slot = StressOwner.slot();
    private final SlotAttempt attempt =
        new SlotAttempt(slot, ENDPOINT, StressOwner.begun(slot), false);

    @Actor
    public void respond() {
      attempt.responded();
    }

    @Actor
    public void succeed() {
      attempt.success();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = (int) slot.count(SUCCESS);
      r.r2 = left(slot);
    }
  }

  @JCStressTest
  @Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "counted once")
  @Outcome(expect = FORBIDDEN, desc = "counted twice, or not")
  @State
  public static class RespondedTwice {
    private final Slot slot = StressOwner.slot();
    private final SlotAttempt attempt =
        new SlotAttempt(slot, ENDPOINT, StressOwner.begun(slot), false);

    @Actor
    public void one() {
      attempt.responded();
    }

    @Actor
    public void other() {
      attempt.responded();
    }

    @Arbiter
    public void after(III_Result r) {
      r.r1 = slot.inFlight();
      r.r2 = left(slot) >>> 20;
      attempt.success();
      r.r3 = left(slot);
    }
  }

  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "taken off the total once")
  @Outcome(expect = FORBIDDEN, desc = "taken off twice, or not at all")
  @State
  public static class TwoVerdictsUnderABound {
    private final InFlight total = new InFlight();
    private final Slot slot = StressOwner.slot();
    private final CountedAttempt attempt;

    public TwoVerdictsUnderABound() {
      total.incrementAndGet();
      attempt = new CountedAttempt(slot, ENDPOINT, StressOwner.begun(slot), false, total);
    }

    @Actor
    public void succeed() {
      attempt.success();
    }

    @Actor
    public void close() {
      attempt.close();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = total.get();
      r.r2 = left(slot);
    }
  }

  /** A reader of the total and then of the slot: the total is never less than the slot holds. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "the slot is left first")
  @Outcome(id = "0, 1", expect = FORBIDDEN, desc = "gone from the total, still on the slot")
  @State
  public static class TotalIsLeftLast {
    private final InFlight total = new InFlight();
    private final Slot slot = StressOwner.slot();
    private final CountedAttempt attempt;

    public TotalIsLeftLast() {
      total.incrementAndGet();
      attempt = new CountedAttempt(slot, ENDPOINT, StressOwner.begun(slot), false, total);
    }

    @Actor
    public void succeed() {
      attempt.success();
    }

    @Actor
    public void read(II_Result r) {
      r.r1 = total.get();
      r.r2 = slot.inFlight();
    }
  }
}
