package io.steelyard;

/**
 * Chooses an index into the candidates it was compiled from.
 *
 * <p>Called by many threads at once. It takes no lock, never blocks and never allocates. An index
 * out of range, or one whose weight is zero, is reported once, stands in {@link Balancer#explain()}
 * and is replaced by any usable candidate; so is what it throws.
 */
@FunctionalInterface
public interface Picker {
  /** What a picker returns when there is nothing to choose from. */
  int NONE = -1;

  /**
   * Chooses for one request.
   *
   * @param context what the request tells
   * @param rank 0 for the strategy's choice. When that one is to be avoided or is full the balancer
   *     asks for rank 1, 2 and so on: the next in the strategy's own order. Round robin takes the
   *     next turn (so that what an endpoint cannot take is spread over all others instead of
   *     falling to its neighbour), a ring walks on, power of two rolls again. A choice may repeat;
   *     after a few ranks the balancer looks for a usable candidate itself.
   * @return an index, or {@link #NONE}
   */
  int pick(PickContext context, int rank);
}
