package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Others' code throws or talks nonsense; requests go on. */
class BalancerFailureTest {
  private static final Duration RETRY = Duration.ofSeconds(1);

  @Test
  void a_stage_that_throws_leaves_the_last_snapshot_and_is_named() {
    AtomicBoolean broken = new AtomicBoolean();
    Stage stage = breaking(broken, new IllegalStateException("boom"));
    Fixture fixture = new Fixture(eps(2), b -> b.stages(stage));
    broken.set(true);
    fixture.publish(eps(3));
    assertThat(fixture.balancer.candidates().size()).isEqualTo(2);
    assertThat(fixture.requests(100)).hasSize(2);
    assertThat(fixture.balancer.explain().problem()).contains("breaking").contains("boom");
    assertThat(fixture.balancer.explain().toString()).contains("problem: breaking threw");

    broken.set(false);
    fixture.publish(eps(4));
    assertThat(fixture.balancer.candidates().size()).isEqualTo(4);
    assertThat(fixture.balancer.explain().problem()).isNull();
  }

  @Test
  void a_stage_that_threw_once_is_asked_again_without_any_change() {
    AtomicBoolean broken = new AtomicBoolean();
    Stage stage = breaking(broken, new IllegalStateException("boom"));
    Fixture fixture = new Fixture(eps(2), b -> b.stages(Stages.ejection(), stage));
    fixture.on("e0", Outcome.FAILURE, 5);
    fixture.platform.advance(Duration.ofMillis(4_900));
    broken.set(true);
    fixture.platform.advance(Duration.ofMillis(200)); // e0 is due to come back, and cannot
    assertThat(fixture.weight("e0")).isZero();
    broken.set(false);
    fixture.platform.advance(RETRY);
    assertThat(fixture.weight("e0")).isPositive();
    assertThat(fixture.balancer.explain().problem()).isNull();
  }

  @Test
  void errors_are_survived_like_exceptions() {
    for (Throwable error :
        List.of(
            new StackOverflowError(), new NoClassDefFoundError("x"), new AssertionError("no"))) {
      AtomicBoolean broken = new AtomicBoolean();
      Fixture fixture = new Fixture(eps(2), b -> b.stages(breaking(broken, error)));
      broken.set(true);
      fixture.publish(eps(3));
      assertThat(fixture.requests(100)).hasSize(2);
      assertThat(fixture.balancer.explain().problem()).isNotNull();
      broken.set(false);
      fixture.platform.advance(RETRY);
      assertThat(fixture.balancer.candidates().size()).isEqualTo(3);
    }
  }

  @Test
  void a_stage_that_returns_null_or_candidates_of_another_list_is_named() {
    AtomicInteger mode = new AtomicInteger();
    List<Candidates> first = new ArrayList<>();
    Stage stage =
        (candidates, context) -> {
          first.add(candidates);
          return mode.get() == 0 ? candidates : mode.get() == 1 ? null : first.get(0);
        };
    Fixture fixture = new Fixture(eps(2), b -> b.stages(stage));
    mode.set(1);
    fixture.publish(eps(3));
    assertThat(fixture.balancer.explain().problem()).contains("returned null");
    mode.set(2);
    fixture.publish(eps(4));
    assertThat(fixture.balancer.explain().problem()).contains("another topology");
    assertThat(fixture.requests(100)).hasSize(2);
  }

  @Test
  void a_strategy_that_throws_or_returns_null_leaves_the_last_snapshot() {
    AtomicInteger mode = new AtomicInteger();
    Strategy strategy =
        (candidates, context) -> {
          if (mode.get() == 1) {
            throw new IllegalStateException("boom");
          }
          return mode.get() == 2 ? null : Strategies.roundRobin().compile(candidates, context);
        };
    Fixture fixture = new Fixture(eps(2), b -> b.stages().strategy(strategy));
    mode.set(1);
    fixture.publish(eps(3));
    assertThat(fixture.balancer.explain().problem()).contains("boom");
    assertThat(fixture.requests(100)).hasSize(2);
    mode.set(2);
    fixture.publish(eps(4));
    assertThat(fixture.balancer.explain().problem()).contains("returned null");
    assertThat(fixture.requests(100)).hasSize(2);
    mode.set(0);
    fixture.platform.advance(RETRY);
    assertThat(fixture.requests(100)).hasSize(4);
    assertThat(fixture.balancer.explain().problem()).isNull();
  }

