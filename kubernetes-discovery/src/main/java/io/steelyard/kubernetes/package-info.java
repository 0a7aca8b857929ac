/**
 * Discovers endpoints from a Kubernetes API server, by watching EndpointSlices.
 *
 * <p>A client that resolves a Service's name gets one virtual address, and a connection that lives
 * for hours stays with the pod it first reached. To choose a pod for each request, a client has to
 * know the pods. {@link io.steelyard.kubernetes.KubernetesDiscovery} asks the API server for them
 * and keeps the answer current:
 *
 * <pre>{@code
 * Discovery cart = KubernetesDiscovery.service("shop", "cart").port("http");
 * try (AutoCloseable watch = cart.watch(listener)) {
 *   ...
 * }
 * }</pre>
 *
 * <p>The API server is a far less reliable neighbour than it seems. Watches end, versions expire,
 * rights are revoked, connections stay open with nobody at the other end. None of that may cost a
 * request: whatever happens, the last good list stays in force, every topology says how far it can
 * be trusted, and {@link io.steelyard.kubernetes.KubernetesDiscovery#status()} says since when and
 * why. Only the API server's own word makes the list empty.
 *
 * <p>No more rights are needed than to list and watch EndpointSlices in one namespace.
 *
 * <p>{@link io.steelyard.kubernetes.KubernetesPolicies} watches what is to be done with the
 * endpoints: strategy, weights and stages, declared as resources in the cluster.
 */
@NullMarked
package io.steelyard.kubernetes;

import org.jspecify.annotations.NullMarked;
