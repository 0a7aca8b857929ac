package io.steelyard;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.Z_Result;

/** {@code Rotation.Cursor} in stripes: no ticket is taken twice while a block is brought. */
public final class StripesStress {
  private StripesStress() {}

  @JCStressTest
  @Outcome(id = "true", expect = ACCEPTABLE, desc = "five different tickets")
  @Outcome(id = "false", expect = FORBIDDEN, desc = "a ticket was taken twice")
  @State
  public static class TwoFindABlockUsedUp {
    private final Rotation.Cursor cursor = new Rotation.Cursor(0);
    private final int[] tickets = new int[4];

    @Actor
    public void one() {
      tickets[0] = cursor.next(0);
      tickets[1] = cursor.next(0);
    }

    @Actor
    public void other() {
      tickets[2] = cursor.next(0);
      tickets[3] = cursor.next(1);
    }

    @Arbiter
    public void after(Z_Result r) {
      int last = cursor.next(0);
      boolean different = true;
      for (int i = 0; i < tickets.length; i++) {
        different &= tickets[i] != last;
        for (int k = 0; k < i; k++) {
          different &= tickets[i] != tickets[k];
        }
      }
      r.r1 = different;
    }
  }
}
