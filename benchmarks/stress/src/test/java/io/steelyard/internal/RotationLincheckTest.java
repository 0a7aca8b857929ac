package io.steelyard.internal;

import io.steelyard.PickContext;
import io.steelyard.Rotation;
import org.jetbrains.lincheck.datastructures.Operation;
import org.junit.jupiter.api.Test;

/** A rotation is a counter: every turn is taken once, in order, and nobody waits for anybody. */
public class RotationLincheckTest {
  private final Rotation.Cursor cursor = new Rotation.Cursor(0);
  private final Rotation rotation = Rotation.ofAll(cursor, 1_000);
  private final Rotation backwards = Rotation.of(cursor, new int[] {4, 3, 2, 1, 0});

  @Operation
  public int next() {
    return rotation.pick(PickContext.none(), 0);
  }

  @Operation
  public int nextOfAnother() {
    return backwards.pick(PickContext.none(), 0);
  }

  @Test
  void every_interleaving_of_few_operations_is_linearizable() {
    Lincheck.modelChecking().checkObstructionFreedom(true).check(RotationLincheckTest.class);
  }

  @Test
  void so_it_is_on_real_threads() {
    Lincheck.stress().check(RotationLincheckTest.class);
  }
}
