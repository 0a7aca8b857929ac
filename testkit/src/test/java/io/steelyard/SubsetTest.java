package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SubsetTest {
  private static Fixture with(Endpoint[] endpoints, Stage... stages) {
    return new Fixture(endpoints, b -> b.stages(stages).strategy(Strategies.roundRobin()));
  }

  private static Set<String> members(Fixture fixture) {
    Candidates candidates = fixture.balancer.candidates();
    Set<String> ids = new HashSet<>();
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.weight(i) > 0) {
        ids.add(candidates.endpoint(i).id());
      }
    }
    return ids;
  }

  @Test
  void a_client_uses_so_many_endpoints_and_no_others() {
    Fixture fixture = with(eps(100), Stages.subset(10));
    assertThat(members(fixture)).hasSize(10);
    assertThat(fixture.requests(1_000)).hasSize(10);
    assertThat(fixture.balancer.explain().toString()).contains("not in this client's subset of 10");
  }

  @Test
  void a_list_that_is_no_longer_than_the_subset_is_used_whole() {
    assertThat(members(with(eps(10), Stages.subset(10)))).hasSize(10);
    assertThat(members(with(eps(3), Stages.subset(10)))).hasSize(3);
  }

  @Test
  void a_client_that_comes_back_under_its_id_has_the_same_subset_whatever_the_order_of_the_list() {
    List<Endpoint> backwards = new ArrayList<>(Arrays.asList(eps(100)));
    java.util.Collections.reverse(backwards);
    Set<String> first = members(with(eps(100), Stages.subset(10, "web-7")));
    assertThat(members(with(backwards.toArray(Endpoint[]::new), Stages.subset(10, "web-7"))))
        .isEqualTo(first);
    assertThat(members(with(eps(100), Stages.subset(10, "web-8")))).isNotEqualTo(first);
  }

  @Test
  void balancers_without_an_id_have_subsets_of_their_own_even_with_one_stage_object() {
    Stage stage = Stages.subset(10);
    Fixture one = new Fixture(1, eps(100), b -> b.stages(stage));
    Fixture other = new Fixture(2, eps(100), b -> b.stages(stage));
    assertThat(members(one)).isNotEqualTo(members(other));
    Set<String> before = members(one);
    one.balancer.apply(one.balancer.policy().strategy(Strategies.random()));
    one.settle();
    assertThat(members(one)).as("it stays while the stage stays").isEqualTo(before);
  }

  @Test
  void one_endpoint_that_joins_or_leaves_changes_one_member_at_most() {
    SplittableRandom random = new SplittableRandom(1);
    List<Endpoint> endpoints = new ArrayList<>(Arrays.asList(eps(50)));
    Fixture fixture = with(eps(50), Stages.subset(10, "web-1"));
    int changes = 0;
    for (int event = 0; event < 500; event++) {
      Set<String> before = members(fixture);
      if (random.nextBoolean() && endpoints.size() > 30) {
        endpoints.remove(random.nextInt(endpoints.size()));
      } else {
        endpoints.add(random.nextInt(endpoints.size()), ep("new" + event));
      }
      fixture.publish(endpoints.toArray(Endpoint[]::new));
      Set<String> joined = members(fixture);
      assertThat(joined).hasSize(10);
      joined.removeAll(before);
      assertThat(joined).hasSizeLessThanOrEqualTo(1);
      changes += joined.size();
    }
    // A member is concerned with probability of about 10/60: some 80 of 500.
    assertThat(changes).isBetween(40, 160);
  }

  @Test
  void the_next_in_the_clients_order_stands_in_for_a_member_that_is_ejected_until_it_is_back() {
    Fixture fixture = with(eps(100), Stages.ejection().panicBelow(0.5), Stages.subset(5, "web-1"));
    Set<String> before = members(fixture);
    String ill = before.iterator().next();
    fixture.on(ill, Outcome.FAILURE, 5);
    fixture.settle();
    Set<String> meanwhile = members(fixture);
    assertThat(meanwhile).hasSize(5).doesNotContain(ill);
    assertThat(meanwhile.stream().filter(before::contains)).hasSize(4);

    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    Set<String> probing = new HashSet<>(meanwhile);
    probing.add(ill);
    assertThat(members(fixture)).as("on probation it is no help yet").isEqualTo(probing);

    fixture.on(ill, Outcome.SUCCESS, 1);
    fixture.settle();
    assertThat(members(fixture)).isEqualTo(before);
  }

  /** Binomial: 1000 clients, each with probability 0.1: 100 with standard deviation 9.5. */
  @Test
  void clients_spread_over_all_endpoints() {
    Map<String, Integer> clientsOf = new HashMap<>();
    for (int client = 0; client < 1_000; client++) {
      members(with(eps(100), Stages.subset(10, "web-" + client)))
          .forEach(id -> clientsOf.merge(id, 1, Integer::sum));
    }
    assertThat(clientsOf).hasSize(100);
    assertThat(clientsOf.values()).allSatisfy(n -> assertThat(n).isBetween(100 - 48, 100 + 48));
  }

  @Test
  void ten_thousand_endpoints_work() {
    Fixture fixture = with(eps(10_000), Stages.subset(20, "web-1"));
    assertThat(fixture.requests(200)).hasSize(20);
  }

  /** Ten clients on each endpoint: 10 × 200 / 50; ten endpoints at least. */
  @Test
  void the_size_follows_from_the_number_of_clients() {
    assertThat(members(with(eps(200), Stages.subsetAmong(50)))).hasSize(40);
    assertThat(members(with(eps(201), Stages.subsetAmong(50)))).hasSize(41);
    assertThat(members(with(eps(200), Stages.subsetAmong(5_000)))).hasSize(10);
    assertThat(members(with(eps(200), Stages.subsetAmong(10)))).hasSize(200);
    assertThat(members(with(eps(4), Stages.subsetAmong(100)))).hasSize(4);
  }

  @Test
  void a_subset_that_grows_with_the_list_takes_one_more_at_most() {
    Fixture fixture = with(eps(100), Stages.subsetAmong(50, "web-1"));
    for (int n = 101; n < 140; n++) {
      Set<String> before = members(fixture);
      fixture.publish(eps(n));
      Set<String> joined = members(fixture);
      joined.removeAll(before);
      assertThat(joined).hasSizeLessThanOrEqualTo(1);
      before.removeAll(members(fixture));
      assertThat(before).hasSizeLessThanOrEqualTo(1);
    }
    assertThat(members(fixture)).hasSize(28);
  }
}
