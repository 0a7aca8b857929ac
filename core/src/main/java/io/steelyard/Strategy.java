package io.steelyard;

/**
 * Compiles candidates into a {@link Picker}, off the hot path, once for each change.
 *
 * <p>Every strategy honours weight: zero is never chosen, and what a stage scales down is chosen in
 * proportion less often. Like a stage, a strategy keeps its state (a cursor, a table) in {@link
 * Context#memory}, so that one object may serve many balancers; its {@code toString()} is its name
 * in {@link Balancer#explain()} and its {@code equals} decides whether a new policy continues the
 * old one's memory. The factories are on one page: {@link io.steelyard.strategy.Strategies}.
 *
 * <p>A strategy that throws is reported once and the last snapshot stays in use; if it came with a
 * new policy, the last policy goes on.
 */
@FunctionalInterface
public interface Strategy {
  /** Returns the picker for these candidates. It may keep the context's clock and random source. */
  Picker compile(Candidates candidates, Context context);
}
