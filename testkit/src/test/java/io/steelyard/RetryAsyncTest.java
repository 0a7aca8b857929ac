package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ForwardingPlatform;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Retries of callAsync, in virtual time; the last tests on real threads. */
class RetryAsyncTest {
  private static final PickContext READ = PickContext.none().idempotent();
  private static final Duration SECOND = Duration.ofSeconds(1);

  /** Calls that a test answers, in the order they were made. */
  private final List<Open> open = new ArrayList<>();

  private static final class Open {
    final Attempt attempt;
    final Duration at;
    final CompletableFuture<String> answer = new CompletableFuture<>();

    Open(Attempt attempt, Duration at) {
      this.attempt = attempt;
      this.at = at;
    }
  }

  private static Fixture fixture(int endpoints, RetryPolicy policy) {
    return new Fixture(
        eps(endpoints), b -> b.stages().strategy(Strategies.roundRobin()).retry(policy));
  }

  private CompletableFuture<String> send(Fixture fixture, PickContext context) {
    return fixture
        .balancer
        .callAsync(
            context,
            attempt -> {
              Open call = new Open(attempt, fixture.platform.elapsed());
              open.add(call);
              return call.answer;
            })
        .toCompletableFuture();
  }

  private static void assertAllEnded(Fixture fixture) {
    BalancerStats stats = fixture.balancer.stats();
    assertThat(stats.inFlight()).isZero();
    assertThat(Fixture.ended(stats)).isEqualTo(stats.begun());
  }

  @Test
  void pauses_follow_the_schedule_and_the_next_attempt_comes_to_the_nanosecond() {
    RetryPolicy policy =
        RetryPolicy.builder()
            .maxAttempts(5)
            .backoff(Duration.ofMillis(100), Duration.ofMillis(400))
            .build();
    VirtualPlatform platform = new VirtualPlatform();
    Fixture fixture =
        new Fixture(
            platform,
            new ManualDiscovery(eps(5)),
            b -> b.stages().strategy(Strategies.roundRobin()).retry(policy));
    platform.random(() -> Long.MIN_VALUE); // a half
    CompletableFuture<String> result = send(fixture, READ);
    Duration at = platform.elapsed();
    for (int pause : new int[] {50, 100, 200, 200}) {
      open.get(open.size() - 1).answer.completeExceptionally(new IOException());
      int calls = open.size();
      assertThat(fixture.balancer.stats().inFlight()).isZero();
      platform.advance(Duration.ofMillis(pause).minusNanos(1));
      assertThat(open).hasSize(calls);
      platform.advance(Duration.ofNanos(1));
      assertThat(open).hasSize(calls + 1);
      at = at.plusMillis(pause);
      assertThat(open.get(calls).at).isEqualTo(at);
    }
    open.get(4).answer.complete("body");
    assertThat(result).isCompletedWithValue("body");
    assertThat(open.stream().map(call -> call.attempt.endpoint().id())).doesNotHaveDuplicates();
    assertThat(fixture.balancer.stats().retries()).isEqualTo(4);
    assertAllEnded(fixture);
  }

