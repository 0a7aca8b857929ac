/**
 * Policies written down: in a resource of a cluster, a service config, a file of properties.
 *
 * <p>{@link io.steelyard.config.PolicyFormat} is the format that all of them share, and {@link
 * io.steelyard.config.Fields} reads it: plain maps, lists, texts and numbers, as any parser of JSON
 * or YAML gives them.
 */
@NullMarked
package io.steelyard.config;

import org.jspecify.annotations.NullMarked;
