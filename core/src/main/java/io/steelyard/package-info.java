/**
 * Client-side load balancing: the caller chooses, for each request, one of the endpoints behind a
 * service.
 *
 * <p>A {@link io.steelyard.Discovery} publishes a topology. A serial control loop runs {@link
 * io.steelyard.Stage}s over it, each giving every endpoint a weight, and a reason where that is
 * zero. A {@link io.steelyard.Strategy} compiles the result into a {@link io.steelyard.Picker}, and
 * one volatile write swaps it in. What is learnt of an endpoint ({@link
 * io.steelyard.EndpointStats}) hangs off its identity, so that nothing is lost when lists change.
 *
 * <pre>{@code
 * Balancer cart = Balancer.builder(discovery)
 *     .stages(Stages.ejection().panicBelow(0.5))
 *     .strategy(Strategies.powerOfTwo(LoadMetric.peakEwma()))
 *     .build();
 * String body = cart.call(PickContext.none(), attempt -> get(attempt.endpoint(), "/cart"));
 * }</pre>
 */
@NullMarked
package io.steelyard;

import org.jspecify.annotations.NullMarked;
