package io.steelyard.internal;

import static io.steelyard.Outcome.FAILURE;
import static io.steelyard.Outcome.SUCCESS;
import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** {@code Slot.failures}, {@code wakeAt}: episodes, recovery, thresholds. */
public final class SlotFailuresStress {
  private SlotFailuresStress() {}

  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "a new episode, without the old one's failures")
  @Outcome(expect = FORBIDDEN, desc = "a failure from before the episode counts in it")
  @State
  public static class FailureFromBeforeTheEpisode {
    private final Slot slot = StressOwner.slot();

    public FailureFromBeforeTheEpisode() {
      slot.begin(0);
    }

    @Actor
    public void fail() {
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Actor
    public void forget() {
      slot.forgetFailures();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.consecutiveFailures();
      r.r2 = slot.episode();
    }
  }

  @JCStressTest
  @Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "a new episode that nobody has recovered from")
  @Outcome(expect = FORBIDDEN, desc = "a success from before the episode ends it")
  @State
  public static class SuccessFromBeforeTheEpisode {
    private final Slot slot = StressOwner.slot();

    public SuccessFromBeforeTheEpisode() {
      slot.begin(0);
      slot.arm(Integer.MAX_VALUE, true);
    }

    @Actor
    public void succeed() {
      slot.end(SUCCESS, 0, 0, false, false);
    }

    @Actor
    public void forget() {
      slot.forgetFailures();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.recovered() ? 1 : 0;
      r.r2 = slot.episode();
    }
  }

  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 0"},
      expect = ACCEPTABLE,
      desc = "in either order")
  @Outcome(expect = FORBIDDEN, desc = "the success did not end the row")
  @State
  public static class SuccessAndFailure {
    private final Slot slot = StressOwner.slot();

    public SuccessAndFailure() {
      slot.begin(0);
      slot.end(FAILURE, 0, 0, false, false);
      slot.begin(0);
      slot.begin(0);
    }

    @Actor
    public void succeed() {
      slot.end(SUCCESS, 0, 0, false, false);
    }

    @Actor
    public void fail() {
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.consecutiveFailures();
      r.r2 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "counted both, woken once")
  @Outcome(expect = FORBIDDEN, desc = "a failure was lost, or nobody woke the loop")
  @State
  public static class TwoFailuresAtTheThreshold {
    private final StressOwner owner = new StressOwner(0);
    private final Slot slot = StressOwner.slot(owner);

    public TwoFailuresAtTheThreshold() {
      slot.arm(2, false);
      slot.begin(0);
      slot.begin(0);
    }

    @Actor
    public void one() {
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Actor
    public void other() {
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.consecutiveFailures();
      r.r2 = owner.wakes.get();
    }
  }

  /** Each writes one word and reads the other's: one of them at least must see both. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "1, 2"},
      expect = ACCEPTABLE,
      desc = "woken, perhaps twice")
  @Outcome(id = "1, 0", expect = FORBIDDEN, desc = "crossed while it was armed, and nobody noticed")
  @Outcome(expect = FORBIDDEN, desc = "the failure was lost")
  @State
  public static class ThresholdCrossedWhileArming {
    private final StressOwner owner = new StressOwner(0);
    private final Slot slot = StressOwner.slot(owner);

    public ThresholdCrossedWhileArming() {
      slot.begin(0);
    }

    @Actor
    public void arm() {
      slot.arm(1, false);
    }

    @Actor
    public void fail() {
      slot.end(FAILURE, 0, 0, false, false);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.consecutiveFailures();
      r.r2 = owner.wakes.get();
    }
  }

  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the success came before it was awaited")
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "recovered, and the loop knows")
  @Outcome(expect = FORBIDDEN, desc = "recovered and not woken, or the reverse")
  @State
  public static class SuccessWhileArming {
    private final StressOwner owner = new StressOwner(0);
    private final Slot slot = StressOwner.slot(owner);

    public SuccessWhileArming() {
      slot.begin(0);
    }

    @Actor
    public void arm() {
      slot.arm(Integer.MAX_VALUE, true);
    }

    @Actor
    public void succeed() {
      slot.end(SUCCESS, 0, 0, false, false);
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = slot.recovered() ? 1 : 0;
      r.r2 = owner.wakes.get();
    }
  }
}
