package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import io.steelyard.strategy.Strategies;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** What is tried again, where, when and how often: by calls on one thread, and by hand. */
class RetryTest {
  private static final PickContext READ = PickContext.none().idempotent();

  /** Retries that do not pause, so that nothing waits on a clock that stands still. */
  private static RetryPolicy.Builder atOnce() {
    return RetryPolicy.builder().backoff(Duration.ZERO, Duration.ZERO);
  }

  private static Fixture fixture(int endpoints, RetryPolicy policy) {
    return fixture(endpoints, policy, b -> b);
  }

  private static Fixture fixture(
      int endpoints, RetryPolicy policy, UnaryOperator<BalancerBuilder> more) {
    return new Fixture(
        eps(endpoints),
        b -> more.apply(b.stages().strategy(Strategies.roundRobin()).retry(policy)));
  }

  private static <T> T failing(Attempt attempt) throws IOException {
    throw new IOException("from " + attempt.endpoint().id());
  }

  private static <T> T refusing(Attempt attempt) throws IOException {
    throw new ConnectException("to " + attempt.endpoint().id());
  }

  private static void assertAllEnded(Fixture fixture) {
    BalancerStats stats = fixture.balancer.stats();
    assertThat(stats.inFlight()).isZero();
    assertThat(Fixture.ended(stats)).isEqualTo(stats.begun());
  }

  // ---- what ----

  @Test
  void a_request_that_may_arrive_twice_is_tried_again_on_another_endpoint() throws Exception {
    Fixture fixture = fixture(3, atOnce().build());
    List<String> tried = new ArrayList<>();
    String body =
        fixture.balancer.call(
            READ,
            attempt -> {
              tried.add(attempt.endpoint().id());
              return tried.size() < 3 ? failing(attempt) : "body";
            });
    assertThat(body).isEqualTo("body");
    assertThat(tried).hasSize(3).doesNotHaveDuplicates();
    assertThat(fixture.balancer.stats().retries()).isEqualTo(2);
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(2);
    assertAllEnded(fixture);
  }

  @Test
  void a_request_that_may_not_arrive_twice_is_tried_again_only_if_nothing_was_sent()
      throws Exception {
    Fixture fixture = fixture(3, atOnce().build());
    AtomicInteger calls = new AtomicInteger();
    assertThatThrownBy(
            () ->
                fixture.balancer.call(
                    PickContext.none(),
                    attempt -> {
                      calls.incrementAndGet();
                      return failing(attempt);
                    }))
        .isInstanceOf(IOException.class)
        .hasNoSuppressedExceptions();
    assertThat(calls).hasValue(1);

    calls.set(0);
    String body =
        fixture.balancer.call(
            PickContext.none(),
            attempt -> calls.incrementAndGet() < 3 ? refusing(attempt) : "body");
    assertThat(body).isEqualTo("body");
    assertThat(calls).hasValue(3);
    assertAllEnded(fixture);
  }

  @Test
  void after_bytes_were_sent_on_the_second_try_there_is_no_third() {
    Fixture fixture = fixture(5, atOnce().maxAttempts(5).build());
    AtomicInteger calls = new AtomicInteger();
    Throwable thrown =
        catchThrowable(
            () ->
                fixture.balancer.call(
                    PickContext.none(),
                    attempt ->
                        calls.incrementAndGet() == 1 ? refusing(attempt) : failing(attempt)));
    assertThat(calls).hasValue(2);
    assertThat(thrown).isExactlyInstanceOf(IOException.class);
    assertThat(thrown.getSuppressed()).hasSize(1).hasOnlyElementsOfType(ConnectException.class);
  }

