package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static io.steelyard.Fixture.weighted;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.NoEndpointException.Why;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

class BalancerTest {
  private static Fixture silent(java.util.function.UnaryOperator<BalancerBuilder> settings) {
    return new Fixture(new VirtualPlatform(), new ManualDiscovery(), settings);
  }

  private static void assertNone(Fixture fixture, PickContext context, Why why) {
    assertThatThrownBy(() -> fixture.balancer.begin(context))
        .isInstanceOfSatisfying(NoEndpointException.class, e -> assertThat(e.why()).isEqualTo(why))
        .hasMessageContaining("test");
    assertThat(fixture.balancer.tryBegin(context)).isNull();
    assertThat(fixture.balancer.pick(context)).isNull();
    assertThatThrownBy(() -> fixture.balancer.call(context, attempt -> "x"))
        .isInstanceOf(NoEndpointException.class);
  }

  // ---- rebuilding ----

  @Test
  void a_balancer_that_is_given_no_policy_follows_the_standard_one() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    assertThat(fixture.balancer.policy()).isEqualTo(LoadBalancingPolicy.standard());
    assertThat(LoadBalancingPolicy.standard()).hasToString("ejection.panicBelow(0.5) → adaptive");
  }

  @Test
  void a_list_that_is_there_at_once_is_built_once() {
    List<Integer> told = new ArrayList<>();
    Fixture fixture = new Fixture(eps(3), b -> b.listener(c -> told.add(c.size())));
    fixture.platform.advance(Duration.ofMinutes(1));
    assertThat(fixture.balancer.stats().rebuilds()).isEqualTo(1);
    assertThat(told).containsExactly(3);
  }

  @Test
  void a_listener_that_comes_later_hears_of_lists_and_policies_until_it_is_taken_away()
      throws Exception {
    Fixture fixture = new Fixture(eps(1), b -> b);
    List<Integer> told = new ArrayList<>();
    Consumer<Candidates> listener = c -> told.add(c.size());
    AutoCloseable first = fixture.balancer.listen(listener);
    AutoCloseable second = fixture.balancer.listen(listener);
    assertThat(told).as("what is in force already").isEmpty();
    fixture.publish(eps(2));
    assertThat(told).containsExactly(2, 2);
    first.close();
    first.close();
    fixture.balancer.apply(LoadBalancingPolicy.of(Strategies.random()));
    assertThat(told).containsExactly(2, 2, 2);
    second.close();
    fixture.publish(eps(3));
    assertThat(told).hasSize(3);
  }

  @Test
  void a_hundred_lists_in_one_instant_are_at_most_two_rebuilds_and_the_last_one_counts() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    long before = fixture.balancer.stats().rebuilds();
    for (int n = 2; n <= 101; n++) {
      fixture.discovery.publish(eps(n));
    }
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(fixture.balancer.stats().rebuilds() - before).isBetween(1L, 2L);
    assertThat(fixture.balancer.candidates().size()).isEqualTo(101);
    assertThat(fixture.balancer.stats().topologyUpdates()).isEqualTo(101);
  }

  @Test
  void between_two_rebuilds_there_are_ten_milliseconds() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    fixture.discovery.publish(eps(2));
    assertThat(fixture.balancer.candidates().size()).as("at once after a pause").isEqualTo(2);
    fixture.discovery.publish(eps(3));
    fixture.platform.advance(Duration.ofMillis(10).minusNanos(1));
    assertThat(fixture.balancer.candidates().size()).isEqualTo(2);
    fixture.platform.advance(Duration.ofNanos(1));
    assertThat(fixture.balancer.candidates().size()).isEqualTo(3);
  }

  @Test
  void an_equal_list_changes_nothing() {
    Fixture fixture = new Fixture(eps(3), b -> b);
    long before = fixture.balancer.stats().rebuilds();
    fixture.publish(eps(3));
    assertThat(fixture.balancer.stats().rebuilds()).isEqualTo(before);
    assertThat(fixture.balancer.stats().topologyUpdates()).isEqualTo(2);
  }

  @Test
  void candidates_keep_the_topology_object_and_its_order() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    Topology topology = Topology.of(ep("z"), ep("a"), ep("m", 0));
    fixture.discovery.publish(topology);
    fixture.settle();
    Candidates candidates = fixture.balancer.candidates();
    assertThat(candidates.topology()).isSameAs(topology);
    assertThat(candidates.endpoint(1).id()).isEqualTo("a");
    assertThat(candidates.usable()).isEqualTo(2);
    assertThat(candidates.discovered()).isEqualTo(2);
    assertThat(candidates.reason(2)).hasToString("weight 0");
  }

  // ---- policies ----

  @Test
  void apply_swaps_the_strategy_and_keeps_what_was_learnt() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    fixture.requests(10);
    EndpointStats stats = fixture.stats("e0");
    Attempt inFlight = fixture.beginOn("e0");
    fixture.balancer.apply(LoadBalancingPolicy.of(Strategies.leastConnections()));
    fixture.settle();
    assertThat(fixture.stats("e0")).isSameAs(stats);
    assertThat(fixture.balancer.explain().strategy()).isEqualTo("leastConnections");
    assertThat(fixture.balancer.explain().policySource()).isEqualTo("apply");
    assertThat(fixture.request().id()).isEqualTo("e1");
    inFlight.success();
    assertThat(stats.inFlight()).isZero();
  }

  @Test
  void a_cursor_goes_on_through_lists_and_policies_with_an_equal_strategy() {
    Fixture fixture =
        new Fixture(
            new VirtualPlatform().random(() -> 0),
            new ManualDiscovery(eps(4)),
            b -> b.stages().strategy(Strategies.roundRobin()));
    assertThat(fixture.request().id()).isEqualTo("e0");
    fixture.balancer.apply(LoadBalancingPolicy.of(Strategies.roundRobin(), Stages.ejection()));
    fixture.settle();
    assertThat(fixture.request().id()).isEqualTo("e1");
    fixture.publish(ep("e0", 5), ep("e1"), ep("e2"), ep("e3"));
    assertThat(fixture.request().id()).isEqualTo("e2");
  }

  @Test
  void memory_of_equal_layers_stays_and_that_of_others_is_closed_once() {
    List<String> closed = new ArrayList<>();
    AtomicInteger made = new AtomicInteger();
    Fixture fixture = new Fixture(eps(2), b -> b.stages(new Remembering("a", closed, made)));
    assertThat(made).hasValue(1);
    fixture.publish(eps(3));
    fixture.balancer.apply(
        LoadBalancingPolicy.of(
            Strategies.random(),
            new Remembering("b", closed, made),
            new Remembering("a", closed, made)));
    fixture.settle();
    assertThat(made).as("a's is kept, b's is new").hasValue(2);
    assertThat(closed).isEmpty();
    fixture.balancer.apply(
        LoadBalancingPolicy.of(Strategies.random(), new Remembering("b", closed, made)));
    fixture.settle();
    assertThat(closed).containsExactly("a");
    fixture.balancer.close();
    assertThat(closed).containsExactly("a", "b");
  }

  @Test
  void memory_under_a_panic_guard_is_kept_and_closed_too() {
    List<String> closed = new ArrayList<>();
    AtomicInteger made = new AtomicInteger();
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages(new Remembering("a", closed, made).panicBelow(0.5)));
    fixture.publish(eps(3));
    fixture.balancer.apply(
        LoadBalancingPolicy.of(
            Strategies.random(), new Remembering("a", closed, made).panicBelow(0.5)));
    fixture.settle();
    assertThat(made).hasValue(1);
    fixture.balancer.close();
    assertThat(closed).containsExactly("a");
  }

  private record Remembering(String name, List<String> closed, AtomicInteger made)
      implements Stage {
    @Override
    public Candidates apply(Candidates candidates, Context context) {
      context.memory(
          () -> {
            made.incrementAndGet();
            return (AutoCloseable) () -> closed.add(name);
          });
      return candidates;
    }

    @Override
    public boolean equals(Object other) {
      return other instanceof Remembering that && name.equals(that.name);
    }

    @Override
    public int hashCode() {
      return name.hashCode();
    }
  }

  // ---- no endpoint ----

  @Test
  void before_the_first_list_a_request_fails_at_once() {
    assertNone(silent(b -> b), PickContext.none(), Why.WAITING);
  }

  @Test
  void a_source_that_refuses_to_answer_is_named() {
    Fixture fixture = silent(b -> b);
    fixture.discovery.publish(
        Topology.syncing().with(Topology.State.UNAUTHORIZED, "403 for endpointslices"));
    fixture.settle();
    assertThatThrownBy(fixture::request)
        .isInstanceOfSatisfying(
            NoEndpointException.class, e -> assertThat(e.why()).isEqualTo(Why.WAITING))
        .hasMessageContaining("UNAUTHORIZED")
        .hasMessageContaining("403 for endpointslices");
  }

  @Test
  void an_empty_list_is_honoured() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    fixture.publish();
    assertNone(fixture, PickContext.none(), Why.EMPTY);
    fixture.publish(eps(1));
    assertThat(fixture.request().id()).isEqualTo("e0");
  }

  @Test
  void when_every_endpoint_is_excluded_the_message_says_why_for_each() {
    Fixture fixture = new Fixture(new Endpoint[] {ep("a", 0), ep("b").withDraining(true)}, b -> b);
    assertNone(fixture, PickContext.none(), Why.EXCLUDED);
    assertThatThrownBy(fixture::request)
        .hasMessageContaining("weight 0")
        .hasMessageContaining("draining");
  }

  @Test
  void when_every_endpoint_is_avoided() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    assertNone(fixture, PickContext.none().avoiding(ep("e0")).avoiding(ep("e1")), Why.AVOIDED);
  }

  @Test
  void when_every_endpoint_is_full_the_request_is_rejected_and_counted() {
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages(Stages.maxInFlight(2)).strategy(Strategies.roundRobin()));
    List<Attempt> attempts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      attempts.add(fixture.balancer.begin(PickContext.none()));
    }
    assertThat(fixture.stats("e0").inFlight()).isEqualTo(2);
    assertNone(fixture, PickContext.none(), Why.FULL);
    // begin, tryBegin and call; pick counts nothing.
    assertThat(fixture.balancer.stats().count(Outcome.REJECTED)).isEqualTo(3);
    assertThat(fixture.balancer.stats().withoutEndpoint()).isEqualTo(3);
    attempts.get(0).success();
    assertThat(fixture.balancer.begin(PickContext.none()).endpoint())
        .isEqualTo(attempts.get(0).endpoint());
    assertThat(fixture.balancer.stats().begun()).isEqualTo(5);
  }

  @Test
  void a_full_endpoint_passes_its_turn_on() {
    Fixture fixture =
        new Fixture(eps(3), b -> b.stages(Stages.maxInFlight(1)).strategy(Strategies.roundRobin()));
    Attempt hanging = fixture.beginOn("e1");
    assertThat(fixture.requests(100)).containsOnlyKeys("e0", "e2");
    hanging.success();
    assertThat(fixture.requests(100)).hasSize(3);
  }

  @Test
  void requests_that_found_none_are_counted() {
    Fixture fixture = silent(b -> b);
    for (int i = 0; i < 3; i++) {
      assertThat(fixture.balancer.tryBegin(PickContext.none())).isNull();
    }
    assertThat(fixture.balancer.stats().withoutEndpoint()).isEqualTo(3);
    assertThat(fixture.balancer.stats().count(Outcome.REJECTED)).isZero();
  }

  // ---- verdicts ----

  @Test
  void the_first_verdict_wins() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    Attempt attempt = fixture.balancer.begin(PickContext.none());
    assertThat(attempt.ended()).isFalse();
    attempt.success();
    attempt.failure(new IOException());
    attempt.cancel();
    attempt.close();
    assertThat(attempt.ended()).isTrue();
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isZero();
    assertThat(fixture.balancer.stats().count(Outcome.CANCELLED)).isZero();
    assertThat(fixture.balancer.stats().inFlight()).isZero();
  }

  @Test
  void an_attempt_that_is_closed_without_a_verdict_is_a_failure() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    fixture.balancer.begin(PickContext.none()).close();
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(1);
    assertThat(fixture.balancer.stats().inFlight()).isZero();
  }

  @Test
  void an_error_is_judged_by_its_class() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    Endpoint only = ep("e0");
    for (Throwable error :
        List.of(
            new ConnectException(),
            new java.net.UnknownHostException(),
            new java.net.NoRouteToHostException(),
            new CompletionException(new ConnectException()))) {
      fixture.balancer.begin(PickContext.none()).failure(error);
    }
    assertThat(fixture.balancer.stats().count(Outcome.UNREACHABLE)).isEqualTo(4);
    fixture.balancer.begin(PickContext.none()).failure(new TimeoutException());
    fixture.balancer.begin(PickContext.none()).failure(new java.net.SocketTimeoutException());
    assertThat(fixture.balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(2);
    fixture
        .balancer
        .begin(PickContext.none())
        .failure(new java.util.concurrent.CancellationException());
    fixture.balancer.begin(PickContext.none()).failure(new InterruptedException());
    assertThat(fixture.balancer.stats().count(Outcome.CANCELLED)).isEqualTo(2);
    fixture.balancer.begin(PickContext.none()).failure(new IOException());
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(1);
    assertThat(fixture.balancer.pick(PickContext.none())).isEqualTo(only);
  }

  @Test
  void responded_takes_the_sample_at_the_headers() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    Attempt attempt = fixture.balancer.begin(PickContext.none());
    fixture.platform.advance(Duration.ofMillis(20));
    attempt.responded();
    long headers = fixture.platform.nanoTime();
    fixture.platform.advance(Duration.ofMillis(5));
    attempt.responded(); // only the first counts
    assertThat(fixture.stats("e0").waitingNanos(fixture.platform.nanoTime())).isZero();
    assertThat(fixture.stats("e0").inFlight()).isEqualTo(1);
    fixture.platform.advance(Duration.ofSeconds(3)); // the body
    attempt.success();
    assertThat(fixture.stats("e0").latencyNanos(headers) / 1e6).isCloseTo(20, within(0.01));
    assertThat(fixture.stats("e0").inFlight()).isZero();
  }

  // ---- call ----

  @Test
  void call_returns_what_the_call_returns_and_counts_it() throws Exception {
    Fixture fixture = new Fixture(eps(1), b -> b);
    String answer =
        fixture.balancer.<String, Exception>call(
            PickContext.none(), attempt -> attempt.endpoint().id() + "!");
    assertThat(answer).isEqualTo("e0!");
    assertThat(fixture.balancer.<String, Exception>call(PickContext.none(), a -> null)).isNull();
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(2);
  }

  @Test
  void call_throws_what_the_call_throws_and_judges_it() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    IOException error = new ConnectException("refused");
    assertThatThrownBy(
            () ->
                fixture.balancer.<String, IOException>call(
                    PickContext.none(),
                    attempt -> {
                      throw error;
                    }))
        .isSameAs(error);
    AssertionError failure = new AssertionError();
    assertThatThrownBy(
            () ->
                fixture.balancer.<String, IOException>call(
                    PickContext.none(),
                    attempt -> {
                      throw failure;
                    }))
        .isSameAs(failure);
    assertThat(fixture.balancer.stats().count(Outcome.UNREACHABLE)).isEqualTo(1);
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(1);
    assertThat(fixture.balancer.stats().inFlight()).isZero();
  }

  @Test
  void a_verdict_that_the_call_gives_itself_stands() throws Exception {
    Fixture fixture = new Fixture(eps(1), b -> b);
    fixture.balancer.<String, Exception>call(
        PickContext.none(),
        attempt -> {
          attempt.end(Outcome.OVERLOADED);
          return "503";
        });
    assertThat(fixture.balancer.stats().count(Outcome.OVERLOADED)).isEqualTo(1);
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isZero();
  }

  @Test
  void the_classifier_judges_results_too() throws Exception {
    Classifier byStatus =
        (result, error) ->
            result instanceof Integer status && status >= 500 ? Outcome.FAILURE : Outcome.SUCCESS;
    Fixture fixture = new Fixture(eps(1), b -> b.classifier(byStatus));
    fixture.balancer.<Integer, Exception>call(PickContext.none(), attempt -> 503);
    fixture.balancer.<Integer, Exception>call(PickContext.none(), attempt -> 204);
    fixture.balancer.callAsync(
        PickContext.none(), attempt -> CompletableFuture.completedFuture(500));
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(2);
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
  }

  // ---- callAsync ----

  @Test
  void call_async_ends_when_the_answer_comes() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<String> call = fixture.balancer.callAsync(PickContext.none(), a -> answer);
    assertThat(fixture.balancer.stats().inFlight()).isEqualTo(1);
    answer.complete("ok");
    assertThat(call.toCompletableFuture()).isCompletedWithValue("ok");
    assertThat(fixture.balancer.stats().inFlight()).isZero();
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
  }

  @Test
  void call_async_that_fails_later() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    CompletableFuture<String> answer = new CompletableFuture<>();
    CompletionStage<String> call = fixture.balancer.callAsync(PickContext.none(), a -> answer);
    answer.completeExceptionally(new TimeoutException("late"));
    assertThat(call.toCompletableFuture())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(TimeoutException.class);
    assertThat(fixture.balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);
  }

  @Test
  void call_async_that_throws_or_returns_null_at_once() {
    Fixture fixture = new Fixture(eps(1), b -> b);
    CompletionStage<String> threw =
        fixture.balancer.callAsync(
            PickContext.none(),
            attempt -> {
              throw new IllegalStateException("boom");
            });
    assertThat(threw.toCompletableFuture()).isCompletedExceptionally();
    CompletionStage<String> nothing = fixture.balancer.callAsync(PickContext.none(), a -> null);
    assertThat(nothing.toCompletableFuture()).isCompletedExceptionally();
    assertThat(fixture.balancer.stats().count(Outcome.FAILURE)).isEqualTo(2);
    assertThat(fixture.balancer.stats().inFlight()).isZero();
  }

  @Test
  void call_async_without_an_endpoint_fails_at_once() {
    Fixture fixture = silent(b -> b);
    AtomicInteger called = new AtomicInteger();
    CompletionStage<String> call =
        fixture.balancer.callAsync(
            PickContext.none(),
            attempt -> {
              called.incrementAndGet();
              return CompletableFuture.completedFuture("x");
            });
    assertThat(call.toCompletableFuture())
        .isCompletedExceptionally()
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(NoEndpointException.class);
    assertThat(called).hasValue(0);
  }

  @Test
  void call_async_waits_for_the_first_list_if_it_may() {
    Fixture fixture = silent(b -> b.awaitFirst(Duration.ofSeconds(2)));
    CompletableFuture<String> call =
        fixture
            .balancer
            .callAsync(
                PickContext.none(), a -> CompletableFuture.completedFuture(a.endpoint().id()))
            .toCompletableFuture();
    fixture.platform.advance(Duration.ofSeconds(1));
    assertThat(call).isNotDone();
    fixture.publish(eps(1));
    assertThat(call).isCompletedWithValue("e0");
    assertThat(fixture.platform.scheduled()).as("the timeout is called off").isZero();
  }

  @Test
  void call_async_waits_no_longer_than_it_may() {
    Fixture fixture = silent(b -> b.awaitFirst(Duration.ofSeconds(2)));
    CompletableFuture<String> call =
        fixture
            .balancer
            .callAsync(PickContext.none(), a -> CompletableFuture.completedFuture("x"))
            .toCompletableFuture();
    fixture.platform.advance(Duration.ofMillis(1_999));
    assertThat(call).isNotDone();
    fixture.platform.advance(Duration.ofMillis(1));
    assertThat(call)
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(NoEndpointException.class);
  }

  @Test
  void call_async_that_waits_is_told_when_the_balancer_closes() {
    Fixture fixture = silent(b -> b.awaitFirst(Duration.ofHours(1)));
    CompletableFuture<String> call =
        fixture
            .balancer
            .callAsync(PickContext.none(), a -> CompletableFuture.completedFuture("x"))
            .toCompletableFuture();
    fixture.balancer.close();
    assertThat(call)
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withMessageContaining("closed");
  }

  /** The others have been let go by then, and ready completes after the listeners were told. */
  @Test
  void call_async_by_a_listener_of_the_first_list_does_not_wait() {
    AtomicReference<Balancer> balancer = new AtomicReference<>();
    AtomicReference<CompletableFuture<String>> call = new AtomicReference<>();
    Fixture fixture =
        silent(
            b ->
                b.awaitFirst(Duration.ofHours(1))
                    .listener(
                        candidates ->
                            call.set(
                                balancer
                                    .get()
                                    .callAsync(
                                        PickContext.none(),
                                        a -> CompletableFuture.completedFuture(a.endpoint().id()))
                                    .toCompletableFuture())));
    balancer.set(fixture.balancer);
    fixture.publish(eps(1));
    assertThat(call.get()).isCompletedWithValue("e0");
  }

  // ---- ready ----

  @Test
  void ready_completes_with_the_first_usable_candidates() {
    Fixture fixture = silent(b -> b);
    CompletableFuture<Candidates> ready = fixture.balancer.ready().toCompletableFuture();
    fixture.publish(ep("a", 0));
    assertThat(ready).isNotDone();
    fixture.publish(ep("a", 1));
    assertThat(ready).isCompletedWithValueMatching(c -> c.usable() == 1);
    fixture.publish();
    assertThat(fixture.balancer.ready().toCompletableFuture()).isDone();
  }

  @Test
  void a_fixed_list_is_ready_when_build_returns() {
    try (Balancer balancer = Balancer.of(ep("a"), ep("b"))) {
      assertThat(balancer.ready().toCompletableFuture()).isDone();
      assertThat(balancer.pick(PickContext.none())).isNotNull();
    }
  }

  // ---- close ----

  @Test
  void after_close_nothing_begins_and_what_runs_may_end() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    Attempt running = fixture.balancer.begin(PickContext.none());
    fixture.balancer.close();
    fixture.balancer.close();
    assertNone(fixture, PickContext.none(), Why.CLOSED);
    assertThat(
            fixture
                .balancer
                .callAsync(PickContext.none(), a -> CompletableFuture.completedFuture("x"))
                .toCompletableFuture())
        .isCompletedExceptionally();
    assertThatThrownBy(() -> fixture.balancer.apply(LoadBalancingPolicy.of(Strategies.random())))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("closed");
    running.success();
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
    assertThat(fixture.balancer.stats().inFlight()).isZero();
    assertThat(fixture.balancer.explain().toString()).contains("test");
    assertThat(fixture.discovery.watchers()).isZero();
  }

  @Test
  void after_close_nobody_is_called_and_nothing_is_scheduled() {
    AtomicInteger calls = new AtomicInteger();
    Stage counting =
        (candidates, context) -> {
          calls.incrementAndGet();
          context.reevaluateAfter(Duration.ofSeconds(1));
          context.wakeAfterFailures(0, 1);
          return candidates;
        };
    Fixture fixture =
        new Fixture(eps(1), b -> b.stages(counting).listener(c -> calls.incrementAndGet()));
    Attempt running = fixture.balancer.begin(PickContext.none());
    fixture.discovery.publish(eps(2));
    fixture.discovery.publish(eps(3)); // held back by the pause
    fixture.balancer.close();
    int before = calls.get();
    running.end(Outcome.FAILURE);
    fixture.discovery.publish(eps(4));
    fixture.platform.advance(Duration.ofHours(1));
    assertThat(calls).hasValue(before);
    assertThat(fixture.platform.scheduled()).isZero();
  }

  @Test
  void ready_fails_when_the_balancer_closes_first() {
    Fixture fixture = silent(b -> b);
    CompletableFuture<Candidates> ready = fixture.balancer.ready().toCompletableFuture();
    fixture.balancer.close();
    assertThat(ready)
        .failsWithin(Duration.ZERO)
        .withThrowableOfType(java.util.concurrent.ExecutionException.class)
        .withCauseInstanceOf(NoEndpointException.class);
  }

  // ---- stats ----

  @Test
  void an_endpoint_that_left_is_remembered_for_ten_minutes() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages());
    fixture.on("e1", Outcome.SUCCESS, 7);
    fixture.platform.advance(Duration.ofHours(2)); // however quiet it was
    fixture.publish(eps(1));
    fixture.platform.advance(Duration.ofMinutes(9));
    fixture.publish(eps(2));
    assertThat(fixture.stats("e1").begun()).isEqualTo(7);
    fixture.publish(eps(1));
    fixture.platform.advance(Duration.ofMinutes(11));
    fixture.publish(eps(2));
    assertThat(fixture.stats("e1").begun()).isZero();
    assertThat(fixture.balancer.stats().begun()).as("totals never fall").isEqualTo(7);
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(7);
  }

  @Test
  void a_request_that_outlives_its_endpoint_by_hours_is_counted() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages());
    Attempt stream = fixture.beginOn("e1");
    fixture.publish(eps(1));
    fixture.platform.advance(Duration.ofHours(5));
    assertThat(fixture.balancer.stats().inFlight()).isEqualTo(1);
    stream.success();
    assertThat(fixture.balancer.stats().inFlight()).isZero();
    fixture.platform.advance(Duration.ofHours(1));
    assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
  }

  @Test
  void every_outcome_is_counted() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages());
    for (Outcome outcome : Outcome.values()) {
      for (int i = 0; i < 3; i++) {
        fixture.request(outcome);
      }
    }
    BalancerStats stats = fixture.balancer.stats();
    for (Outcome outcome : Outcome.values()) {
      assertThat(stats.count(outcome)).as("%s", outcome).isEqualTo(3);
    }
    assertThat(stats.begun()).isEqualTo(3L * Outcome.values().length);
  }

  // ---- explain and pick ----

  @Test
  void pick_and_explain_count_nothing() {
    Fixture fixture = new Fixture(eps(3), b -> b.stages(Stages.maxInFlight(1)));
    for (int i = 0; i < 100; i++) {
      assertThat(fixture.balancer.pick(PickContext.none())).isNotNull();
      assertThat(fixture.balancer.explain(PickContext.none()).choice()).isNotNull();
    }
    assertThat(fixture.balancer.stats().begun()).isZero();
    assertThat(fixture.balancer.stats().withoutEndpoint()).isZero();
  }

  @Test
  void explain_tells_what_a_request_would_get_and_what_it_avoids() {
    Fixture fixture = new Fixture(weighted(1, 0, 2), b -> b.strategy(Strategies.roundRobin()));
    Explanation explanation = fixture.balancer.explain(PickContext.none().avoiding(ep("a")));
    assertThat(explanation.name()).isEqualTo("test");
    assertThat(explanation.choice().id()).isEqualTo("c");
    assertThat(explanation.rows())
        .extracting(Explanation.Row::avoided)
        .containsExactly(true, false, false);
    assertThat(explanation.rows().get(1).reason()).isEqualTo("weight 0");
    assertThat(explanation.policySource()).isEqualTo("builder");
    assertThat(explanation.problem()).isNull();
    assertThat(explanation.toString())
        .startsWith(
            "test: 3 discovered (LIVE) → 2 ejection.panicBelow(0.5) → roundRobin   [policy:"
                + " builder]")
        .contains("choice: c")
        .contains("avoided by this request");
    assertThat(fixture.balancer.explain().choice()).isNull();
  }
}
