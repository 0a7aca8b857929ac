/**
 * How {@link io.steelyard.kubernetes.KubernetesDiscovery} works inside; not for use from outside.
 *
 * <p>Three parts, one arrow. A {@link io.steelyard.kubernetes.internal.Reflector} keeps a map of
 * small values equal to what an API server holds, whatever happens to the connection; it knows
 * nothing of services. {@link io.steelyard.kubernetes.internal.SliceUnion} is a pure function from
 * slices to endpoints; it knows nothing of time or connections. {@code ServiceView} puts the one
 * behind the other and says how far the outcome can be trusted, and {@link
 * io.steelyard.kubernetes.internal.ServiceWatch} tells listeners, at a pace.
 */
@NullMarked
package io.steelyard.kubernetes.internal;

import org.jspecify.annotations.NullMarked;
