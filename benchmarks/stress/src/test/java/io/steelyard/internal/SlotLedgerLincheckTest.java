package io.steelyard.internal;

import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/**
 * The totals are linearizable: while an endpoint with counts of its own leaves, is forgotten and
 * comes back, and requests go on with another, nothing is missing and nothing counted twice.
 */
public class SlotLedgerLincheckTest {
  private static final Topology BOTH = Topology.of(Endpoint.of("a", 1), Endpoint.of("b", 1));
  private static final Topology ONE = Topology.of(Endpoint.of("a", 1));

  private final SlotLedger ledger = new SlotLedger(id -> StressOwner.slot());
  private final Slot stays;
  private long now;

  public SlotLedgerLincheckTest() {
    Slot[] slots = ledger.slotsOf(BOTH, 0);
    stays = slots[0];
    slots[1].begin(0);
    slots[1].end(Outcome.TIMEOUT, 0, 0, false, false);
  }

  @Operation(nonParallelGroup = "loop")
  public void leave() {
    ledger.slotsOf(ONE, now);
  }

  @Operation(nonParallelGroup = "loop")
  public boolean comeBack() {
    return ledger.slotsOf(BOTH, now)[0] == stays;
  }

  @Operation(nonParallelGroup = "loop")
  public boolean forget() {
    now += SlotLedger.KEEP.toNanos();
    return ledger.expire(now) == 0;
  }

  @Operation
  public void serve() {
    stays.begin(0);
  }

  @Operation
  public long begun() {
    return ledger.totals().begun;
  }

  @Operation
  public long timeouts() {
    return ledger.totals().counts[Outcome.TIMEOUT.ordinal()];
  }

  @Test
  void every_interleaving_of_few_operations_is_linearizable() {
    Lincheck.modelChecking().invocationsPerIteration(50).check(SlotLedgerLincheckTest.class);
  }

  @Test
  void so_it_is_on_real_threads() {
    Lincheck.stress().check(SlotLedgerLincheckTest.class);
  }
}