  @Test
  void what_may_not_arrive_twice_is_tried_again_only_if_nothing_was_sent() {
    Fixture fixture = fixture(3, RetryPolicy.standard());
    CompletableFuture<String> refused = send(fixture, PickContext.none());
    open.get(0).answer.completeExceptionally(new ConnectException());
    assertThat(open).hasSize(2); // at once
    open.get(1).answer.completeExceptionally(new IOException("sent"));
    assertThatThrownBy(refused::get)
        .cause()
        .hasMessage("sent")
        .satisfies(
            e -> assertThat(e.getSuppressed()).hasOnlyElementsOfType(ConnectException.class));
    assertThat(fixture.platform.scheduled()).isZero();
    assertAllEnded(fixture);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void a_timer_that_was_shut_down_leaves_nobody_waiting(boolean limited) throws Exception {
    AtomicBoolean shutDown = new AtomicBoolean();
    Platform failing =
        new ForwardingPlatform(new VirtualPlatform()) {
          @Override
          public Cancellable schedule(Runnable task, Duration delay) {
            if (shutDown.get()) {
              throw new RejectedExecutionException("shut down");
            }
            return super.schedule(task, delay);
          }
        };
    RetryPolicy.Builder policy = RetryPolicy.builder().backoff(SECOND, SECOND);
    try (Balancer balancer =
        Balancer.builder(new ManualDiscovery(eps(3)))
            .platform(failing)
            .stages()
            .strategy(Strategies.roundRobin())
            .retry(limited ? policy.perTryTimeout(SECOND).build() : policy.build())
            .build()) {
      shutDown.set(true);
      CompletableFuture<String> answer = new CompletableFuture<>();
      CompletableFuture<String> result =
          balancer.callAsync(READ, attempt -> answer).toCompletableFuture();
      answer.completeExceptionally(new IOException("reset"));
      assertThat(result).isCompletedExceptionally();
      assertThatThrownBy(result::join)
          .hasRootCauseMessage("reset")
          .satisfies(
              e ->
                  assertThat(e.getCause().getSuppressed())
                      .anySatisfy(
                          note -> assertThat(note).hasMessageContaining("no timer could be had")));
      assertThat(balancer.stats().begun()).isEqualTo(1);
      assertThat(balancer.stats().inFlight()).isZero();
    }
  }

  @Test
  void a_dropped_answer_that_cannot_be_closed_does_not_stop_the_next_try() {
    RetryPolicy policy = RetryPolicy.builder().backoff(Duration.ZERO, Duration.ZERO).build();
    Fixture fixture =
        new Fixture(
            eps(3),
            b ->
                b.stages()
                    .strategy(Strategies.roundRobin())
                    .retry(policy)
                    .classifier(
                        (result, error) ->
                            "ok".equals(result) ? Outcome.SUCCESS : Outcome.OVERLOADED));
    AutoCloseable stubborn =
        () -> {
          throw new AssertionError("closed where it may not be");
        };
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<Object> result =
        fixture
            .balancer
            .<Object>callAsync(
                READ,
                attempt ->
                    CompletableFuture.completedFuture(
                        calls.incrementAndGet() == 1 ? stubborn : "ok"))
            .toCompletableFuture();
    assertThat(result).isCompletedWithValue("ok");
    calls.set(0);
    Object answer =
        fixture.balancer.call(READ, attempt -> calls.incrementAndGet() == 1 ? stubborn : "ok");
    assertThat(answer).isEqualTo("ok");
    assertAllEnded(fixture);
  }

  @Test
  void an_executor_that_was_shut_down_leaves_nobody_waiting() {
    VirtualPlatform platform = new VirtualPlatform();
    AtomicBoolean shutDown = new AtomicBoolean();
    Platform failing =
        new ForwardingPlatform(platform) {
          @Override
          public Executor executor() {
            return task -> {
              if (shutDown.get()) {
                throw new RejectedExecutionException("shut down");
              }
              super.executor().execute(task);
            };
          }
        };
    RetryPolicy policy =
        RetryPolicy.builder().backoff(SECOND, SECOND).perTryTimeout(SECOND).build();
    try (Balancer balancer =
        Balancer.builder(new ManualDiscovery(eps(3)))
            .platform(failing)
            .stages()
            .strategy(Strategies.roundRobin())
            .retry(policy)
            .build()) {
      List<CompletableFuture<String>> answers = new ArrayList<>();
      CompletableFuture<String> result =
          balancer
              .callAsync(
                  READ,
                  attempt -> {
                    answers.add(new CompletableFuture<>());
                    return answers.get(answers.size() - 1);
                  })
              .toCompletableFuture();
      shutDown.set(true);
      platform.advance(SECOND); // the first has no answer in time
      assertThat(answers.get(0)).isCancelled();
      platform.advance(SECOND); // and after a pause there is a second
      assertThat(answers).hasSize(2);
      answers.get(1).complete("body");
      assertThat(result).isCompletedWithValue("body");
      assertThat(balancer.stats().inFlight()).isZero();
      shutDown.set(false); // closing takes the executor
    }
  }

  @Test
  void an_attempt_that_takes_too_long_is_called_off_and_another_made() {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ZERO, Duration.ZERO).perTryTimeout(SECOND).build();
    Fixture fixture = fixture(3, policy);
    CompletableFuture<String> result = send(fixture, READ);
    AtomicInteger calledOff = new AtomicInteger();
    open.get(0).attempt.onCancel(calledOff::incrementAndGet);
    fixture.platform.advance(SECOND.minusNanos(1));
    assertThat(open).hasSize(1);
    fixture.platform.advance(Duration.ofNanos(1));
    assertThat(open).hasSize(2);
    assertThat(open.get(0).answer).isCancelled();
    assertThat(calledOff).hasValue(1);
    assertThat(fixture.balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);
    assertThat(fixture.balancer.stats().count(Outcome.CANCELLED)).isZero();

    AtomicInteger late = new AtomicInteger();
    open.get(0).attempt.onCancel(late::incrementAndGet);
    assertThat(late).hasValue(1);

    open.get(1).attempt.onCancel(calledOff::incrementAndGet);
    open.get(1).answer.complete("body");
    assertThat(result).isCompletedWithValue("body");
    fixture.platform.advance(SECOND);
    assertThat(calledOff).hasValue(1); // who answered is not called off
    assertThat(fixture.platform.scheduled()).isZero();
    assertAllEnded(fixture);
  }

