package io.steelyard.spring;

import io.steelyard.Outcome;
import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryPolicy;
import java.time.Duration;
import java.util.List;

/** Reads a retry policy. */
final class RetryProperties {
  private RetryProperties() {}

  /**
   * Reads {@code <place>.retry}.
   *
   * @throws ServiceConfigurationException for the first thing that is wrong
   */
  static RetryPolicy policy(String place, SteelyardProperties.Retry retry) {
    RetryPolicy.Builder policy = RetryPolicy.builder();
    String at = place + ".retry";
    Integer maxAttempts = retry.maxAttempts();
    if (maxAttempts != null) {
      check(at + ".max-attempts", () -> policy.maxAttempts(maxAttempts));
    }
    SteelyardProperties.Backoff backoff = retry.backoff();
    if (backoff != null) {
      check(at + ".backoff", () -> policy.backoff(backoff.base(), backoff.most()));
    }
    Duration perTryTimeout = retry.perTryTimeout();
    if (perTryTimeout != null) {
      check(at + ".per-try-timeout", () -> policy.perTryTimeout(perTryTimeout));
    }
    Duration deadline = retry.deadline();
    if (deadline != null) {
      check(at + ".deadline", () -> policy.deadline(deadline));
    }
    List<Outcome> on = retry.on();
    if (on != null) {
      check(at + ".on", () -> policy.on(on.toArray(new Outcome[0])));
    }
    SteelyardProperties.Budget budget = retry.budget();
    if (budget != null) {
      check(
          at + ".budget", () -> policy.budget(RetryBudget.of(budget.share(), budget.perSecond())));
    }
    try {
      return policy.build();
    } catch (IllegalArgumentException e) {
      throw complaint(at + ".per-try-timeout", e);
    }
  }

  private static void check(String key, Runnable setting) {
    try {
      setting.run();
    } catch (IllegalArgumentException e) {
      throw complaint(key, e);
    }
  }

  /** {@code key: value (expected: …)}, of {@code retry: name: value (expected: …)}. */
  static ServiceConfigurationException complaint(String key, IllegalArgumentException e) {
    String message = String.valueOf(e.getMessage());
    String last = key.substring(key.lastIndexOf('.') + 1).replace("-", "") + ": ";
    int name = message.toLowerCase(java.util.Locale.ROOT).indexOf(last);
    String problem = name < 0 ? message : message.substring(name + last.length());
    return new ServiceConfigurationException(key, problem);
  }
}
