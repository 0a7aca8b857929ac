/**
 * Another try for a request that failed: on another endpoint, after a pause, within a deadline and
 * a budget.
 *
 * <pre>{@code
 * Balancer cart =
 *     Balancer.builder(discovery)
 *         .retry(
 *             RetryPolicy.builder()
 *                 .maxAttempts(3)
 *                 .perTryTimeout(Duration.ofMillis(500))
 *                 .deadline(Duration.ofSeconds(2))
 *                 .build())
 *         .build();
 *
 * String items =
 *     cart.call(PickContext.none().idempotent(), attempt -> get(attempt.endpoint(), attempt.remaining()));
 * }</pre>
 *
 * <p>{@link io.steelyard.retry.RetryPolicy} says what is tried again and when; {@link
 * io.steelyard.retry.RetryBudget} how many retries there may be for so many requests; {@link
 * io.steelyard.retry.Tries} is one request on its way through its attempts, for code that carries
 * requests out: {@code call} and {@code callAsync} and every adapter go by it.
 *
 * <p>A request whose connection could not be made is tried again whatever it is, since nothing was
 * sent. Any other failure is tried again only if the request says that it may be: {@link
 * io.steelyard.PickContext#idempotent()}.
 */
@NullMarked
package io.steelyard.retry;

import org.jspecify.annotations.NullMarked;