  @Test
  void the_deadline_is_never_exceeded() {
    for (long seed = 1; seed <= 200; seed++) {
      RetryPolicy policy =
          RetryPolicy.builder()
              .maxAttempts(10)
              .backoff(Duration.ofMillis(100), SECOND)
              .perTryTimeout(Duration.ofMillis(700))
              .deadline(Duration.ofSeconds(3))
              .build();
      Fixture fixture =
          new Fixture(
              seed, eps(10), b -> b.stages().strategy(Strategies.roundRobin()).retry(policy));
      open.clear();
      Duration start = fixture.platform.elapsed();
      CompletableFuture<String> result = send(fixture, READ);
      CompletableFuture<Duration> took = new CompletableFuture<>();
      result.whenComplete((value, e) -> took.complete(fixture.platform.elapsed().minus(start)));
      for (int i = 0; i < 20 && !result.isDone(); i++) {
        if ((seed >> i % 8 & 1) == 0) { // some hang, some fail at once
          open.get(open.size() - 1).answer.completeExceptionally(new IOException());
        }
        fixture.platform.advanceToNext();
      }
      assertThat(took).as("seed %d", seed).isCompleted();
      assertThat(took.join()).as("seed %d", seed).isLessThanOrEqualTo(Duration.ofSeconds(3));
      for (Open call : open) {
        assertThat(call.at.minus(start)).isLessThan(Duration.ofSeconds(3));
      }
      assertThat(fixture.platform.scheduled()).as("seed %d", seed).isZero();
      assertAllEnded(fixture);
    }
  }

  @Test
  void what_hangs_ends_with_the_deadline() {
    Fixture fixture = fixture(3, RetryPolicy.builder().deadline(SECOND).build());
    CompletableFuture<String> result = send(fixture, READ);
    fixture.platform.advance(SECOND);
    assertThat(open.get(0).answer).isCancelled();
    assertThatThrownBy(result::get)
        .cause()
        .isInstanceOf(TimeoutException.class)
        .hasMessageStartingWith("no answer from ")
        .hasMessageEndingWith(" within 1000 ms")
        .satisfies(
            e ->
                assertThat(e.getSuppressed()[0])
                    .hasMessage("not retried: the deadline leaves no time"));
    assertThat(open).hasSize(1);
    assertAllEnded(fixture);
  }

  @Test
  void cancelling_calls_off_what_is_under_way_and_is_neutral() {
    Fixture fixture = fixture(3, RetryPolicy.builder().perTryTimeout(SECOND).build());
    CompletableFuture<String> result = send(fixture, READ);
    result.cancel(true);
    assertThat(open.get(0).answer).isCancelled();
    assertThat(fixture.balancer.stats().count(Outcome.CANCELLED)).isEqualTo(1);
    fixture.platform.advance(SECOND);
    assertThat(open).hasSize(1);
    assertThat(fixture.platform.scheduled()).isZero();
    assertAllEnded(fixture);
  }

  @Test
  void a_time_out_from_outside_counts_as_one() {
    Fixture fixture = fixture(3, RetryPolicy.standard());
    CompletableFuture<String> result = send(fixture, READ);
    result.completeExceptionally(new TimeoutException()); // what orTimeout does
    assertThat(open.get(0).answer).isCancelled();
    assertThat(fixture.balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);
    assertAllEnded(fixture);
  }

  @Test
  void cancelling_during_a_pause_ends_the_retries() {
    Fixture fixture = fixture(3, RetryPolicy.builder().backoff(SECOND, SECOND).build());
    CompletableFuture<String> result = send(fixture, READ);
    open.get(0).answer.completeExceptionally(new IOException());
    assertThat(fixture.platform.scheduled()).isEqualTo(1);
    result.cancel(false);
    assertThat(fixture.platform.scheduled()).isZero();
    fixture.platform.advance(SECOND);
    assertThat(open).hasSize(1);
    assertAllEnded(fixture);
  }

