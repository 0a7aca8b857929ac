/** One idea per class, each with a {@code main} to run or to copy from. */
@NullMarked
package io.steelyard.examples;

import org.jspecify.annotations.NullMarked;
