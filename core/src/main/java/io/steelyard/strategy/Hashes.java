package io.steelyard.strategy;

import io.steelyard.PickContext;

/**
 * Hashes that every client computes alike. Ids are hashed as keys are ({@link
 * PickContext#keyHash()}, XXH64); whatever else is needed is derived from such a hash by {@link
 * #mix}.
 */
final class Hashes {
  /** 2^64 over the golden ratio, made odd: multiples of it never meet and are spread evenly. */
  private static final long GOLDEN = 0x9E3779B97F4A7C15L;

  private Hashes() {}

  /** The hash of an endpoint's id. */
  static long of(String id) {
    return PickContext.key(id).keyHash();
  }

  /**
   * The finalizer of SplitMix64 (Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
   * Generators", 2014; constants: Stafford's variant 13). A bijection: different hashes stay
   * different.
   */
  static long mix(long hash) {
    long z = (hash ^ hash >>> 30) * 0xBF58476D1CE4E5B9L;
    z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
    return z ^ z >>> 31;
  }

  /** The k-th hash derived from one, k = 0, 1, …: SplitMix64 seeded with it. */
  static long derived(long hash, int k) {
    return mix(hash + (k + 1) * GOLDEN);
  }

  /** The upper 53 bits as a number from 0 up to, not including, 1. */
  static double fraction(long hash) {
    return (hash >>> 11) * 0x1.0p-53;
  }

  /** The upper 32 bits as a number from 0 up to, not including, bound: by multiplication. */
  static int below(int bound, long hash) {
    return (int) (((hash >>> 32) * bound) >>> 32);
  }
}