  @Test
  void an_answer_kept_during_a_pause_is_closed_when_nobody_wants_it_any_more() {
    List<Integer> closed = new ArrayList<>();
    Fixture fixture =
        new Fixture(
            eps(3),
            b ->
                b.stages()
                    .classifier((result, error) -> Outcome.OVERLOADED)
                    .retry(RetryPolicy.builder().backoff(SECOND, SECOND).build()));
    AtomicInteger calls = new AtomicInteger();
    Function<Attempt, CompletableFuture<AutoCloseable>> call =
        attempt -> {
          int number = calls.incrementAndGet();
          return CompletableFuture.completedFuture(() -> closed.add(number));
        };
    CompletableFuture<AutoCloseable> cancelled =
        fixture.balancer.callAsync(READ, call).toCompletableFuture();
    cancelled.cancel(true);
    assertThat(closed).containsExactly(1);

    CompletableFuture<AutoCloseable> served =
        fixture.balancer.callAsync(READ, call).toCompletableFuture();
    fixture.platform.advance(Duration.ofSeconds(5));
    assertThat(served).isCompleted();
    assertThat(closed).containsExactly(1, 2, 3); // the fourth is the result
  }

  @Test
  void an_answer_kept_during_a_pause_is_the_result_if_nobody_else_will_take_the_request() {
    Fixture fixture =
        new Fixture(
            eps(2),
            b ->
                b.stages()
                    .strategy(Strategies.roundRobin())
                    .classifier((result, error) -> Outcome.OVERLOADED)
                    .retry(RetryPolicy.builder().backoff(SECOND, SECOND).build()));
    CompletableFuture<String> result = send(fixture, READ);
    open.get(0).answer.complete("503");
    assertThat(result).isNotDone();
    fixture.publish(open.get(0).attempt.endpoint());
    fixture.platform.advance(SECOND);
    assertThat(result).isCompletedWithValue("503");
    assertThat(fixture.balancer.stats().retries()).isZero();
  }

  @Test
  void an_answer_after_its_time_is_dropped_and_closed() {
    Fixture fixture = fixture(1, RetryPolicy.builder().perTryTimeout(SECOND).build());
    List<String> closed = new ArrayList<>();
    CompletableFuture<AutoCloseable> source = new CompletableFuture<>();
    CompletableFuture<AutoCloseable> result =
        fixture
            .balancer
            .callAsync(READ, attempt -> source.minimalCompletionStage())
            .toCompletableFuture();
    fixture.platform.advance(SECOND);
    assertThat(result).isCompletedExceptionally();
    source.complete(() -> closed.add("late"));
    assertThat(closed).containsExactly("late");
    assertThat(fixture.balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);
    assertAllEnded(fixture);
  }

  @Test
  void a_call_that_throws_or_returns_null_is_a_failure_like_any_other() {
    Fixture fixture = fixture(3, RetryPolicy.builder().backoff(Duration.ZERO, SECOND).build());
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<String> result =
        fixture
            .balancer
            .<String>callAsync(
                READ,
                attempt ->
                    switch (calls.incrementAndGet()) {
                      case 1 -> throw new IllegalStateException();
                      case 2 -> null;
                      default -> CompletableFuture.completedFuture("body");
                    })
            .toCompletableFuture();
    assertThat(result).isCompletedWithValue("body");
    assertAllEnded(fixture);
  }

  @Test
  void an_error_wrapped_on_its_way_is_known() {
    Fixture fixture = fixture(2, RetryPolicy.standard());
    CompletableFuture<String> result = send(fixture, PickContext.none());
    open.get(0).answer.completeExceptionally(new CompletionException(new ConnectException()));
    open.get(1).answer.completeExceptionally(new CompletionException(new AssertionError("wrong")));
    assertThatThrownBy(result::get).hasCauseInstanceOf(AssertionError.class);
  }

  @Test
  void without_an_endpoint_the_stage_fails() {
    CompletableFuture<String> result = send(fixture(0, RetryPolicy.standard()), READ);
    assertThatThrownBy(result::get).hasCauseInstanceOf(NoEndpointException.class);
  }

