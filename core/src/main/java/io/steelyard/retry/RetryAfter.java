package io.steelyard.retry;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/** Reads the HTTP header {@code Retry-After} (RFC 9110, 10.2.3): seconds, or a date. */
public final class RetryAfter {
  private static final int MOST_DIGITS = 9;

  private RetryAfter() {}

  /**
   * How long the server asks to wait.
   *
   * @param header the field's value; null if there is none
   * @param epochMillis the wall time now, for a date
   * @return zero or more; null if there is no header or it cannot be read
   */
  public static @Nullable Duration parse(@Nullable String header, long epochMillis) {
    if (header == null || header.isBlank()) {
      return null;
    }
    String text = header.strip();
    if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      // Beyond nine digits (30 years) the number says no more than that.
      return Duration.ofSeconds(
          Long.parseLong(text.length() > MOST_DIGITS ? "9".repeat(MOST_DIGITS) : text));
    }
    try {
      Instant at = DateTimeFormatter.RFC_1123_DATE_TIME.parse(text, Instant::from);
      Duration wait = Duration.between(Instant.ofEpochMilli(epochMillis), at);
      return wait.isNegative() ? Duration.ZERO : wait;
    } catch (DateTimeException e) {
      return null;
    }
  }
}
