package io.steelyard.kubernetes.internal.policy;

/** A policy that cannot be followed; the message names place, value and expectation. */
final class BadPolicyException extends RuntimeException {
  private static final long serialVersionUID = 1;

  BadPolicyException(String place, Object value, String expected) {
    super(place + ": " + value + " (expected: " + expected + ")");
  }
}
