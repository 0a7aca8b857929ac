package io.steelyard.retry;

import io.steelyard.Balancer;
import io.steelyard.Classifier;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Platform;
import org.jspecify.annotations.Nullable;

/**
 * What a balancer offers to the retries of its requests: clock, judgement, budget, and somebody to
 * count. Balancers of the builder have it; with any other (one that wraps, say) retries go by the
 * system's clock and the standard classifier, and nobody counts them. Not for implementing: it will
 * get more methods.
 */
public interface RetryHost extends Balancer {
  /** The time, randomness and threads that the balancer was built with. */
  Platform platform();

  /** What judges the results of calls. */
  Classifier classifier();

  /** The policy that the balancer was built with; null if it has none. */
  @Nullable RetryPolicy retryPolicy();

  /** The budget of requests whose policy has none: one for each balancer. */
  RetryBudget retryBudget();

  /**
   * Notes that a request is being tried again.
   *
   * @param failed where the last try was
   * @param outcome how it ended
   * @param next where the new one is
   * @param attempt its number, 2 or more
   * @param pauseNanos the pause between them
   */
  void retried(Endpoint failed, Outcome outcome, Endpoint next, int attempt, long pauseNanos);

  /**
   * Notes that a request would have been tried again, had there been budget left.
   *
   * @param failed where the last try was
   * @param outcome how it ended
   * @param attempt the number of the try that there will not be
   */
  void retryRefused(Endpoint failed, Outcome outcome, int attempt);
}
