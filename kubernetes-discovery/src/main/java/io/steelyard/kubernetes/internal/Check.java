package io.steelyard.kubernetes.internal;

import java.time.Duration;
import java.util.Objects;
import java.util.regex.Pattern;

/** Refuses bad settings, naming the setting, the value and what was expected. */
public final class Check {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern LABEL_KEY =
      Pattern.compile(
          "([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");
  private static final Pattern LABEL_VALUE =
      Pattern.compile("([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?");

  private Check() {}

  /** Returns a DNS label as it is. */
  public static String label(String text, String what) {
    Objects.requireNonNull(text, what);
    if (!LABEL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          what
              + ": \""
              + text
              + "\" (expected: a DNS label: a-z, 0-9 and -, 1 to 63 of them, no - at either end)");
    }
    return text;
  }

  /** Refuses what is no key of a label or annotation. */
  public static void key(String key, String what) {
    Objects.requireNonNull(key, what);
    if (!isKey(key)) {
      throw new IllegalArgumentException(
          what + ": \"" + key + "\" (expected: a label key such as steelyard.io/weight)");
    }
  }

  /** Whether labels and annotations can have such a key. */
  public static boolean isKey(String text) {
    return LABEL_KEY.matcher(text).matches();
  }

  /** Whether labels can have such a value; annotations can have any. */
  public static boolean isLabelValue(String text) {
    return LABEL_VALUE.matcher(text).matches();
  }

  /** Refuses a blank text. */
  public static void text(String text, String what) {
    Objects.requireNonNull(text, what);
    if (text.isBlank()) {
      throw new IllegalArgumentException(what + ": \"" + text + "\" (expected: not blank)");
    }
  }

  /** Returns a port that was written in digits. */
  public static int port(String digits) {
    int port;
    try {
      port = Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      port = 0; // more digits than any port has
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port: " + digits + " (expected: 1 to 65535)");
    }
    return port;
  }

  /** Refuses a duration out of range. */
  public static void duration(Duration value, String what, Duration least, Duration most) {
    Objects.requireNonNull(value, what);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