  @Test
  void a_stage_that_throws_from_the_start_says_so_to_the_request() {
    AtomicBoolean broken = new AtomicBoolean(true);
    Fixture fixture =
        new Fixture(eps(2), b -> b.stages(breaking(broken, new IllegalStateException("boom"))));
    assertThatThrownBy(fixture::request)
        .isInstanceOf(NoEndpointException.class)
        .hasMessageContaining("boom");
    broken.set(false);
    fixture.platform.advance(RETRY);
    assertThat(fixture.requests(10)).hasSize(2);
  }

  @Test
  void a_discovery_that_fails_leaves_the_last_list_and_is_named_until_it_speaks_again() {
    Fixture fixture = new Fixture(eps(2), b -> b);
    fixture.discovery.fail(new java.io.IOException("connection refused"));
    assertThat(fixture.requests(10)).hasSize(2);
    assertThat(fixture.balancer.explain().problem())
        .contains("discovery")
        .contains("connection refused");
    fixture.publish(eps(3));
    assertThat(fixture.balancer.explain().problem()).isNull();
    assertThat(fixture.balancer.candidates().size()).isEqualTo(3);
  }

  @Test
  void a_discovery_that_cannot_be_watched_fails_the_builder() {
    Discovery throwing =
        listener -> {
          throw new IllegalStateException("no such resolver");
        };
    assertThatThrownBy(() -> Balancer.builder(throwing).build())
        .hasMessageContaining("no such resolver");
    assertThatThrownBy(() -> Balancer.builder(listener -> null).name("n").build())
        .isInstanceOf(NullPointerException.class)
        .hasMessageContaining("n: discovery returned no watch");
  }

  @Test
  void a_discovery_that_failed_before_its_first_list_is_named_to_the_request() {
    Fixture fixture =
        new Fixture(
            new io.steelyard.testkit.VirtualPlatform(),
            new io.steelyard.testkit.ManualDiscovery(),
            b -> b);
    fixture.discovery.fail(new java.io.IOException("connection refused"));
    assertThatThrownBy(fixture::request).hasMessageContaining("connection refused");
  }

  @Test
  void a_listener_that_throws_does_not_keep_others_or_later_lists() {
    List<Integer> seen = new ArrayList<>();
    Fixture fixture =
        new Fixture(
            eps(1),
            b ->
                b.listener(
                        candidates -> {
                          throw new IllegalStateException("boom");
                        })
                    .listener(candidates -> seen.add(candidates.size())));
    fixture.publish(eps(2));
    fixture.publish(eps(3));
    assertThat(seen).containsExactly(1, 2, 3);
    assertThat(fixture.requests(100)).hasSize(3);
  }

