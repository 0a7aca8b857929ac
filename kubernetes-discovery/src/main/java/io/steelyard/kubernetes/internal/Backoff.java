package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import java.time.Duration;

/**
 * How long to wait before the next try: next to nothing after one failure, then from the settings'
 * first delay to their longest, doubled each time. Always a random share of that (full jitter:
 * Brooker, "Exponential Backoff and Jitter", 2015), so that a thousand clients spread.
 *
 * <p>Guarded by the lock of its reflector.
 */
final class Backoff {
  // The first retry is quick: most watches end because the server ends them, in good order.
  static final Duration FIRST = Duration.ofMillis(100);

  private final Platform platform;
  private final Reflector.Settings settings;
  private int failures; // in a row, without two healthy minutes between

  Backoff(Platform platform, Reflector.Settings settings) {
    this.platform = platform;
    this.settings = settings;
  }

  void failed() {
    failures++;
  }

  void healthy() {
    failures = 0;
  }

  int failures() {
    return failures;
  }

  /** What to wait after as many failures as there were. */
  Duration delay() {
    if (failures <= 1) {
      return jittered(FIRST);
    }
    Duration cap = settings.maxBackoff();
    int doublings = failures - 2;
    if (doublings < 20) {
      Duration doubled = settings.backoff().multipliedBy(1L << doublings);
      cap = doubled.compareTo(cap) < 0 ? doubled : cap;
    }
    return jittered(cap);
  }

  /** Any time up to this. */
  Duration jittered(Duration most) {
    return Duration.ofNanos((long) (most.toNanos() * platform.random().nextDouble()));
  }
}
