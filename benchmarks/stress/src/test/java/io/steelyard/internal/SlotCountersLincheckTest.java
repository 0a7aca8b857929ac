package io.steelyard.internal;

import io.steelyard.Outcome;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.junit.jupiter.api.Test;

/**
 * What a slot counts is linearizable: whatever threads do at once, each sees what it would if they
 * had done it one after the other. And it is free of obstruction: no thread waits for another.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "limit", gen = IntGen.class, conf = "1:2")
public class SlotCountersLincheckTest {
  private final Slot slot = StressOwner.slot();
  private final int[] open = new int[8]; // by thread: each ends what it began

  @Operation
  public void begin(@Param(name = "thread") int thread) {
    slot.begin(0);
    open[thread]++;
  }

  @Operation
  public boolean admit(@Param(name = "thread") int thread, @Param(name = "limit") int limit) {
    boolean admitted = slot.admit(limit, 0);
    open[thread] += admitted ? 1 : 0;
    return admitted;
  }

  @Operation
  public boolean end(@Param(name = "thread") int thread) {
    if (open[thread] == 0) {
      return false;
    }
    open[thread]--;
    slot.end(Outcome.SUCCESS, 0, 0, false, false);
    return true;
  }

  @Operation
  public int inFlight() {
    return slot.inFlight();
  }

  @Operation
  public long begun() {
    return slot.begun();
  }

  @Test
  void every_interleaving_of_few_operations_is_linearizable() {
    Lincheck.modelChecking().checkObstructionFreedom(true).check(SlotCountersLincheckTest.class);
  }

  @Test
  void so_it_is_on_real_threads() {
    Lincheck.stress().check(SlotCountersLincheckTest.class);
  }
}
