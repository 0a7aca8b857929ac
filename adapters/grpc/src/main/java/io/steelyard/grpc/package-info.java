/**
 * gRPC channels whose addresses come from a discovery and whose requests are spread by a strategy.
 *
 * <pre>{@code
 * Services services = Services.of("cart", KubernetesDiscovery.service("shop", "cart").port("grpc"));
 * ManagedChannel channel =
 *     services
 *         .configure(Grpc.newChannelBuilder("steelyard:///cart", InsecureChannelCredentials.create()))
 *         .build();
 * }</pre>
 *
 * <p>Two parts, of which either can be used alone. A name resolver for targets {@code
 * steelyard:///<service>} gives each endpoint of a discovery to the channel, as one address group
 * each, so that gRPC's own {@code round_robin} spreads over them as well. A load balancer, the
 * policy {@code steelyard} of a service config, keeps a connection to every endpoint and lets a
 * {@link io.steelyard.Balancer} choose one for each call; it works with any name resolver.
 *
 * <p>gRPC calls this part of its API experimental. It was tried with the versions that the build
 * names.
 */
@NullMarked
package io.steelyard.grpc;

import org.jspecify.annotations.NullMarked;
