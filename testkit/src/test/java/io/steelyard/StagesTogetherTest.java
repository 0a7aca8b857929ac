package io.steelyard;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.Seeds;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Stages in any order and any number, over lists that change, while requests fail. */
class StagesTogetherTest {
  private static final String[] ZONES = {"x", "y", "z", null};

  private static Stage stage(Random random) {
    Stage stage =
        switch (random.nextInt(7)) {
          case 0 -> Stages.ejection();
          case 1 -> Stages.ejection(1, Duration.ofMillis(300), Duration.ofSeconds(2));
          case 2 ->
              Stages.outliers(
                  2, Duration.ofSeconds(1), Duration.ofSeconds(2), Duration.ofSeconds(9));
          case 3 -> Stages.slowStart(Duration.ofSeconds(5), random.nextBoolean() ? 1 : 3);
          case 4 ->
              random.nextBoolean() ? Stages.zone("x") : Stages.zone("x", Map.of("x", 1, "y", 5));
          case 5 -> random.nextBoolean() ? Stages.subset(3, "me") : Stages.subsetAmong(7, "me");
          default -> Stages.maxInFlight(1 + random.nextInt(3));
        };
    return random.nextInt(3) == 0 ? stage.panicBelow(0.5) : stage;
  }

  private static LoadBalancingPolicy policy(Random random) {
    Stage[] stages = new Stage[random.nextInt(6)];
    for (int i = 0; i < stages.length; i++) {
      stages[i] = stage(random);
    }
    return LoadBalancingPolicy.of(
        random.nextBoolean() ? Strategies.roundRobin() : Strategies.adaptive(), stages);
  }

  private static Endpoint[] list(Random random) {
    List<Endpoint> list = new ArrayList<>();
    int most = random.nextInt(4) == 0 ? 2 : 24;
    for (int i = 0; i < most; i++) {
      if (random.nextInt(4) > 0) {
        list.add(
            Endpoint.builder("e" + i)
                .host("h")
                .port(1 + i)
                .weight(random.nextInt(5) == 0 ? 0 : 1 + random.nextInt(3))
                .zone(ZONES[i % 4])
                .draining(random.nextInt(8) == 0)
                .build());
      }
    }
    return list.toArray(Endpoint[]::new);
  }

  /** What becomes of one history, on a clock that starts there. */
  private static List<String> history(long seed, long startNanos) {
    Random random = new Random(seed);
    VirtualPlatform platform =
        new VirtualPlatform(startNanos, Instant.EPOCH).random(ScriptedRandom.seeded(seed));
    ManualDiscovery discovery = new ManualDiscovery(list(random));
    List<String> history = new ArrayList<>();
    LoadBalancingPolicy first = policy(random);
    try (Balancer balancer =
        Balancer.builder(discovery)
            .name("test")
            .platform(platform)
            .strategy(first.strategy())
            .stages(first.stages().toArray(Stage[]::new))
            .build()) {
      for (int step = 0; step < 120; step++) {
        switch (random.nextInt(12)) {
          case 0 -> discovery.publish(list(random));
          case 1 -> balancer.apply(policy(random));
          case 2 -> platform.advance(Duration.ofMillis(random.nextInt(20_000)));
          case 3 -> platform.advance(Duration.ofMillis(random.nextInt(1_000)));
          default -> {
            Outcome[] outcomes = Outcome.values();
            int bad = random.nextInt(30);
            for (int i = random.nextInt(200); i > 0; i--) {
              Attempt attempt = balancer.tryBegin(PickContext.none());
              if (attempt != null) {
                boolean fails = (attempt.endpoint().port() == bad) || random.nextInt(10) == 0;
                attempt.end(fails ? outcomes[random.nextInt(outcomes.length)] : Outcome.SUCCESS);
              }
            }
          }
        }
        platform.advance(Duration.ofMillis(10));
        String problem = balancer.explain().problem();
        history.add(balancer.candidates() + " " + balancer.stats() + " " + problem);
        assertThat(problem).as("%s", balancer).isNull();
      }
      // Who is asked only for what succeeds has nothing against anybody after a while.
      long before = balancer.stats().rebuilds();
      Endpoint[] all = list(new Random(seed));
      discovery.publish(all);
      for (int i = 0; i < 4000; i++) {
        platform.advance(Duration.ofMillis(50));
        Attempt attempt = balancer.tryBegin(PickContext.none());
        if (attempt != null) {
          attempt.end(Outcome.SUCCESS);
        }
      }
      history.add(balancer.candidates().toString());
      for (int i = 0; i < balancer.candidates().size(); i++) {
        String reason = String.valueOf(balancer.candidates().reason(i));
        assertThat(reason)
            .as("%s: %s", balancer, balancer.candidates())
            .doesNotContain("ejected", "outlier", "probed");
      }
      assertThat(balancer.stats().rebuilds() - before).as("%s", balancer).isLessThan(2000);
    }
    assertThat(platform.scheduled()).isZero();
    return history;
  }

  @Test
  void no_stage_throws_and_none_minds_where_the_clock_stands() {
    Seeds.forEach(
        40,
        seed ->
            assertThat(history(seed, Long.MAX_VALUE - 20_000_000_000L))
                .isEqualTo(history(seed, 0)));
  }
}
