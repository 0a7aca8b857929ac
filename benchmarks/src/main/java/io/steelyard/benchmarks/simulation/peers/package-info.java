/**
 * Rules by which other balancers choose, written from their definitions as strategies of this
 * library, so that they can be compared in the same simulated world.
 *
 * <p>What is compared is the rule, not the product: connection handling, health checks and
 * everything else around it are left out, and the ejection of this library can stand before each.
 * All of them run on one thread, and each object serves one client.
 */
@NullMarked
package io.steelyard.benchmarks.simulation.peers;

import org.jspecify.annotations.NullMarked;
