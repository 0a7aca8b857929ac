package io.steelyard.config;

/** A configuration that cannot be followed; the message names place, value and expectation. */
public final class ConfigException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  /** {@code place: value (expected: …)}. */
  public ConfigException(String place, Object value, String expected) {
    super(place + ": " + value + " (expected: " + expected + ")");
  }
}
