package io.steelyard;

import java.util.Objects;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * Why an endpoint has weight zero now, or is held back, and until when if that is known. An
 * immutable value.
 */
public final class Reason {
  private static final long NEVER = Long.MIN_VALUE;

  private final String text;
  private final long untilNanos;

  private Reason(String text, long untilNanos) {
    this.text = Objects.requireNonNull(text, "text");
    this.untilNanos = untilNanos;
  }

  /** A reason without a known end. The text is short and for people: {@code "draining"}. */
  public static Reason of(String text) {
    return new Reason(text, NEVER);
  }

  /** Returns this reason with the moment it ends, on the scale of {@link Context#nanoTime()}. */
  public Reason until(long nanoTime) {
    return new Reason(text, nanoTime == NEVER ? NEVER + 1 : nanoTime);
  }

  /** What people read. */
  public String text() {
    return text;
  }

  /** The moment it ends, on the scale of {@link Context#nanoTime()}, if that is known. */
  public OptionalLong untilNanos() {
    return untilNanos == NEVER ? OptionalLong.empty() : OptionalLong.of(untilNanos);
  }

  /**
   * The text, with the time that is left at the given moment: {@code "5 failures in a row, 3.2 s
   * left"}.
   */
  public String describe(long nanoTime) {
    if (untilNanos == NEVER) {
      return text;
    }
    long leftMillis = Math.max(0, (untilNanos - nanoTime) / 1_000_000);
    return text + ", " + leftMillis / 1000 + "." + leftMillis % 1000 / 100 + " s left";
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof Reason that && text.equals(that.text) && untilNanos == that.untilNanos;
  }

  @Override
  public int hashCode() {
    return text.hashCode() * 31 + Long.hashCode(untilNanos);
  }

  @Override
  public String toString() {
    return text;
  }
}
