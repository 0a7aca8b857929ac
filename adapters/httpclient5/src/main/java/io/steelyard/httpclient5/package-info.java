/** x. */
@NullMarked
package io.steelyard.httpclient5;

import org.jspecify.annotations.NullMarked;