  @Test
  void a_classifier_that_throws_or_returns_null_is_replaced_by_the_standard_one() throws Exception {
    for (Classifier classifier :
        List.<Classifier>of(
            (result, error) -> {
              throw new IllegalStateException("boom");
            },
            (result, error) -> null)) {
      Fixture fixture = new Fixture(eps(1), b -> b.classifier(classifier));
      assertThat(fixture.balancer.<String, Exception>call(PickContext.none(), a -> "ok"))
          .isEqualTo("ok");
      assertThat(fixture.balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
      assertThat(fixture.balancer.stats().inFlight()).isZero();
    }
  }

  // ---- policies ----

  @Test
  void a_new_policy_that_throws_is_refused_and_the_old_one_stays() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages().strategy(Strategies.roundRobin()));
    AtomicBoolean broken = new AtomicBoolean(true);
    fixture.balancer.apply(
        LoadBalancingPolicy.of(
            Strategies.random(), breaking(broken, new IllegalStateException("boom"))));
    Explanation explanation = fixture.balancer.explain();
    assertThat(explanation.strategy()).isEqualTo("roundRobin");
    assertThat(explanation.policySource()).isEqualTo("builder");
    assertThat(explanation.problem()).contains("policy refused").contains("boom");
    fixture.publish(eps(3));
    assertThat(fixture.requests(99).values()).containsExactly(33, 33, 33);
    broken.set(false); // refused is refused: it does not come into force by itself later
    fixture.publish(eps(4));
    assertThat(fixture.balancer.explain().strategy()).isEqualTo("roundRobin");
    assertThat(fixture.balancer.explain().policySource()).isEqualTo("builder");
  }

  @Test
  void a_refused_policy_does_not_keep_a_new_list_out() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages().strategy(Strategies.roundRobin()));
    AtomicBoolean broken = new AtomicBoolean(true);
    fixture.platform.advance(Duration.ZERO);
    fixture.discovery.publish(eps(3)); // at once
    fixture.balancer.apply( // held back by the pause, together with the next list
        LoadBalancingPolicy.of(
            Strategies.random(), breaking(broken, new IllegalStateException("boom"))));
    fixture.discovery.publish(eps(5));
    fixture.settle();
    assertThat(fixture.balancer.candidates().size()).isEqualTo(5);
    assertThat(fixture.balancer.explain().strategy()).isEqualTo("roundRobin");
  }

  // ---- pickers ----

  @Test
  void a_picker_that_talks_nonsense_is_replaced_by_any_usable_endpoint() {
    // Index 2 weighs zero; the candidates are 0 to 3.
    for (int nonsense : new int[] {-5, -1, 4, 2, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
      Endpoint[] endpoints = {ep("e0"), ep("e1"), ep("e2", 0), ep("e3")};
      Fixture fixture =
          new Fixture(
              endpoints,
              b -> b.stages().strategy((candidates, context) -> (request, rank) -> nonsense));
      assertSpread(fixture, nonsense);
    }
  }

  @Test
  void a_picker_that_throws_is_replaced_by_any_usable_endpoint() {
    Endpoint[] endpoints = {ep("e0"), ep("e1"), ep("e2", 0), ep("e3")};
    Fixture fixture =
        new Fixture(
            endpoints,
            b ->
                b.stages()
                    .strategy(
                        (candidates, context) ->
                            (request, rank) -> {
                              throw new IllegalStateException("boom");
                            }));
    assertSpread(fixture, "throws");
  }

  @Test
  void nonsense_stands_in_the_explanation_while_its_strategy_is_in_force() {
    Fixture fixture = new Fixture(eps(2), b -> b.stages());
    Balancer balancer = fixture.balancer;
    balancer.apply(LoadBalancingPolicy.of(new Nonsense("far", 99)));
    assertThat(balancer.explain().problem()).as("no request has met it").isNull();
    assertThat(balancer.pick(PickContext.none())).isNotNull();
    assertThat(balancer.explain().problem())
        .isEqualTo(
            "the picker of far chose candidate 99, which is not usable; a random endpoint is used"
                + " instead");
    balancer.apply(LoadBalancingPolicy.of(new Nonsense("below", -7)));
    assertThat(balancer.explain().problem()).isNull();
    assertThat(balancer.pick(PickContext.none())).isNotNull();
    assertThat(balancer.explain().problem()).contains("picker of below", "candidate -7");
    balancer.apply(LoadBalancingPolicy.of(Strategies.roundRobin()));
    assertThat(balancer.pick(PickContext.none())).isNotNull();
    assertThat(balancer.explain().problem()).isNull();
  }

  private record Nonsense(String name, int choice) implements Strategy {
    @Override
    public Picker compile(Candidates candidates, Context context) {
      return (request, rank) -> choice;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  private static void assertSpread(Fixture fixture, Object what) {
    Map<String, Integer> counts = fixture.requests(3_000);
    Map<String, Integer> picked = new HashMap<>();
    for (int i = 0; i < 3_000; i++) {
      picked.merge(fixture.balancer.pick(PickContext.none()).id(), 1, Integer::sum);
    }
    for (Map<String, Integer> seen : List.of(counts, picked)) {
      assertThat(seen).as("%s", what).containsOnlyKeys("e0", "e1", "e3");
      // A quarter or a half each (the gap's neighbour); far from a tenth.
      assertThat(seen.values()).allSatisfy(n -> assertThat(n).isGreaterThan(300));
    }
    assertThat(fixture.balancer.stats().inFlight()).isZero();
  }

  private static Stage breaking(AtomicBoolean broken, Throwable error) {
    return new Stage() {
      @Override
      public Candidates apply(Candidates candidates, Context context) {
        if (broken.get()) {
          throw BalancerFailureTest.<RuntimeException>sneaky(error);
        }
        return candidates;
      }

      @Override
      public String toString() {
        return "breaking";
      }
    };
  }

  @SuppressWarnings("unchecked")
  private static <X extends Throwable> X sneaky(Throwable error) throws X {
    throw (X) error;
  }
}
