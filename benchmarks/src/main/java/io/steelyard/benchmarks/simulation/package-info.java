/**
 * The simulator: the real balancer, on a clock of its own, against servers that exist on paper.
 *
 * <p>A {@link io.steelyard.benchmarks.simulation.World} plays one {@link
 * io.steelyard.benchmarks.simulation.Scenario} with one {@link
 * io.steelyard.benchmarks.simulation.Contender} and one seed, as a queue of events on one thread.
 * Everything that chooses is the library itself, or a peer's rule written as a {@link
 * io.steelyard.Strategy}; only clients, network and servers are made up. Equal seeds give equal
 * results, bit for bit, and all contenders are given the same arrivals and the same work.
 *
 * <p>{@code benchmarks/simulate --help} tells how to run it.
 */
@NullMarked
package io.steelyard.benchmarks.simulation;

import org.jspecify.annotations.NullMarked;
