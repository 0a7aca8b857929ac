package io.steelyard.testkit;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Runs a property with many random seeds and says which one failed.
 *
 * <pre>{@code
 * Seeds.forEach(100, seed -> {
 *   RandomSource random = ScriptedRandom.seeded(seed);
 *   …
 * });
 * }</pre>
 *
 * <p>Run again with {@code -Dsteelyard.seed=…} to see the same failure: then that seed is the only
 * one.
 */
public final class Seeds {
  /** The system property that fixes the seed: {@value}. */
  public static final String PROPERTY = "steelyard.seed";

  private Seeds() {}

  /** Something that holds whatever the seed. */
  @FunctionalInterface
  public interface Property {
    /** Throws if it does not hold. */
    void check(long seed) throws Exception;
  }

  /**
   * Checks a property.
   *
   * @param count how many seeds to try, 1 or more
   * @throws AssertionError if it does not hold; the message names the seed
   */
  public static void forEach(int count, Property property) {
    if (count < 1) {
      throw new IllegalArgumentException("count: " + count + " (expected: >= 1)");
    }
    Long fixed = Long.getLong(PROPERTY);
    if (fixed != null) {
      check(fixed, property);
      return;
    }
    for (int i = 0; i < count; i++) {
      check(ThreadLocalRandom.current().nextLong(), property);
    }
  }

  private static void check(long seed, Property property) {
    try {
      property.check(seed);
    } catch (Exception | AssertionError e) {
      throw new AssertionError(
          "seed " + seed + " (run again with -D" + PROPERTY + "=" + seed + "): " + e.getMessage(),
          e);
    }
  }
}
