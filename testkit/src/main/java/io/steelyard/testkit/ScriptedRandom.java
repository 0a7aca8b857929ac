package io.steelyard.testkit;

import io.steelyard.RandomSource;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Random numbers that repeat: from a seed, or word for word from a script. Both are thread-safe.
 *
 * <pre>{@code
 * // "Of ten endpoints the fourth", twice; a third draw is an error.
 * RandomSource random = ScriptedRandom.of(ScriptedRandom.bits(3, 10), ScriptedRandom.bits(3, 10));
 * }</pre>
 */
public final class ScriptedRandom {
  private ScriptedRandom() {}

  /**
   * A source whose sequence is determined by its seed: SplitMix64 (Steele, Lea and Flood, "Fast
   * Splittable Pseudorandom Number Generators", 2014), one atomic addition a number. Threads that
   * share it share the sequence, in whatever order they come.
   */
  public static RandomSource seeded(long seed) {
    AtomicLong state = new AtomicLong(seed);
    return () -> {
      long z = state.addAndGet(0x9E3779B97F4A7C15L);
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    };
  }

  /**
   * A source that gives these numbers, one {@link RandomSource#nextLong()} each.
   *
   * <p>A draw beyond the last one throws {@link IllegalStateException}: a script is a claim about
   * how many numbers are drawn. A balancer reports what its picker throws and goes on with any
   * endpoint, so look at {@code explain()} or at the choices, not for the exception.
   */
  public static RandomSource of(long... numbers) {
    long[] script = numbers.clone();
    AtomicInteger next = new AtomicInteger();
    return () -> {
      int at = next.getAndIncrement();
      if (at < 0 || at >= script.length) {
        throw new IllegalStateException(
            "the script of " + script.length + " random numbers has run out");
      }
      return script[at];
    };
  }

  /** A source for which {@code nextInt(bound)} gives these numbers, and then an error. */
  public static RandomSource ints(int bound, int... results) {
    long[] script = new long[results.length];
    for (int i = 0; i < results.length; i++) {
      script[i] = bits(results[i], bound);
    }
    return of(script);
  }

  /** A 64-bit number for which {@link RandomSource#nextInt nextInt(bound)} gives {@code result}. */
  public static long bits(int result, int bound) {
    return half(result, bound) << 32;
  }

  /**
   * A 64-bit number of which both halves are used: the upper one gives {@code upper} of {@code
   * upperBound}, as {@link RandomSource#nextInt} would, and the lower one {@code lower} of {@code
   * lowerBound}.
   */
  public static long bits(int upper, int upperBound, int lower, int lowerBound) {
    return half(upper, upperBound) << 32 | half(lower, lowerBound);
  }

  /** The smallest 32-bit number h with ⌊h·bound / 2^32⌋ = result. */
  private static long half(int result, int bound) {
    if (bound < 1 || result < 0 || result >= bound) {
      throw new IllegalArgumentException(
          "result: " + result + " (expected: 0 to " + (bound - 1L) + ")");
    }
    return (((long) result << 32) + bound - 1) / bound;
  }
}
