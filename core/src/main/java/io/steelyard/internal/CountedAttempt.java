package io.steelyard.internal;

import io.steelyard.Endpoint;

/** An attempt that is also counted in the total, until after it has left its slot. */
final class CountedAttempt extends SlotAttempt {
  private final InFlight total;

  CountedAttempt(Slot slot, Endpoint endpoint, long beganAt, boolean probe, InFlight total) {
    super(slot, endpoint, beganAt, probe);
    this.total = total;
  }

  @Override
  void left() {
    total.decrementAndGet();
  }
}
