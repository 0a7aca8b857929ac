package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.steelyard.testkit.ForwardingPlatform;
import io.steelyard.testkit.ManualDiscovery;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What closing leaves behind, on the real platform. */
class BalancerCloseTest {
  @Test
  void a_closed_one_says_so() {
    Balancer balancer = Balancer.of(eps(2));
    balancer.close();
    assertThat(balancer.explain().topology().state()).isEqualTo(Topology.State.CLOSED);
    assertThat(balancer.explain().toString()).contains("CLOSED, the balancer is closed");
    assertThat(balancer.candidates().size()).isZero();
  }

  @Test
  void memory_is_closed_after_an_evaluation_under_way_and_not_during_it() throws Exception {
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch leave = new CountDownLatch(1);
    AtomicInteger closed = new AtomicInteger();
    AtomicInteger closedDuring = new AtomicInteger();
    Stage slow =
        (candidates, context) -> {
          if (candidates.size() == 2) {
            context.memory(() -> (AutoCloseable) closed::incrementAndGet);
            entered.countDown();
            try {
              leave.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
            closedDuring.set(closed.get());
          } else {
            context.memory(() -> (AutoCloseable) closed::incrementAndGet);
          }
          return candidates;
        };
    ManualDiscovery discovery = new ManualDiscovery(eps(1));
    Balancer balancer = Balancer.builder(discovery).stages(slow).build();
    discovery.publish(eps(2));
    entered.await();
    balancer.close();
    // Long enough for another worker to close it, were it handed over at once.
    Thread.sleep(50);
    leave.countDown();
    await().until(() -> closed.get() == 1);
    assertThat(closedDuring).hasValue(0);
  }

  @Test
  void no_thread_of_ours_is_left_some_seconds_after_the_last_balancer_closed() {
    Balancer balancer =
        Balancer.builder(new ManualDiscovery(eps(3)))
            .stages(
                (candidates, context) -> {
                  context.reevaluateAfter(Duration.ofMillis(20));
                  return candidates;
                })
            .build();
    await().until(() -> balancer.stats().rebuilds() > 3);
    assertThat(ours()).isNotEmpty().allMatch(Thread::isDaemon);
    balancer.close();
    // They idle for five seconds first.
    await().atMost(Duration.ofSeconds(30)).until(() -> ours().isEmpty());
  }

  @Test
  void after_its_executor_was_shut_down_it_closes_all_the_same() {
    ExecutorService workers = Executors.newSingleThreadExecutor();
    AtomicInteger closed = new AtomicInteger();
    Balancer working =
        Balancer.builder(new ManualDiscovery(eps(1)))
            .stages(
                (candidates, context) -> {
                  context.memory(() -> (AutoCloseable) closed::incrementAndGet);
                  return candidates;
                })
            .platform(on(workers))
            .build();
    Balancer syncing =
        Balancer.builder(new ManualDiscovery())
            .awaitFirst(Duration.ofMinutes(1))
            .platform(on(workers))
            .build();
    CompletionStage<String> waiting =
        syncing.callAsync(PickContext.none(), attempt -> CompletableFuture.completedStage("x"));
    workers.shutdown();

    working.close();
    syncing.close();

    assertThat(closed).hasValue(1);
    assertThat(waiting.toCompletableFuture())
        .failsWithin(Duration.ofSeconds(10))
        .withThrowableThat()
        .withCauseInstanceOf(NoEndpointException.class)
        .withMessageContaining("closed");
  }

  /** The real world, with workers of the user's. */
  private static Platform on(Executor workers) {
    return new ForwardingPlatform(Platform.system()) {
      @Override
      public Executor executor() {
        return workers;
      }
    };
  }

  private static List<Thread> ours() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("steelyard-"))
        .toList();
  }
}
