package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PolicySource.Advice;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceFacts;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;

/** What needs no API server. */
class PolicyWatchTest {
  private final VirtualPlatform platform = new VirtualPlatform();
  private final ClientHolder nobody =
      ClientHolder.own(
          () -> {
            throw new IllegalStateException("no credentials");
          });

  @Test
  void one_that_closes_itself_when_it_is_told_keeps_the_news_from_nobody() {
    PolicyWatch watch =
        new PolicyWatch(
            nobody,
            new PolicyWatch.Settings("shop", false, false, Reflector.Settings.DEFAULT),
            platform);
    LoadBalancingPolicy policy = LoadBalancingPolicy.of(Strategies.random());
    AtomicReference<PolicyWatch.Governed> first = new AtomicReference<>();
    first.set(
        watch.add(
            policy,
            ServiceFacts.unknown("shop", "a"),
            advice -> {
              if (advice.problem() != null) {
                first.get().close();
              }
            }));
    List<Advice> told = new CopyOnWriteArrayList<>();
    try (PolicyWatch.Governed second =
        watch.add(policy, ServiceFacts.unknown("shop", "b"), told::add)) {
      watch.start();
      await()
          .atMost(Duration.ofSeconds(75))
          .untilAsserted(
              () -> assertThat(told).last().asString().contains("IllegalStateException"));
    }
  }

  @Test
  void a_report_that_failed_is_tried_again_with_the_next_news_and_none_is_left_behind() {
    ReentrantLock lock = new ReentrantLock();
    PolicyObjects objects = new PolicyObjects(nobody, "shop", false);
    StatusReports reports = new StatusReports(objects, platform, lock, new Calls(Runnable::run));
    Policy policy =
        new Policy(
            "shop", "cart", "uid", "2026-01-01T00:00:00Z", "", 1, null, null, "bad", false, 0);
    reports.consider(policy);
    reports.consider(policy);
    assertThat(platform.scheduled()).isEqualTo(1);
    platform.advance(Duration.ofSeconds(2)); // fails: there is no client
    reports.consider(policy);
    assertThat(platform.scheduled()).isEqualTo(1);
    reports.close();
    assertThat(platform.scheduled()).isZero();
  }
}
