/**
 * Policies as Kubernetes resources: read, checked, matched with services, and handed to balancers.
 *
 * <p>{@link io.steelyard.kubernetes.internal.policy.PolicyReader} and {@link
 * io.steelyard.kubernetes.internal.policy.Choice} are pure functions; {@link
 * io.steelyard.kubernetes.internal.policy.PolicyWatch} does what has to do with time.
 */
@NullMarked
package io.steelyard.kubernetes.internal.policy;

import org.jspecify.annotations.NullMarked;
