package io.steelyard.internal;

import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * Probation is linearizable: at any moment at most one probe is out, and none follows a failed one.
 * (An episode that begins at the same time may turn a request away that could have been its probe,
 * which is not linearizable and no harm: see {@code SlotProbeStress.ProbeWhileAnEpisodeBegins}.)
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "success", gen = BooleanGen.class)
public class SlotProbeLincheckTest {
  private static final Endpoint ENDPOINT = Endpoint.of("pod", 80);

  private final Slot slot = StressOwner.slot();
  private final @Nullable SlotAttempt[] probes = new SlotAttempt[8]; // by thread

  @Operation
  public boolean probe(@Param(name = "thread") int thread) {
    if (probes[thread] != null || !slot.admitProbe(Integer.MAX_VALUE, 0)) {
      return false;
    }
    probes[thread] = new SlotAttempt(slot, ENDPOINT, 0, true);
    return true;
  }

  @Operation
  public void end(@Param(name = "thread") int thread, @Param(name = "success") boolean success) {
    SlotAttempt probe = probes[thread];
    if (probe != null) {
      probe.end(success ? Outcome.SUCCESS : Outcome.FAILURE);
      probes[thread] = null;
    }
  }

  @Operation
  public int inARow() {
    return slot.consecutiveFailures();
  }

  @Test
  void every_interleaving_of_few_operations_is_linearizable() {
    Lincheck.modelChecking().check(SlotProbeLincheckTest.class);
  }

  @Test
  void so_it_is_on_real_threads() {
    Lincheck.stress().check(SlotProbeLincheckTest.class);
  }
}
