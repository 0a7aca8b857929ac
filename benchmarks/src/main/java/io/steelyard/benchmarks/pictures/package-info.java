/**
 * The pictures of docs/strategies: each strategy, drawn from what it does.
 *
 * <p>Nothing in them is sketched: a real balancer chooses on a virtual clock with a fixed seed, and
 * its choices are drawn. {@code DrawStrategies} writes them; a test compares those in docs with
 * what it would write now.
 */
@NullMarked
package io.steelyard.benchmarks.pictures;

import org.jspecify.annotations.NullMarked;