  @Test
  void the_verdict_that_a_call_gives_itself_counts() {
    Fixture fixture = fixture(3, atOnce().build());
    AtomicInteger calls = new AtomicInteger();
    Throwable unused =
        catchThrowable(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      calls.incrementAndGet();
                      attempt.cancel();
                      return failing(attempt);
                    }));
    assertThat(calls).hasValue(1);
    assertThat(fixture.balancer.stats().count(Outcome.CANCELLED)).isEqualTo(1);
  }

  @Test
  void errors_and_interruptions_are_not_tried_again() {
    Fixture fixture = fixture(3, atOnce().build());
    assertThatThrownBy(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      throw new StackOverflowError();
                    }))
        .isInstanceOf(StackOverflowError.class);
    assertThatThrownBy(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      throw new InterruptedException();
                    }))
        .isInstanceOf(InterruptedException.class);
    assertThat(fixture.balancer.stats().begun()).isEqualTo(2);
    assertThat(fixture.balancer.stats().retries()).isZero();
    assertAllEnded(fixture);
  }

  @Test
  void only_the_outcomes_of_the_policy_are_tried_again() {
    Fixture fixture = fixture(3, atOnce().on(Outcome.OVERLOADED).build());
    for (Outcome outcome : Outcome.values()) {
      long before = fixture.balancer.stats().begun();
      fixture.balancer.call(
          READ,
          attempt -> {
            attempt.end(outcome);
            return null;
          });
      assertThat(fixture.balancer.stats().begun() - before)
          .as("%s", outcome)
          .isEqualTo(outcome == Outcome.OVERLOADED ? 3 : 1);
    }
  }

  @Test
  void a_result_that_is_judged_a_failure_is_returned_in_the_end_and_the_others_are_closed() {
    List<Answer> answers = new ArrayList<>();
    Fixture fixture =
        fixture(
            3,
            atOnce().build(),
            b ->
                b.classifier(
                    (result, error) -> error != null ? Outcome.FAILURE : Outcome.OVERLOADED));
    Answer last =
        fixture.balancer.call(
            READ,
            attempt -> {
              answers.add(new Answer());
              return answers.get(answers.size() - 1);
            });
    assertThat(answers).hasSize(3);
    assertThat(last).isSameAs(answers.get(2));
    assertThat(answers.stream().map(answer -> answer.closed)).containsExactly(true, true, false);
    assertThat(fixture.balancer.stats().count(Outcome.OVERLOADED)).isEqualTo(3);
  }

  private static final class Answer implements AutoCloseable {
    boolean closed;

    @Override
    public void close() {
      closed = true;
    }
  }

  // ---- where ----

  @Test
  void no_endpoint_is_tried_twice_and_when_all_were_that_is_the_end() {
    Fixture fixture = fixture(4, atOnce().maxAttempts(10).build());
    List<String> tried = new ArrayList<>();
    Throwable thrown =
        catchThrowable(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      tried.add(attempt.endpoint().id());
                      return failing(attempt);
                    }));
    assertThat(tried).containsExactlyInAnyOrder("e0", "e1", "e2", "e3");
    assertThat(Arrays.stream(thrown.getSuppressed()).map(Throwable::getMessage))
        .containsExactly(
            "from " + tried.get(0),
            "from " + tried.get(1),
            "from " + tried.get(2),
            "not retried: every endpoint that could take it was tried");
    assertThat(fixture.balancer.stats().withoutEndpoint()).isZero();
  }

  @Test
  void the_key_leads_the_way_for_retries_too() throws Exception {
    Fixture fixture = fixture(10, atOnce().build(), b -> b.strategy(Strategies.ringHash()));
    HashSet<List<String>> ways = new HashSet<>();
    for (int i = 0; i < 20; i++) {
      List<String> way = new ArrayList<>();
      fixture.balancer.call(
          PickContext.key("user-7").idempotent(),
          attempt -> {
            way.add(attempt.endpoint().id());
            return way.size() < 3 ? failing(attempt) : "body";
          });
      ways.add(way);
    }
    assertThat(ways).hasSize(1); // walks on along the ring, the same way each time
  }

  @Test
  void the_last_failure_carries_eight_earlier_ones() {
    Fixture fixture = fixture(20, atOnce().maxAttempts(20).build());
    Throwable thrown =
        catchThrowable(() -> fixture.balancer.call(READ, attempt -> failing(attempt)));
    assertThat(thrown.getSuppressed()).hasSize(8).hasOnlyElementsOfType(IOException.class);
    for (Throwable earlier : thrown.getSuppressed()) {
      assertThat(earlier).hasNoSuppressedExceptions();
    }
  }

  @Test
  void one_exception_thrown_again_and_again_is_no_trouble() {
    Fixture fixture = fixture(3, atOnce().build());
    IOException always = new IOException("always");
    assertThatThrownBy(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      throw always;
                    }))
        .isSameAs(always)
        .hasNoSuppressedExceptions();
    assertThat(fixture.balancer.stats().begun()).isEqualTo(3);
  }

  // ---- when ----

  @Test
  void pauses_double_up_to_the_longest_and_are_spread_from_zero() {
    RetryPolicy policy =
        RetryPolicy.builder()
            .maxAttempts(8)
            .backoff(Duration.ofMillis(10), Duration.ofMillis(100))
            .budget(RetryBudget.unlimited())
            .build();
    Fixture fixture = fixture(8, policy);
    double[] sums = new double[7];
    double[] least = new double[7];
    double[] most = new double[7];
    Arrays.fill(least, 1);
    int n = 2000;
    for (int i = 0; i < n; i++) {
      Tries tries = policy.begin(fixture.balancer, READ);
      for (int k = 0; k < 7; k++) {
        Attempt attempt = tries.begin();
        attempt.end(Outcome.FAILURE);
        Duration pause = tries.afterAnswer(Outcome.FAILURE, true, null);
        double upTo = Math.min(100, 10 << k);
        double part = pause.toNanos() / 1e6 / upTo;
        sums[k] += part;
        least[k] = Math.min(least[k], part);
        most[k] = Math.max(most[k], part);
      }
    }
    for (int k = 0; k < 7; k++) {
      // Uniform on [0, 1): the mean of 2000 is normal around 0.5, σ = 0.0065; 5 σ of room. The
      // chance that no draw lies in the outer hundredth is 0.99^2000, 2e-9.
      assertThat(sums[k] / n).as("pause %d", k + 1).isEqualTo(0.5, within(0.033));
      assertThat(least[k]).isBetween(0.0, 0.01);
      assertThat(most[k]).isGreaterThan(0.99).isLessThan(1);
    }
  }

  @Test
  void after_unreachable_there_is_no_pause() {
    Fixture fixture = fixture(3, RetryPolicy.standard());
    Tries tries = RetryPolicy.standard().begin(fixture.balancer, PickContext.none());
    tries.begin().end(Outcome.UNREACHABLE);
    assertThat(tries.afterAnswer(Outcome.UNREACHABLE, false, null)).isZero();
  }

  @Test
  void a_server_that_wants_to_be_left_alone_is() {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ofMillis(10), Duration.ofSeconds(3)).build();
    Fixture fixture = fixture(3, policy);
    Tries tries = policy.begin(fixture.balancer, READ);
    tries.begin().end(Outcome.OVERLOADED);
    assertThat(tries.afterAnswer(Outcome.OVERLOADED, true, Duration.ofSeconds(2)))
        .isEqualTo(Duration.ofSeconds(2));
    tries.begin().end(Outcome.OVERLOADED);
    assertThat(tries.afterAnswer(Outcome.OVERLOADED, true, Duration.ofSeconds(4))).isNull();
  }

  @Test
  void a_classifier_may_know_how_long_a_server_wants_to_be_left_alone() throws Exception {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ZERO, Duration.ofMinutes(1)).build();
    Classifier classifier =
        new Classifier() {
          @Override
          public Outcome classify(Object result, Throwable error) {
            return "ok".equals(result) ? Outcome.SUCCESS : Outcome.OVERLOADED;
          }

          @Override
          public Duration retryAfter(Object result, Throwable error) {
            return Duration.ofSeconds(20);
          }
        };
    Fixture fixture = fixture(3, policy, b -> b.classifier(classifier));
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<String> result =
        fixture
            .balancer
            .callAsync(
                READ,
                attempt ->
                    CompletableFuture.completedFuture(
                        calls.incrementAndGet() == 1 ? "too much" : "ok"))
            .toCompletableFuture();
    fixture.platform.advance(Duration.ofSeconds(19));
    assertThat(result).isNotDone();
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(result).isCompletedWithValue("ok");
  }

  /** As a client that throws what is no 2xx, with the header in the exception. */
  private static final class TooMuch extends RuntimeException {
    private static final long serialVersionUID = 1;
    final Duration retryAfter;

    TooMuch(Duration retryAfter) {
      this.retryAfter = retryAfter;
    }
  }

  private static final Classifier READS_ERRORS =
      new Classifier() {
        @Override
        public Outcome classify(Object result, Throwable error) {
          return error == null ? Outcome.SUCCESS : Outcome.OVERLOADED;
        }

        @Override
        public Duration retryAfter(Object result, Throwable error) {
          return error instanceof TooMuch e ? e.retryAfter : null;
        }
      };

  @Test
  void an_error_may_say_how_long_a_server_wants_to_be_left_alone() throws Exception {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ZERO, Duration.ofMinutes(1)).build();
    Fixture fixture = fixture(3, policy, b -> b.classifier(READS_ERRORS));
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<String> result =
        fixture
            .balancer
            .callAsync(
                READ,
                attempt ->
                    calls.incrementAndGet() == 1
                        ? CompletableFuture.<String>failedFuture(
                            new TooMuch(Duration.ofSeconds(20)))
                        : CompletableFuture.completedFuture("ok"))
            .toCompletableFuture();
    fixture.platform.advance(Duration.ofSeconds(19));
    assertThat(result).isNotDone();
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(result).isCompletedWithValue("ok");
  }

  @Test
  void what_a_call_throws_may_say_that_the_server_wants_to_be_left_alone_for_too_long() {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ZERO, Duration.ofMinutes(1)).build();
    Fixture fixture = fixture(3, policy, b -> b.classifier(READS_ERRORS));
    AtomicInteger calls = new AtomicInteger();
    assertThatThrownBy(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      calls.incrementAndGet();
                      throw new TooMuch(Duration.ofMinutes(2));
                    }))
        .isInstanceOf(TooMuch.class)
        .satisfies(e -> assertThat(e.getSuppressed()).hasSize(1));
    assertThat(calls).hasValue(1);
  }

  @Test
  void the_pause_of_a_call_is_waited_for_by_the_balancers_clock() throws Exception {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ofHours(10), Duration.ofHours(10)).build();
    Fixture fixture = fixture(2, policy);
    AtomicInteger calls = new AtomicInteger();
    CompletableFuture<String> result = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                result.complete(
                    fixture.balancer.call(
                        READ, attempt -> calls.incrementAndGet() == 1 ? failing(attempt) : "body"));
              } catch (IOException e) {
                result.completeExceptionally(e);
              }
            });
    caller.start();
    while (caller.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    assertThat(fixture.balancer.stats().inFlight()).isZero(); // nobody is charged for a pause
    assertThat(calls).hasValue(1);
    fixture.platform.advance(Duration.ofHours(10));
    caller.join(10_000);
    assertThat(result).isCompletedWithValue("body");
    assertAllEnded(fixture);
  }

  @Test
  void an_interruption_ends_the_pause_and_the_retries() throws Exception {
    RetryPolicy policy =
        RetryPolicy.builder().backoff(Duration.ofHours(10), Duration.ofHours(10)).build();
    Fixture fixture = fixture(2, policy);
    int timers = fixture.platform.scheduled();
    AtomicBoolean flag = new AtomicBoolean();
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              thrown.complete(
                  catchThrowable(() -> fixture.balancer.call(READ, attempt -> failing(attempt))));
              flag.set(Thread.currentThread().isInterrupted());
            });
    caller.start();
    while (caller.getState() != Thread.State.WAITING) {
      Thread.sleep(1);
    }
    caller.interrupt();
    caller.join(10_000);
    assertThat(flag).isTrue();
    assertThat(thrown.get()).isInstanceOf(IOException.class);
    assertThat(Arrays.toString(thrown.get().getSuppressed())).contains("not retried: interrupted");
    assertThat(fixture.balancer.stats().begun()).isEqualTo(1);
    assertThat(fixture.platform.scheduled()).isEqualTo(timers);
  }

  // ---- the deadline ----

  @Test
  void an_attempt_knows_how_long_it_may_take() throws Exception {
    RetryPolicy policy =
        atOnce()
            .perTryTimeout(Duration.ofMillis(400))
            .deadline(Duration.ofSeconds(1))
            .maxAttempts(4)
            .build();
    Fixture fixture = fixture(4, policy);
    List<Duration> remaining = new ArrayList<>();
    Throwable thrown =
        catchThrowable(
            () ->
                fixture.balancer.call(
                    READ,
                    attempt -> {
                      remaining.add(attempt.remaining());
                      fixture.platform.advance(attempt.remaining());
                      assertThat(attempt.remaining()).isZero();
                      return failing(attempt);
                    }));
    assertThat(remaining)
        .containsExactly(Duration.ofMillis(400), Duration.ofMillis(400), Duration.ofMillis(200));
    assertThat(Arrays.toString(thrown.getSuppressed()))
        .contains("not retried: the deadline leaves no time");
    fixture.balancer.call(
        READ,
        attempt -> {
          assertThat(attempt.remaining()).isEqualTo(Duration.ofMillis(400));
          return null;
        });
  }

  @Test
  void without_limits_nothing_remains_to_be_said() {
    Fixture fixture = fixture(1, RetryPolicy.standard());
    fixture.balancer.call(
        READ,
        attempt -> {
          assertThat(attempt.remaining()).isNull();
          return null;
        });
    assertThat(fixture.balancer.begin(READ).remaining()).isNull();
  }

  @Test
  void a_pause_that_would_not_end_before_the_deadline_is_not_begun() {
    RetryPolicy policy =
        RetryPolicy.builder()
            .backoff(Duration.ofSeconds(1), Duration.ofSeconds(1))
            .deadline(Duration.ofMillis(500))
            .budget(RetryBudget.unlimited())
            .build();
    Fixture fixture = fixture(3, policy);
    int granted = 0;
    for (int i = 0; i < 1000; i++) {
      Tries tries = policy.begin(fixture.balancer, READ);
      tries.begin().end(Outcome.FAILURE);
      Duration pause = tries.afterAnswer(Outcome.FAILURE, true, null);
      if (pause != null) {
        granted++;
        assertThat(pause).isLessThan(Duration.ofMillis(500));
      }
    }
    // Half of the draws: binomial of 1000 and 1/2, σ = 15.8; 5 σ of room.
    assertThat(granted).isBetween(420, 580);
  }

  // ---- the budget ----

  @Test
  void a_budget_that_is_spent_is_said_so_and_counted() {
    Fixture fixture = fixture(3, atOnce().budget(RetryBudget.of(0.2, 0)).build());
    List<Throwable> thrown = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      thrown.add(catchThrowable(() -> fixture.balancer.call(READ, attempt -> failing(attempt))));
    }
    assertThat(fixture.balancer.stats().retries()).isEqualTo(1);
    assertThat(fixture.balancer.stats().retriesRefused())
        .isEqualTo(5); // the fifth's third try, too
    assertThat(fixture.balancer.stats().begun()).isEqualTo(6);
    assertThat(fixture.balancer.stats().toString()).contains("retries 1, refused 5");
    assertThat(thrown.get(0).getSuppressed()[0])
        .hasMessage("not retried: the retry budget is spent (20 % of requests plus 0 a second)");
  }

  @Test
  void an_error_that_is_thrown_by_every_request_does_not_grow() {
    Fixture fixture = fixture(3, atOnce().budget(RetryBudget.of(0.2, 0)).build());
    IllegalStateException one = new IllegalStateException("always this object");
    IllegalStateException other = new IllegalStateException("or this");
    for (int i = 0; i < 1000; i++) {
      boolean even = i % 2 == 0;
      Throwable thrown =
          catchThrowable(
              () ->
                  fixture.balancer.call(
                      READ,
                      attempt -> {
                        throw even == (fixture.balancer.stats().begun() % 3 == 0) ? one : other;
                      }));
      assertThat(thrown).isIn(one, other);
    }
    assertThat(one.getSuppressed().length + other.getSuppressed().length).isBetween(2, 32);
    assertAllEnded(fixture);
  }

  @Test
  void in_a_storm_requests_grow_by_a_fifth_and_not_by_the_number_of_attempts() {
    System.out.println("retry storm: every endpoint fails, 3 attempts allowed");
    double bare = amplification(RetryBudget.of(0.2, 0), 1000);
    double standard = amplification(RetryBudget.standard(), 1000);
    double quick = amplification(RetryBudget.standard(), 10_000);
    double slow = amplification(RetryBudget.standard(), 1);
    double none = amplification(RetryBudget.unlimited(), 1000);
    assertThat(bare).isBetween(1.19, 1.2);
    // What the reserve adds is 10 a second; the window starts with 10 seconds of it, of which this
    // minute sees six fillings and the first one: 700 of 60,000 at 1000/s.
    assertThat(standard).isBetween(1.2, 1.2 + 700.0 / 60_000);
    assertThat(quick).isBetween(1.19, 1.2 + 700.0 / 600_000);
    assertThat(slow).isEqualTo(3); // a lone client lives on the reserve
    assertThat(none).isEqualTo(3); // what the budget saves
  }

  private static double amplification(RetryBudget budget, int perSecond) {
    Fixture fixture = fixture(10, atOnce().budget(budget).build());
    int requests = 60 * perSecond;
    for (int i = 0; i < requests; i++) {
      fixture.balancer.call(
          READ,
          attempt -> {
            attempt.end(Outcome.OVERLOADED);
            return null;
          });
      fixture.platform.advance(Duration.ofSeconds(1).dividedBy(perSecond));
    }
    double times = (double) fixture.balancer.stats().begun() / requests;
    System.out.printf("  %-35s %6d requests/s: × %.4f%n", budget, perSecond, times);
    assertAllEnded(fixture);
    return times;
  }

  @Test
  void balancers_that_are_given_one_budget_share_it() {
    RetryBudget shared = RetryBudget.of(0.2, 1);
    Fixture one = fixture(3, atOnce().budget(shared).build());
    Fixture other = fixture(3, atOnce().budget(shared).build());
    for (int i = 0; i < 100; i++) {
      Throwable unused = catchThrowable(() -> one.balancer.call(READ, attempt -> failing(attempt)));
    }
    Throwable unused = catchThrowable(() -> other.balancer.call(READ, attempt -> failing(attempt)));
    assertThat(one.balancer.stats().retries()).isEqualTo(30);
    assertThat(other.balancer.stats().retries()).isZero();
    assertThat(other.balancer.stats().retriesRefused()).isEqualTo(1);
  }

  @Test
  void without_one_each_balancer_has_a_budget_of_its_own() {
    RetryPolicy policy = atOnce().build();
    Fixture one = fixture(3, policy);
    Fixture other = fixture(3, policy);
    for (int i = 0; i < 1000; i++) {
      Throwable unused = catchThrowable(() -> one.balancer.call(READ, attempt -> failing(attempt)));
    }
    assertThat(one.balancer.stats().retriesRefused()).isPositive();
    Throwable unused = catchThrowable(() -> other.balancer.call(READ, attempt -> failing(attempt)));
    assertThat(other.balancer.stats().retries()).isEqualTo(2);
  }

  // ---- by hand ----

  @Test
  void a_single_request_may_have_a_policy_of_its_own() throws Exception {
    Fixture fixture = new Fixture(eps(3), b -> b.stages());
    assertThat(RetryPolicy.of(fixture.balancer)).isNull();
    AtomicInteger calls = new AtomicInteger();
    String body =
        atOnce()
            .build()
            .begin(fixture.balancer, READ)
            .call(attempt -> calls.incrementAndGet() < 3 ? failing(attempt) : "body");
    assertThat(body).isEqualTo("body");
    assertThat(fixture.balancer.stats().retries()).isEqualTo(2);
  }

  @Test
  void an_endpoint_lost_during_the_pause_shows_in_the_last_error() {
    RetryPolicy policy = atOnce().build();
    Fixture fixture = fixture(2, policy);
    Tries tries = policy.begin(fixture.balancer, READ);
    Attempt attempt = tries.begin();
    attempt.end(Outcome.FAILURE);
    IOException error = new IOException("first");
    assertThat(tries.afterError(error, Outcome.FAILURE, true)).isZero();
    fixture.publish(attempt.endpoint());
    assertThat(tries.tryBegin()).isNull();
    assertThat(error.getSuppressed()).hasSize(1);
    assertThat(error.getSuppressed()[0]).hasMessage("not retried: no other endpoint would take it");
    assertThatThrownBy(tries::begin)
        .isInstanceOf(NoEndpointException.class)
        .satisfies(e -> assertThat(e.getSuppressed()).containsExactly(error));
    assertThat(fixture.balancer.stats().retries()).isZero();
  }

  @Test
  void the_first_attempt_is_refused_at_once_where_there_is_no_endpoint() {
    Fixture fixture = fixture(0, RetryPolicy.standard());
    assertThatThrownBy(() -> fixture.balancer.call(READ, attempt -> "body"))
        .isInstanceOf(NoEndpointException.class)
        .hasNoSuppressedExceptions();
  }

  @Test
  void refuses_nonsense() {
    assertThatThrownBy(() -> RetryPolicy.builder().maxAttempts(0))
        .hasMessage("retry: maxAttempts: 0 (expected: 1 to 100)");
    assertThatThrownBy(
            () -> RetryPolicy.builder().backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .hasMessage("retry: backoff: base: PT2S (expected: 0 to most, PT1S)");
    assertThatThrownBy(() -> RetryPolicy.builder().deadline(Duration.ZERO))
        .hasMessage("retry: deadline: PT0S (expected: > 0, up to 1 day)");
    assertThatThrownBy(() -> RetryPolicy.builder().on(Outcome.CANCELLED))
        .hasMessage("retry: on: CANCELLED (expected: UNREACHABLE, FAILURE, TIMEOUT or OVERLOADED)");
    assertThatThrownBy(
            () ->
                RetryPolicy.builder()
                    .perTryTimeout(Duration.ofSeconds(2))
                    .deadline(Duration.ofSeconds(1))
                    .build())
        .hasMessage("retry: perTryTimeout: PT2S (expected: <= deadline, PT1S)");
    assertThat(RetryPolicy.standard())
        .hasToString(
            "retry(3 attempts, PT0.025S to PT1S, on [FAILURE, TIMEOUT, UNREACHABLE, OVERLOADED])");
  }
}
