package io.steelyard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.PolicySource.Advice;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Who decides the policy: builder, then a source outside, then code that applies one. */
class PolicySourceTest {
  private static final LoadBalancingPolicy BUILDERS =
      LoadBalancingPolicy.of(Strategies.random(), Stages.maxInFlight(100));
  private static final LoadBalancingPolicy OUTSIDE =
      LoadBalancingPolicy.of(Strategies.roundRobin());
  private static final LoadBalancingPolicy CODE =
      LoadBalancingPolicy.of(Strategies.leastConnections());
  private static final Strategy BROKEN =
      (candidates, context) -> {
        throw new IllegalStateException("broken");
      };

  private final Source source = new Source();
  private final Fixture fixture =
      new Fixture(Fixture.eps(3), b -> b.policy(BUILDERS).policies(source));
  private final Balancer balancer = fixture.balancer;

  /** A source that says what a test wants it to say. */
  private static final class Source implements PolicySource {
    final List<Consumer<Advice>> listeners = new ArrayList<>();
    LoadBalancingPolicy builders;
    Advice atOnce;

    @Override
    public AutoCloseable watch(LoadBalancingPolicy builders, Consumer<Advice> listener) {
      this.builders = builders;
      listeners.add(listener);
      if (atOnce != null) {
        listener.accept(atOnce);
      }
      return () -> listeners.remove(listener);
    }

    void say(LoadBalancingPolicy policy, String origin, String problem) {
      listeners.forEach(l -> l.accept(new Advice(policy, origin, problem)));
    }
  }

  private void say(LoadBalancingPolicy policy, String origin) {
    source.say(policy, origin, null);
    fixture.settle();
  }

  private String origin() {
    return balancer.explain().policySource();
  }

  @Test
  void until_a_source_has_spoken_the_builders_policy_is_in_force() {
    assertThat(source.builders).isEqualTo(BUILDERS);
    assertThat(balancer.policy()).isEqualTo(BUILDERS);
    assertThat(origin()).isEqualTo("builder");

    say(null, "nobody selects it");
    assertThat(balancer.policy()).isEqualTo(BUILDERS);
    assertThat(origin()).isEqualTo("builder (nobody selects it)");
  }

  @Test
  void what_a_source_says_at_once_is_in_force_when_the_builder_returns() {
    Source ready = new Source();
    ready.atOnce = new Advice(OUTSIDE, "policy a", null);
    Balancer built =
        Balancer.builder(fixture.discovery).platform(fixture.platform).policies(ready).build();
    assertThat(built.policy()).isEqualTo(OUTSIDE);
    assertThat(built.explain().policySource()).isEqualTo("policy a");
    built.close();
  }

  @Test
  void a_source_goes_before_the_builder_and_its_silence_gives_the_builders_policy_back() {
    fixture.requests(9);
    long before = balancer.stats().begun();

    say(OUTSIDE, "policy a");
    assertThat(balancer.policy()).isEqualTo(OUTSIDE);
    assertThat(balancer.explain().toString()).contains("[policy: policy a]");
    assertThat(balancer.stats().begun()).isEqualTo(before);
    assertThat(fixture.requests(9).values()).containsExactly(3, 3, 3);

    say(null, "deleted");
    assertThat(balancer.policy()).isEqualTo(BUILDERS);
    assertThat(origin()).isEqualTo("builder (deleted)");
    assertThat(balancer.stats().begun()).isEqualTo(before + 9);
  }

  @Test
  void code_goes_before_a_source_until_it_withdraws() {
    say(OUTSIDE, "policy a");
    balancer.apply(CODE);
    assertThat(balancer.policy()).isEqualTo(CODE);
    assertThat(origin()).isEqualTo("apply (over policy a)");

    LoadBalancingPolicy later = LoadBalancingPolicy.of(Strategies.weightedRoundRobin());
    say(later, "policy b");
    assertThat(balancer.policy()).isEqualTo(CODE);
    assertThat(origin()).isEqualTo("apply (over policy b)");

    balancer.withdraw();
    assertThat(balancer.policy()).isEqualTo(later);
    assertThat(origin()).isEqualTo("policy b");
  }

