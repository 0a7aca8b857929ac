/**
 * The Spring Boot starter: a {@link io.steelyard.Balancer} for each service in the properties, and
 * a {@code RestClient} that balances.
 *
 * <pre>{@code
 * steelyard.services.cart.kubernetes.namespace=shop
 * steelyard.services.cart.kubernetes.port=http
 * }</pre>
 *
 * <pre>{@code
 * Shop(@Balanced RestClient.Builder builder) {
 *   this.cart = builder.baseUrl("http://cart").build();
 * }
 * }</pre>
 */
@NullMarked
package io.steelyard.spring;

import org.jspecify.annotations.NullMarked;
