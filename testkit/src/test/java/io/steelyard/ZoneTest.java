package io.steelyard;

import static io.steelyard.Fixture.ep;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.Seeds;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ZoneTest {
  /** So many endpoints in the zones a, b and so on; each is named after its zone, as a0. */
  private static Endpoint[] zones(int... sizes) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int z = 0; z < sizes.length; z++) {
      String zone = String.valueOf((char) ('a' + z));
      for (int i = 0; i < sizes[z]; i++) {
        endpoints.add(ep(zone + i).toBuilder().zone(zone).build());
      }
    }
    return endpoints.toArray(Endpoint[]::new);
  }

  private static Fixture with(Endpoint[] endpoints, Stage... stages) {
    return new Fixture(endpoints, b -> b.stages(stages).strategy(Strategies.random()));
  }

  /** The part of the weight that each zone has. */
  private static Map<String, Double> shares(Fixture fixture) {
    Map<String, Double> shares = new TreeMap<>();
    Candidates candidates = fixture.balancer.candidates();
    double sum = 0;
    for (int i = 0; i < candidates.size(); i++) {
      sum += candidates.weight(i);
    }
    for (int i = 0; i < candidates.size(); i++) {
      String zone = String.valueOf(candidates.endpoint(i).zone());
      shares.merge(zone, candidates.weight(i) / sum, Double::sum);
    }
    return shares;
  }

  private static String note(Fixture fixture) {
    return String.valueOf(
        fixture
            .balancer
            .explain()
            .layers()
            .get(fixture.balancer.policy().stages().size() - 1)
            .note());
  }

  private static void assertShares(Fixture fixture, double... expected) {
    Map<String, Double> shares = shares(fixture);
    for (int z = 0; z < expected.length; z++) {
      assertThat(shares.get(String.valueOf((char) ('a' + z))))
          .as("zone %c of %s", 'a' + z, shares)
          .isCloseTo(expected[z], within(1e-9));
    }
  }

  // ---- the law ----

  /** Envoy's example: clients 40, 40, 20, endpoints 25, 50, 25. */
  @Test
  void of_a_zone_with_too_few_endpoints_what_it_can_carry_stays() {
    Map<String, Integer> clients = Map.of("a", 40, "b", 40, "c", 20);
    Endpoint[] endpoints = zones(5, 10, 5);
    assertShares(with(endpoints, Stages.zone("a", clients)), 0.625, 0.25, 0.125);
    assertShares(with(endpoints, Stages.zone("b", clients)), 0, 1, 0);
    assertShares(with(endpoints, Stages.zone("c", clients)), 0, 0, 1);
  }

  /** Of 20,000 requests, five standard deviations of √(N·p·(1−p)). */
  @Test
  void requests_go_so() {
    Fixture fixture = with(zones(5, 10, 5), Stages.zone("a", Map.of("a", 40, "b", 40, "c", 20)));
    Map<Character, Integer> counts = new TreeMap<>();
    fixture.requests(20_000).forEach((id, n) -> counts.merge(id.charAt(0), n, Integer::sum));
    assertThat(counts.get('a')).isBetween(12_500 - 342, 12_500 + 342);
    assertThat(counts.get('b')).isBetween(5_000 - 306, 5_000 + 306);
    assertThat(counts.get('c')).isBetween(2_500 - 234, 2_500 + 234);
  }

  /** If all clients do so, whatever the zones' sizes, all endpoints get the same. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void together_clients_load_all_endpoints_alike(boolean saysWhereClientsAre) {
    Seeds.forEach(
        50,
        seed -> {
          SplittableRandom random = new SplittableRandom(seed);
          int[] sizes = random.ints(2 + random.nextInt(5), 2, 12).toArray();
          Endpoint[] endpoints = zones(sizes);
          Map<String, Integer> clients = new TreeMap<>();
          for (int z = 0; z < sizes.length; z++) {
            clients.put(
                String.valueOf((char) ('a' + z)), saysWhereClientsAre ? 1 + random.nextInt(9) : 1);
          }
          double all = clients.values().stream().mapToInt(n -> n).sum();
          Map<String, Double> load = new TreeMap<>();
          clients.forEach(
              (zone, number) -> {
                Stage stage = saysWhereClientsAre ? Stages.zone(zone, clients) : Stages.zone(zone);
                Candidates candidates = with(endpoints, stage).balancer.candidates();
                double sum = 0;
                for (int i = 0; i < candidates.size(); i++) {
                  sum += candidates.weight(i);
                }
                for (int i = 0; i < candidates.size(); i++) {
                  double part = candidates.weight(i) / sum * number / all;
                  load.merge(candidates.endpoint(i).id(), part, Double::sum);
                }
              });
          assertThat(load.values())
              .allSatisfy(part -> assertThat(part).isCloseTo(1.0 / endpoints.length, within(1e-9)));
        });
  }

  @Test
  void where_endpoints_are_spread_evenly_nothing_leaves_the_zone() {
    Fixture fixture = with(zones(3, 3, 3), Stages.zone("b"));
    assertShares(fixture, 0, 1, 0);
    assertThat(fixture.reason("a0")).isEqualTo("not in zone b");
    assertThat(note(fixture)).isEqualTo("null");
  }

  /** Ten of thirty are here, five of them out: 5/25 of what can carry a third of the clients. */
  @Test
  void what_is_ejected_here_is_carried_elsewhere() {
    Fixture fixture = with(zones(10, 10, 10), Stages.ejection(), Stages.zone("a"));
    for (int i = 0; i < 5; i++) {
      fixture.on("a" + i, Outcome.FAILURE, 5);
      fixture.settle();
    }
    assertShares(fixture, 0.6, 0.2, 0.2);
    assertThat(note(fixture)).isEqualTo("60 % stay in zone a");
  }

  @Test
  void weights_count_and_not_heads() {
    Endpoint[] endpoints = zones(2, 2);
    endpoints[0] = endpoints[0].withWeight(3);
    endpoints[1] = endpoints[1].withWeight(3);
    assertShares(with(endpoints, Stages.zone("a")), 1, 0);
    // A quarter of the weight for half of the clients: half stays.
    assertShares(with(endpoints, Stages.zone("b")), 0.5, 0.5);
  }

  @Test
  void endpoints_without_a_zone_are_in_one_where_nobody_lives() {
    Endpoint[] endpoints = zones(2, 2, 4);
    for (int i = 4; i < 8; i++) {
      endpoints[i] = ep("x" + i);
    }
    // A quarter of the endpoints for half of the clients, and the same in b: all that is over goes
    // to the others.
    Fixture fixture = with(endpoints, Stages.zone("a"));
    assertThat(shares(fixture)).containsEntry("a", 0.5).containsEntry("b", 0.0);
    assertThat(shares(fixture).get("null")).isCloseTo(0.5, within(1e-9));
  }

  // ---- standing aside ----

  @Test
  void with_fewer_than_two_in_the_zone_it_stands_aside_and_says_so() {
    for (Endpoint[] endpoints : List.of(zones(0, 4), zones(1, 4))) {
      Fixture fixture = with(endpoints, Stages.zone("a"));
      assertThat(fixture.balancer.candidates().usable()).isEqualTo(endpoints.length);
      assertThat(note(fixture))
          .isEqualTo("stands aside: " + (endpoints.length - 4) + " usable in zone a");
    }
  }

  @Test
  void one_that_is_out_or_on_probation_is_not_counted() {
    Fixture fixture = with(zones(2, 2), Stages.ejection(), Stages.zone("a"));
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(2);
    fixture.on("a0", Outcome.FAILURE, 5);
    fixture.settle();
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(3);
    fixture.platform.advance(Duration.ofSeconds(5));
    fixture.settle();
    assertThat(fixture.balancer.candidates().probing(0)).isTrue();
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(4);
    fixture.on("a0", Outcome.SUCCESS, 1);
    fixture.platform.advance(Duration.ofSeconds(6));
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(2);
  }

  @Test
  void in_a_pool_of_one_zone_it_does_nothing() {
    Fixture fixture = with(zones(3), Stages.zone("a"));
    assertThat(fixture.balancer.candidates().usable()).isEqualTo(3);
    assertThat(fixture.weight("a0")).isEqualTo(1);
  }

  @Test
  void nobody_is_woken_for_it() {
    Fixture fixture = with(zones(2, 3), Stages.zone("a"));
    long rebuilds = fixture.balancer.stats().rebuilds();
    fixture.platform.advance(Duration.ofHours(1));
    assertThat(fixture.balancer.stats().rebuilds()).isEqualTo(rebuilds);
  }

  // ---- values ----

  @Test
  void parameters_are_checked_and_equal_ones_are_equal() {
    assertRefused(() -> Stages.zone(" "), "zone: \" \"", "not blank");
    assertRefused(() -> Stages.zone("a", Map.of()), "clients: {}", "own zone a");
    assertRefused(() -> Stages.zone("a", Map.of("b", 1)), "clients in a: 0", ">= 1");
    assertRefused(() -> Stages.zone("a", Map.of("a", 1, "b", -1)), "clients in b: -1", ">= 0");
    assertThat(Stages.zone("a", Map.of("a", 1, "b", 2)))
        .isEqualTo(Stages.zone("a", Map.of("b", 2, "a", 1)))
        .hasToString("zone(a, {a=1, b=2})");
    assertThat(Stages.zone("a")).hasToString("zone(a)");
  }

  private static void assertRefused(Runnable call, String... fragments) {
    assertThatThrownBy(call::run)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(fragments);
  }
}
