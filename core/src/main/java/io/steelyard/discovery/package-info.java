/**
 * Where lists of endpoints come from: {@link io.steelyard.discovery.Discoveries} is the page to
 * read.
 *
 * <p>Each is a {@link io.steelyard.Discovery} and publishes whole lists. One that asks somebody
 * keeps the last good list while it gets no answer, and says so in the topology's state; {@link
 * io.steelyard.Balancer#explain()} shows it.
 *
 * <pre>{@code
 * Discovery cart =
 *     Discoveries.holding(
 *         Discoveries.merged(
 *             Discoveries.dns("cart.shop.svc.cluster.local", 8080),
 *             Discoveries.file(Path.of("/etc/cart/endpoints"))),
 *         Duration.ofSeconds(30));
 * Balancer balancer = Balancer.builder(cart).build();
 * }</pre>
 *
 * <p>A discovery of one's own is a lambda that calls its listener; what it must keep to stands in
 * {@link io.steelyard.Discovery}.
 */
@NullMarked
package io.steelyard.discovery;

import org.jspecify.annotations.NullMarked;