  @Test
  void the_wait_for_the_first_list_is_within_the_deadline() {
    ManualDiscovery discovery = new ManualDiscovery();
    VirtualPlatform platform = new VirtualPlatform();
    Fixture fixture =
        new Fixture(
            platform,
            discovery,
            b ->
                b.stages()
                    .awaitFirst(Duration.ofSeconds(10))
                    .retry(RetryPolicy.builder().deadline(Duration.ofSeconds(3)).build()));
    CompletableFuture<String> tooLate = send(fixture, READ);
    platform.advance(Duration.ofSeconds(3));
    assertThatThrownBy(tooLate::get).hasCauseInstanceOf(NoEndpointException.class);

    CompletableFuture<String> cancelled = send(fixture, READ);
    cancelled.cancel(true);
    CompletableFuture<String> inTime = send(fixture, READ);
    platform.advance(Duration.ofSeconds(2));
    fixture.publish(eps(2));
    assertThat(open).hasSize(1);
    assertThat(open.get(0).attempt.remaining()).isLessThanOrEqualTo(SECOND);
    inTime.cancel(true);
    assertThat(open.get(0).answer).isCancelled();
    assertThat(fixture.platform.scheduled()).isZero();
    assertAllEnded(fixture);
  }

  // ---- threads ----

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void counts_are_exact_with_threads_time_outs_and_cancellations(boolean async) throws Exception {
    RetryBudget budget = RetryBudget.of(0.2, 10);
    try (Balancer balancer =
        Balancer.builder(new ManualDiscovery(eps(8)))
            .retry(
                RetryPolicy.builder()
                    .maxAttempts(4)
                    .backoff(Duration.ofNanos(100_000), Duration.ofMillis(1))
                    .perTryTimeout(Duration.ofMillis(2))
                    .deadline(Duration.ofMillis(20))
                    .budget(budget)
                    .build())
            .build()) {
      int threads = 4;
      int each = 3_000;
      AtomicInteger results = new AtomicInteger();
      AtomicInteger attempts = new AtomicInteger();
      CountDownLatch done = new CountDownLatch(threads * each);
      List<Thread> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Thread thread =
            new Thread(
                () -> {
                  for (int i = 0; i < each; i++) {
                    if (async) {
                      CompletableFuture<String> result = sendAtRandom(balancer, attempts);
                      result.whenComplete(
                          (value, error) -> {
                            results.incrementAndGet();
                            done.countDown();
                          });
                      if (ThreadLocalRandom.current().nextInt(10) == 0) {
                        result.cancel(true);
                      }
                    } else {
                      Throwable unused =
                          catchThrowable(
                              () ->
                                  balancer.call(
                                      READ,
                                      attempt -> {
                                        attempts.incrementAndGet();
                                        if (ThreadLocalRandom.current().nextInt(4) == 0) {
                                          throw new IOException();
                                        }
                                        return "body";
                                      }));
                      results.incrementAndGet();
                      done.countDown();
                    }
                  }
                });
        all.add(thread);
        thread.start();
      }
      assertThat(done.await(60, TimeUnit.SECONDS)).isTrue();
      for (Thread thread : all) {
        thread.join();
      }
      Thread.sleep(50); // attempts given up by cancellations that won
      BalancerStats stats = balancer.stats();
      assertThat(results).hasValue(threads * each);
      assertThat(stats.inFlight()).isZero();
      assertThat(Arrays.stream(Outcome.values()).mapToLong(stats::count).sum())
          .isEqualTo(stats.begun());
      assertThat(stats.begun()).isEqualTo(threads * each + stats.retries());
      assertThat((long) attempts.get())
          .isBetween(stats.begun() - threads * each / 5, stats.begun());
      assertThat(stats.retries()).isPositive();
      // Four threads at the edge of a slice may each overdraw by one, and there are few edges.
      assertThat(stats.retries()).isLessThanOrEqualTo(threads * each / 5 + 100 * 4 + 40);
    }
  }

  private static CompletableFuture<String> sendAtRandom(Balancer balancer, AtomicInteger attempts) {
    return balancer
        .callAsync(
            READ,
            attempt -> {
              attempts.incrementAndGet();
              CompletableFuture<String> answer = new CompletableFuture<>();
              switch (ThreadLocalRandom.current().nextInt(8)) {
                case 0 -> answer.completeExceptionally(new IOException());
                case 1 -> {} // hangs
                case 2 -> answer.completeOnTimeout("body", 2, TimeUnit.MILLISECONDS); // a race
                case 3 -> answer.completeAsync(() -> "body");
                default -> answer.complete("body");
              }
              return answer;
            })
        .toCompletableFuture();
  }

  @Test
  void a_cancelled_stage_says_so_to_whoever_waits() {
    Fixture fixture = fixture(1, RetryPolicy.standard());
    CompletableFuture<String> result = send(fixture, READ);
    result.cancel(true);
    assertThatThrownBy(result::join).isInstanceOf(CancellationException.class);
    assertThatThrownBy(() -> result.get(1, TimeUnit.SECONDS))
        .isNotInstanceOf(ExecutionException.class);
  }
}
