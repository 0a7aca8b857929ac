/**
 * Ways to choose: {@link io.steelyard.strategy.Strategies} is the page to read.
 *
 * <p>A strategy is compiled once for each change into a picker that only indexes arrays. All of
 * them honour weight: zero is never chosen, and what a stage scales down is chosen in proportion
 * less often.
 *
 * <pre>{@code
 * Balancer cart = Balancer.builder(discovery).strategy(Strategies.weightedRoundRobin()).build();
 * cart.apply(LoadBalancingPolicy.of(Strategies.leastConnections(), Stages.ejection()));
 * }</pre>
 */
@NullMarked
package io.steelyard.strategy;

import org.jspecify.annotations.NullMarked;
