/**
 * What adapters of HTTP clients have in common, for whoever writes one: how a service is found by
 * its name, what a status or an error means, the wait for a first list, bodies that nobody reads.
 * Code that only uses a client needs none of it.
 *
 * <p>{@link io.steelyard.adapter.HttpAdapterBuilder} has the settings, and {@link
 * io.steelyard.adapter.HttpAdapter} is what becomes of them; {@link io.steelyard.adapter.HttpRules}
 * is what HTTP says; {@link io.steelyard.adapter.OpenBodies} looks after bodies. What is tried
 * again is the business of {@link io.steelyard.retry}.
 */
@NullMarked
package io.steelyard.adapter;

import org.jspecify.annotations.NullMarked;
