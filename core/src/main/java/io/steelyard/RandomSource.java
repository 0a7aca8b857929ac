package io.steelyard;

/**
 * A thread-safe source of randomness.
 *
 * <p>Thread-safe is meant strictly: one source serves every thread of a balancer. A source over
 * {@link java.util.concurrent.ThreadLocalRandom} therefore asks for {@code current()} on each call;
 * captured once, it would repeat the same sequence on every thread.
 */
@FunctionalInterface
public interface RandomSource {
  /** 64 random bits. */
  long nextLong();

  /**
   * A number from 0 up to, not including, {@code bound}, taken from the high half of one {@link
   * #nextLong()} by multiplication (Lemire, "Fast Random Integer Generation in an Interval", 2019,
   * without the rejection step: off by less than bound/2³² of a share).
   *
   * @param bound at least 1
   */
  default int nextInt(int bound) {
    return (int) (((nextLong() >>> 32) * bound) >>> 32);
  }

  /** A number from 0 up to, not including, 1, with 53 random bits. */
  default double nextDouble() {
    return (nextLong() >>> 11) * 0x1.0p-53;
  }
}
