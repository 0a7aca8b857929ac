/**
 * Other libraries' own classes in the same benchmarks.
 *
 * <p>Each peer is set up the way its library does it, over endpoints that are ready at once and do
 * nothing, and what is measured is the library's own choosing. Some of it is package-private; the
 * classes that reach it stand in packages of the same name.
 */
@NullMarked
package io.steelyard.benchmarks.peers;

import org.jspecify.annotations.NullMarked;
