package io.steelyard.retry;

/** What a stack trace says of retries, as a suppressed exception without a trace of its own. */
final class RetryNote extends Exception {
  private static final long serialVersionUID = 1;

  RetryNote(String message) {
    super(message, null, false, false);
  }
}
