package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.PickContext;
import io.steelyard.Rotation;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** {@code Rotation.Cursor}: a ticket is taken once, also by two rotations that share it. */
public final class RotationStress {
  private RotationStress() {}

  @JCStressTest
  @Outcome(
      id = {"0, 1, 2", "1, 0, 2"},
      expect = ACCEPTABLE,
      desc = "the first two tickets, in either order")
  @Outcome(expect = FORBIDDEN, desc = "a ticket was taken twice, or left out")
  @State
  public static class TwoTakeATurn {
    private final Rotation rotation = Rotation.ofAll(new Rotation.Cursor(0), 5);

    @Actor
    public void one(III_Result r) {
      r.r1 = rotation.pick(PickContext.none(), 0);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = rotation.pick(PickContext.none(), 0);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = rotation.pick(PickContext.none(), 0);
    }
  }

  /** The list changed: requests under the old snapshot and the new one go on with one counter. */
  @JCStressTest
  @Outcome(
      id = {"3, 0, 1", "0, 3, 1"},
      expect = ACCEPTABLE,
      desc = "tickets 3 and 4: the turn goes on")
  @Outcome(expect = FORBIDDEN, desc = "a ticket was taken twice, or left out")
  @State
  public static class TurnsGoOnOverAChange {
    private final Rotation.Cursor cursor = new Rotation.Cursor(3);
    private final Rotation before = Rotation.of(cursor, new int[] {0, 1, 2, 3});
    private final Rotation after = Rotation.ofAll(cursor, 4);

    @Actor
    public void old(III_Result r) {
      r.r1 = before.pick(PickContext.none(), 0);
    }

    @Actor
    public void young(III_Result r) {
      r.r2 = after.pick(PickContext.none(), 0);
    }

    @Arbiter
    public void then(III_Result r) {
      r.r3 = after.pick(PickContext.none(), 0);
    }
  }
}
