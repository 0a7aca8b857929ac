package io.steelyard.spring;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A service whose properties cannot be followed; the message names key, value and expectation. */
final class ServiceConfigurationException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;
  private static final Pattern UPPER = Pattern.compile("[A-Z]");

  private final String key;

  /**
   * {@code key: problem}.
   *
   * @param problem as a rule {@code value (expected: …)}
   */
  ServiceConfigurationException(String key, String problem) {
    super(key + ": " + problem);
    this.key = key;
  }

  /**
   * From a complaint {@code prefix.someName: value (expected: …)}, with the key as Spring has it.
   */
  static ServiceConfigurationException of(String prefix, IllegalArgumentException complaint) {
    String message = String.valueOf(complaint.getMessage());
    int end = message.indexOf(": ", prefix.length());
    if (!message.startsWith(prefix) || end < 0) {
      return new ServiceConfigurationException(prefix, message);
    }
    Matcher names = UPPER.matcher(message.substring(prefix.length(), end));
    String tail = names.replaceAll(upper -> "-" + upper.group().toLowerCase(java.util.Locale.ROOT));
    return new ServiceConfigurationException(prefix + tail, message.substring(end + 2));
  }

  /** The property, or the prefix of the properties, that is wrong. */
  String key() {
    return key;
  }
}
