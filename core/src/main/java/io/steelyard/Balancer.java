package io.steelyard;

import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Chooses, for each request, one of the endpoints that a discovery knows.
 *
 * <pre>{@code
 * try (Balancer cart = Balancer.of(Endpoint.of("10.0.0.7", 8080), Endpoint.of("10.0.0.8", 8080))) {
 *   String body = cart.call(PickContext.none(), attempt -> get(attempt.endpoint(), "/cart"));
 * }
 * }</pre>
 *
 * <p>Thread-safe. {@link #begin}, {@link #tryBegin} and {@link #pick} never block, and {@link
 * #call} only on a balancer built with {@link BalancerBuilder#awaitFirst} or {@link
 * BalancerBuilder#retry}, apart from the caller's own work. A balancer is made by the builder; the
 * interface is not for implementing, and will get more methods. Choosing reads one volatile field;
 * lists, policies and ejections are worked out beside the requests and swapped in whole.
 */
public interface Balancer extends AutoCloseable {
  /** Returns a builder of a balancer over what this discovery knows. */
  static BalancerBuilder builder(Discovery discovery) {
    return new BalancerBuilder(discovery);
  }

  /** Returns a balancer over a fixed list, with the default policy. */
  static Balancer of(Endpoint... endpoints) {
    return BalancerBuilder.fixed(endpoints).build();
  }

  /**
   * Chooses an endpoint and counts the request in flight there until the attempt's verdict.
   *
   * @throws NoEndpointException if there is none; it says why
   */
  Attempt begin(PickContext context);

  /** As {@link #begin}, but returns null where that throws. */
  @Nullable Attempt tryBegin(PickContext context);

  /**
   * Chooses an endpoint and counts nothing: for callers that only need an address. Null if there is
   * none.
   */
  @Nullable Endpoint pick(PickContext context);

  /**
   * Runs one call on a chosen endpoint. What it returns or throws is judged by the balancer's
   * {@link Classifier}, unless the call gave the attempt a verdict itself. On a balancer
   * {@linkplain BalancerBuilder#retry built with a retry policy} a failed call may be run again, on
   * another endpoint, after a pause on this thread; what is thrown is then the last failure, with
   * the earlier ones suppressed.
   *
   * @throws NoEndpointException if there is no endpoint
   * @throws X what the call throws
   */
  <T extends @Nullable Object, X extends Throwable> T call(PickContext context, Call<T, X> call)
      throws X;

  /**
   * As {@link #call}, for a call that answers later: the attempt ends when the stage completes.
   * Without an endpoint the returned stage fails with {@link NoEndpointException}. Nothing waits on
   * this thread; with a retry policy, cancelling the returned stage's {@code toCompletableFuture()}
   * calls off what is under way.
   */
  <T extends @Nullable Object> CompletionStage<T> callAsync(
      PickContext context, Function<Attempt, ? extends CompletionStage<T>> call);

  /**
   * Completes with the first candidates of which at least one is usable; fails with {@link
   * NoEndpointException} when the balancer is closed before.
   */
  CompletionStage<Candidates> ready();

  /**
   * Swaps strategy and stages while requests go on. What was learnt of endpoints stays, and so does
   * the memory of every stage and strategy that the new policy has in common with the old one. A
   * policy with a stage or strategy that throws is refused: the last policy that worked stays in
   * force and {@link #explain()} says so. In the ordinary case it is in force when this returns,
   * worked out and announced on the calling thread; if other changes are being taken up at the
   * moment, soon after. It goes before what a {@link PolicySource} says, now and later, until
   * {@link #withdraw}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  void apply(LoadBalancingPolicy policy);

  /**
   * Works out stages and strategy again, now and on the calling thread where no other run is under
   * way, else right after it: for what a balancer cannot see by itself, such as a change of what is
   * {@link BalancerBuilder#available}. Does nothing on a closed balancer. O(endpoints).
   */
  void refresh();

  /**
   * Takes back what {@link #apply} has set: the policy of the {@link PolicySource} is in force
   * again, or without one the builder's. Does nothing if nothing was applied.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  void withdraw();

  /**
   * The policy in force: {@code apply(policy().strategy(other))} changes the strategy and keeps the
   * stages.
   */
  LoadBalancingPolicy policy();

  /** The candidates in force now. */
  Candidates candidates();

  /** Totals, read now. O(endpoints). */
  BalancerStats stats();

  /** Why things are as they are. O(endpoints). */
  Explanation explain();

  /**
   * As {@link #explain()}, with the choice that a request with this context would get. It asks the
   * picker, so a round robin moves on by a turn.
   */
  Explanation explain(PickContext context);

  /**
   * Adds a listener to a running balancer, as {@link BalancerBuilder#listener} does before it runs.
   * What is in force already it is not told: ask {@link #candidates()} afterwards. On a closed
   * balancer it is never told anything.
   *
   * @return takes the listener away: idempotent; a call under way may still end
   */
  AutoCloseable listen(Consumer<Candidates> listener);

  /**
   * Ends discovery and control work. Attempts in flight may still get their verdicts; {@link
   * #begin} fails from now on. Idempotent.
   */
  @Override
  void close();
}
