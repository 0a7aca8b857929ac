package io.steelyard;

/**
 * A picker that goes by the moment, and is told it.
 *
 * <p>The balancer reads the clock once for each request and hands the same moment to the picker and
 * to the endpoint's record. A picker that reads {@link Context#nanoTime()} itself works too, and
 * costs each request one clock read more: as much as the rest of a choice.
 */
public interface TimedPicker extends Picker {
  /**
   * As {@link #pick(PickContext, int)}, at a moment that was read just now.
   *
   * @param nanoTime the moment, on the scale of {@link Context#nanoTime()}
   */
  int pick(PickContext context, int rank, long nanoTime);
}
