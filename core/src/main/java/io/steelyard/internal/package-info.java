/**
 * The machinery behind the builder: slots, composer, loop. Not exported; nothing outside core may
 * name it.
 *
 * <p>Read {@link io.steelyard.internal.DefaultBalancer} first: requests read its snapshot, a {@link
 * io.steelyard.internal.SerialLoop} replaces it, the {@link io.steelyard.internal.Composer} makes
 * the new one, and {@link io.steelyard.internal.Slot}s outlive them all.
 */
@NullMarked
package io.steelyard.internal;

import org.jspecify.annotations.NullMarked;
