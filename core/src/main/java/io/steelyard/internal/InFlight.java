package io.steelyard.internal;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many requests are in flight in all, for {@link io.steelyard.BoundedPicker}s: moved only by
 * requests that begin under one. Alone on its cache lines.
 */
@SuppressWarnings({"unused", "serial"}) // the fields take up room
final class InFlight extends AtomicInteger {
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15;
}
