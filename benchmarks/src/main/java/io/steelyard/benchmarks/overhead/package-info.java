/** What an HTTP adapter costs, beside the bare client. */
@NullMarked
package io.steelyard.benchmarks.overhead;

import org.jspecify.annotations.NullMarked;
