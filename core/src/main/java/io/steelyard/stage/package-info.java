/**
 * Layers between discovery and choice: {@link io.steelyard.stage.Stages} is the page to read.
 *
 * <p>A stage never hides an endpoint from those after it; it weighs it to zero and says why, so
 * that {@link io.steelyard.Balancer#explain()} can tell.
 */
@NullMarked
package io.steelyard.stage;

import org.jspecify.annotations.NullMarked;
