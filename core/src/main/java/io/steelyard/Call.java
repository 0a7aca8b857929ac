package io.steelyard;

/**
 * The work of one attempt, as {@link Balancer#call} runs it.
 *
 * @param <T> what it returns
 * @param <X> what it may throw
 */
@FunctionalInterface
public interface Call<T, X extends Throwable> {
  /**
   * Sends the request to {@link Attempt#endpoint()} and returns the answer; may give the verdict
   * itself.
   */
  T execute(Attempt attempt) throws X;
}
