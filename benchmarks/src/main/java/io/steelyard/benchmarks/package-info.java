/**
 * What a request costs, measured with JMH beside the barest code that could do the same; {@code
 * benchmarks/run --help} tells how.
 */
@NullMarked
package io.steelyard.benchmarks;

import org.jspecify.annotations.NullMarked;
