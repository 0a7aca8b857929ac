package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Keys in a running balancer: what a caller sees of ejections, new lists, policies and time. */
class KeysInABalancerTest {
  private static final int KEYS = 500;

  private final VirtualPlatform platform =
      new VirtualPlatform().random(ScriptedRandom.seeded(2024));

  static Stream<Strategy> hashes() {
    return Stream.of(
        Strategies.ringHash(),
        Strategies.maglev(),
        Strategies.rendezvous(),
        Strategies.jumpHash(),
        Strategies.boundedLoad(Strategies.maglev(), 0.25));
  }

  private Balancer balancer(ManualDiscovery discovery, Strategy strategy, Stage... stages) {
    return Balancer.builder(discovery).platform(platform).strategy(strategy).stages(stages).build();
  }

  private static Endpoint[] endpoints(int n) {
    Endpoint[] endpoints = new Endpoint[n];
    for (int i = 0; i < n; i++) {
      endpoints[i] = Endpoint.of("10.0.0." + i, 80);
    }
    return endpoints;
  }

  private static List<Endpoint> homes(Balancer balancer) {
    List<Endpoint> homes = new ArrayList<>();
    for (int k = 0; k < KEYS; k++) {
      Attempt attempt = balancer.begin(PickContext.key("k" + k));
      attempt.success();
      homes.add(attempt.endpoint());
    }
    return homes;
  }

  @ParameterizedTest
  @MethodSource("hashes")
  void anEjectedEndpointsKeysLeaveAndComeBackOneAfterTheOther(Strategy hash) {
    Balancer balancer = balancer(new ManualDiscovery(endpoints(8)), hash, Stages.ejection());
    List<Endpoint> before = homes(balancer);
    Endpoint failing = before.get(0);
    for (int i = 0; i < 5; i++) {
      balancer.begin(PickContext.key("k0")).end(Outcome.UNREACHABLE);
    }
    platform.advance(Duration.ofMillis(50));
    List<Endpoint> during = homes(balancer);
    for (int k = 0; k < KEYS; k++) {
      if (before.get(k).equals(failing)) {
        assertThat(during.get(k)).isNotEqualTo(failing);
      } else {
        assertThat(during.get(k)).isEqualTo(before.get(k));
      }
    }
    platform.advance(Duration.ofSeconds(5)); // one probe, then a ramp over five seconds
    long back = 0;
    for (int step = 0; step < 12; step++) {
      List<Endpoint> now = homes(balancer);
      for (int k = 0; k < KEYS; k++) {
        assertThat(now.get(k)).isIn(before.get(k), during.get(k));
      }
      long home = now.stream().filter(failing::equals).count();
      assertThat(home).isGreaterThanOrEqualTo(step == 1 ? 0 : back); // all had probed, at first
      back = home;
      platform.advance(Duration.ofMillis(500));
    }
    assertThat(homes(balancer)).isEqualTo(before);
  }

  @ParameterizedTest
  @MethodSource("hashes")
  void aSecondTryGoesToTheSameOtherEndpointEveryTime(Strategy hash) {
    Balancer balancer = balancer(new ManualDiscovery(endpoints(8)), hash);
    for (int k = 0; k < 50; k++) {
      PickContext key = PickContext.key("k" + k);
      Endpoint home = Objects.requireNonNull(balancer.pick(key));
      PickContext again = key.avoiding(home);
      Endpoint second = Objects.requireNonNull(balancer.pick(again));
      assertThat(second).isNotEqualTo(home);
      assertThat(balancer.pick(again)).isEqualTo(second);
    }
  }

  @Test
  void sessionsOutliveListsAndPoliciesWithAnEqualStrategyAndEndWithAnother() {
    ManualDiscovery discovery = new ManualDiscovery(endpoints(5));
    Balancer balancer = balancer(discovery, sticky());
    List<Endpoint> homes = homes(balancer);
    discovery.publish(endpoints(9));
    platform.advance(Duration.ofMillis(50));
    assertThat(homes(balancer)).isEqualTo(homes);
    balancer.apply(LoadBalancingPolicy.of(sticky(), Stages.ejection()));
    platform.advance(Duration.ofMillis(50));
    assertThat(homes(balancer)).isEqualTo(homes);
    balancer.apply(LoadBalancingPolicy.of(Strategies.random()));
    platform.advance(Duration.ofMillis(50));
    balancer.apply(LoadBalancingPolicy.of(sticky()));
    platform.advance(Duration.ofMillis(50));
    assertThat(homes(balancer)).isNotEqualTo(homes);
    balancer.close();
  }

  @Test
  void sessionsEndByTheBalancersClock() {
    Balancer balancer = balancer(new ManualDiscovery(endpoints(9)), sticky());
    List<Endpoint> homes = homes(balancer);
    platform.advance(Duration.ofMinutes(9));
    assertThat(homes(balancer)).isEqualTo(homes);
    platform.advance(Duration.ofMinutes(9));
    assertThat(homes(balancer)).isEqualTo(homes);
    platform.advance(Duration.ofMinutes(10));
    assertThat(homes(balancer)).isNotEqualTo(homes);
  }

  private static Strategy sticky() {
    return Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(10), 10_000);
  }
}
