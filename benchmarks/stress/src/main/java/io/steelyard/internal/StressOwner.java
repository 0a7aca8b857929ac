package io.steelyard.internal;

import java.util.concurrent.atomic.AtomicInteger;

/** A slot's owner whose clock stands still, and which counts how often it was woken. */
final class StressOwner implements Slot.Owner {
  /** The unit of time in a slot's latency word. */
  static final long STAMP = 1L << 20;

  final AtomicInteger wakes = new AtomicInteger();
  final AtomicInteger closedWithoutVerdict = new AtomicInteger();
  private final long now;

  StressOwner(long now) {
    this.now = now;
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public void wake() {
    wakes.incrementAndGet();
  }

  @Override
  public void closedWithoutVerdict(String endpointId) {
    closedWithoutVerdict.incrementAndGet();
  }

  /** A slot that reads no clock, so that nothing but its own words is in the way. */
  static Slot slot() {
    return slot(new StressOwner(0));
  }

  static Slot slot(StressOwner owner) {
    return new Slot("pod", owner, false, new Pace(1), 0);
  }

  /** Begins a request on such a slot; returns its moment. */
  static long begun(Slot slot) {
    slot.begin(0);
    return 0;
  }
}
