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
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/** {@code Slot.probe}: one request at a time on probation, none after a failed one. */
public final class SlotProbeStress {
  private static final int UNLIMITED = Integer.MAX_VALUE;

  private SlotProbeStress() {}

  @JCStressTest
  @Outcome(
      id = {"1, 0, 1", "0, 1, 1"},
      expect = ACCEPTABLE,
      desc = "exactly one probe")
  @Outcome(expect = FORBIDDEN, desc = "two probes at once, or none")
  @State
  public static class TwoWantToProbe {
    private final Slot slot = StressOwner.slot();

    @Actor
    public void one(III_Result r) {
      r.r1 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "the probe failed: no other goes out")
  @Outcome(expect = FORBIDDEN, desc = "a second probe went out after a failed one")
  @State
  public static class ProbeWhileAnotherFails {
    private final Slot slot = StressOwner.slot();

    public ProbeWhileAnotherFails() {
      slot.admitProbe(UNLIMITED, 0);
    }

    @Actor
    public void fail() {
      slot.end(FAILURE, 0, 0, false, true);
    }

    @Actor
    public void probe(II_Result r) {
      r.r1 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = slot.inFlight();
    }
  }

  @JCStressTest
  @Outcome(
      id = {"0, 0, 1", "1, 1, 0"},
      expect = ACCEPTABLE,
      desc = "the second went out, or can")
  @Outcome(expect = FORBIDDEN, desc = "two probes at once, or the flag was lost")
  @State
  public static class ProbeWhileAnotherSucceeds {
    private final Slot slot = StressOwner.slot();

    public ProbeWhileAnotherSucceeds() {
      slot.admitProbe(UNLIMITED, 0);
    }

    @Actor
    public void succeed() {
      slot.end(SUCCESS, 0, 0, false, true);
    }

    @Actor
    public void probe(III_Result r) {
      r.r1 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(III_Result r) {
      r.r2 = slot.inFlight();
      r.r3 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }
  }

  /** A probe of the last episode that never ended does not keep the next one from being probed. */
  @JCStressTest
  @Outcome(
      id = {"0, 1", "1, 0"},
      expect = ACCEPTABLE,
      desc = "the new episode has one probe, now or later")
  @Outcome(expect = FORBIDDEN, desc = "the new episode has two probes, or can have none")
  @State
  public static class ProbeWhileAnEpisodeBegins {
    private final Slot slot = StressOwner.slot();

    public ProbeWhileAnEpisodeBegins() {
      slot.admitProbe(UNLIMITED, 0); // never ends
    }

    @Actor
    public void forget() {
      slot.forgetFailures();
    }

    @Actor
    public void probe(II_Result r) {
      r.r1 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }

    @Arbiter
    public void after(II_Result r) {
      r.r2 = slot.admitProbe(UNLIMITED, 0) ? 1 : 0;
    }
  }
}
