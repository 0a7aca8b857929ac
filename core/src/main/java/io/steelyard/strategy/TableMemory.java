package io.steelyard.strategy;

import io.steelyard.Context;
import io.steelyard.Topology;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a strategy that hashes remembers for one balancer: the table it has built, which stays while
 * ids and declared weights do. What stages make of the weights (ejections, ramps) is no reason to
 * build another, nor is a discovery that lists the same endpoints in another order.
 */
final class TableMemory<T> {
  /** A table and the rows it speaks of. */
  record Built<T>(Topology topology, Rows rows, T table) {}

  @Nullable Built<T> built;

  static <T> Built<T> of(
      Topology topology, Context context, Function<Topology, Rows> order, Function<Rows, T> build) {
    TableMemory<T> memory = context.memory(TableMemory::new);
    return memory.tableOf(topology, order, build);
  }

  @SuppressWarnings("ReferenceEquality") // the same object is the common case; others are compared
  private Built<T> tableOf(
      Topology topology, Function<Topology, Rows> order, Function<Rows, T> build) {
    Built<T> last = built;
    if (last != null && last.topology == topology) {
      return last;
    }
    Rows rows = order.apply(topology);
    T table = last != null && last.rows.sameTable(rows) ? last.table : build.apply(rows);
    Built<T> next = new Built<>(topology, rows, table);
    built = next;
    return next;
  }
}
