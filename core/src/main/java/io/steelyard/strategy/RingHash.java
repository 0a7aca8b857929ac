package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;

/** See {@link Strategies#ringHash(int)}. */
record RingHash(int virtualNodes) implements HashStrategy {
  static final int VIRTUAL_NODES = 100;

  RingHash {
    if (virtualNodes < 1 || virtualNodes > 10_000) {
      throw new IllegalArgumentException(
          "ringHash: virtualNodes: " + virtualNodes + " (expected: 1 to 10000)");
    }
  }

  @Override
  public KeyedPicker compile(Candidates candidates, Context context) {
    TableMemory.Built<Ring> built =
        TableMemory.of(
            candidates.topology(), context, Rows::byId, rows -> new Ring(rows, virtualNodes));
    return new TableWalk(built.table(), built.rows(), candidates, context, false);
  }

  @Override
  public String toString() {
    return virtualNodes == VIRTUAL_NODES ? "ringHash" : "ringHash(" + virtualNodes + ")";
  }
}
