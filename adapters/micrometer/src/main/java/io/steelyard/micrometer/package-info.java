/**
 * Metrics of balancers, for Micrometer: {@link io.steelyard.micrometer.BalancerMetrics}.
 *
 * <pre>{@code
 * BalancerMetrics metrics = BalancerMetrics.of("cart", cart);
 * metrics.bindTo(registry);
 * }</pre>
 *
 * <p>Everything is pulled when a registry is read; a request does no work for it.
 */
@NullMarked
package io.steelyard.micrometer;

import org.jspecify.annotations.NullMarked;