  @Test
  void withdrawing_without_a_source_gives_the_builders_policy_back() {
    Fixture alone = new Fixture(Fixture.eps(2), b -> b.policy(BUILDERS));
    alone.balancer.withdraw();
    alone.balancer.apply(CODE);
    alone.settle();
    alone.balancer.withdraw();
    assertThat(alone.balancer.policy()).isEqualTo(BUILDERS);
    assertThat(alone.balancer.explain().policySource()).isEqualTo("builder");

    alone.balancer.close();
    assertThatThrownBy(alone.balancer::withdraw).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void what_is_said_of_the_same_policy_replaces_nothing() {
    say(OUTSIDE, "policy a");
    long rebuilds = balancer.stats().rebuilds();
    source.say(LoadBalancingPolicy.of(Strategies.roundRobin()), "policy a (stale)", "out of reach");
    fixture.settle();
    assertThat(balancer.stats().rebuilds()).isEqualTo(rebuilds);
    assertThat(origin()).isEqualTo("policy a (stale)");
    assertThat(balancer.explain().problem()).isEqualTo("out of reach");
  }

  @Test
  void a_sources_policy_that_throws_is_refused_and_its_last_good_one_stays() {
    say(OUTSIDE, "policy a");
    say(LoadBalancingPolicy.of(BROKEN), "policy a, edited");
    assertThat(balancer.policy()).isEqualTo(OUTSIDE);
    assertThat(origin()).isEqualTo("policy a");
    assertThat(balancer.explain().problem()).contains("refused").contains("broken");
    assertThat(fixture.requests(9).values()).containsExactly(3, 3, 3);

    say(null, "deleted");
    assertThat(balancer.policy()).isEqualTo(BUILDERS);
    assertThat(balancer.explain().problem()).isNull();
  }

  @Test
  void a_refused_policy_of_code_leaves_the_word_to_the_source() {
    balancer.apply(LoadBalancingPolicy.of(BROKEN));
    assertThat(balancer.explain().problem()).contains("refused");

    say(OUTSIDE, "policy a");
    assertThat(balancer.policy()).isEqualTo(OUTSIDE);
    assertThat(balancer.explain().problem()).isNull();
  }

  @Test
  void what_a_source_says_while_a_bad_policy_is_taken_up_is_not_lost() {
    fixture.request();
    balancer.apply(CODE); // begins the pause
    source.say(OUTSIDE, "policy a", null); // held back by it
    balancer.apply(LoadBalancingPolicy.of(BROKEN));
    assertThat(balancer.policy()).isEqualTo(CODE); // the last good one of code
    fixture.settle();
    assertThat(balancer.policy()).isEqualTo(CODE);
    balancer.withdraw();
    fixture.settle();
    assertThat(balancer.policy()).isEqualTo(OUTSIDE);
  }

  @Test
  void a_refusal_shows_while_the_builders_policy_stands_in() {
    balancer.apply(CODE);
    source.say(LoadBalancingPolicy.of(BROKEN), "policy a", null);
    fixture.settle();
    assertThat(balancer.explain().problem()).isNull(); // nobody has tried it

    balancer.withdraw();
    fixture.settle();
    fixture.settle();
    assertThat(balancer.policy()).isEqualTo(BUILDERS);
    assertThat(balancer.explain().problem()).contains("refused").contains("broken");
  }

  @Test
  void closing_the_balancer_closes_the_watch_of_the_source() {
    balancer.close();
    assertThat(source.listeners).isEmpty();
  }

  @Test
  void a_discovery_that_fails_at_once_leaves_no_watch_of_the_source() {
    Discovery failing =
        listener -> {
          throw new IllegalStateException("no namespace");
        };
    Source other = new Source();
    assertThatThrownBy(() -> Balancer.builder(failing).policies(other).build())
        .hasMessage("no namespace");
    assertThat(other.listeners).isEmpty();
  }
}
