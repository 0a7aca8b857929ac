package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** On the real platform, with real threads. */
class BalancerThreadsTest {
  @Test
  void counts_are_exact_after_eight_threads_and_a_list_that_changes() throws Exception {
    for (Strategy strategy :
        List.of(
            Strategies.powerOfTwo(LoadMetric.peakEwma()),
            Strategies.weightedRoundRobin(),
            Strategies.leastConnections())) {
      hammer(strategy);
    }
  }

  private static void hammer(Strategy strategy) throws Exception {
    ManualDiscovery discovery = new ManualDiscovery(eps(10));
    int threads = 8;
    int each = 20_000;
    AtomicBoolean done = new AtomicBoolean();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    AtomicLong withoutEndpoint = new AtomicLong();
    try (Balancer balancer =
        Balancer.builder(discovery)
            .strategy(strategy)
            .stages(
                Stages.ejection(3, Duration.ofMillis(20), Duration.ofMillis(100)).panicBelow(0.5),
                Stages.maxInFlight(1_000))
            .build()) {
      CountDownLatch start = new CountDownLatch(1);
      List<Thread> clients = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Random random = new Random(t);
        Thread client =
            new Thread(
                () -> {
                  try {
                    start.await();
                    List<Attempt> open = new ArrayList<>();
                    for (int i = 0; i < each; i++) {
                      Attempt attempt = balancer.tryBegin(PickContext.none());
                      if (attempt == null) {
                        withoutEndpoint.incrementAndGet();
                        continue;
                      }
                      open.add(attempt);
                      if (open.size() > 5) {
                        Attempt ending = open.remove(random.nextInt(open.size()));
                        if (random.nextBoolean()) {
                          ending.responded();
                        }
                        ending.end(
                            random.nextInt(4) > 0
                                ? Outcome.SUCCESS
                                : Outcome.values()[random.nextInt(Outcome.values().length)]);
                        ending.cancel(); // a second verdict
                      }
                    }
                    open.forEach(Attempt::close);
                  } catch (Throwable e) {
                    failure.set(e);
                  }
                });
        clients.add(client);
        client.start();
      }
      Thread churn =
          new Thread(
              () -> {
                Random random = new Random(99);
                while (!done.get()) {
                  int n = 5 + random.nextInt(10);
                  Endpoint[] endpoints = eps(n);
                  endpoints[0] = ep("e0", 1 + random.nextInt(5));
                  discovery.publish(endpoints);
                  try {
                    Thread.sleep(1);
                  } catch (InterruptedException e) {
                    return;
                  }
                }
              });
      churn.start();
      start.countDown();
      for (Thread client : clients) {
        client.join();
      }
      done.set(true);
      churn.join();
      assertThat(failure.get()).isNull();
      BalancerStats stats = balancer.stats();
      assertThat(stats.inFlight()).as(strategy.toString()).isZero();
      assertThat(stats.begun() + withoutEndpoint.get()).isEqualTo((long) threads * each);
      assertThat(withoutEndpoint.get()).isEqualTo(stats.withoutEndpoint());
      assertThat(Fixture.ended(stats)).isEqualTo(stats.begun());
      assertThat(balancer.explain().problem()).isNull();
    }
  }

  @Test
  void await_first_lets_a_call_wait_for_the_first_list() throws Exception {
    ManualDiscovery discovery = new ManualDiscovery();
    try (Balancer balancer =
        Balancer.builder(discovery).awaitFirst(Duration.ofSeconds(30)).build()) {
      CompletableFuture<String> answer = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  answer.complete(
                      balancer.<String, Exception>call(
                          PickContext.none(), attempt -> attempt.endpoint().id()));
                } catch (Throwable e) {
                  answer.completeExceptionally(e);
                }
              });
      caller.start();
      await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
      assertThat(balancer.tryBegin(PickContext.none())).as("begin never waits").isNull();
      discovery.publish(eps(1));
      assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo("e0");
    }
  }

  @Test
  void a_call_that_waits_is_told_when_the_balancer_closes() throws Exception {
    Balancer balancer =
        Balancer.builder(new ManualDiscovery()).awaitFirst(Duration.ofHours(1)).build();
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                balancer.<String, Exception>call(PickContext.none(), attempt -> "x");
              } catch (Throwable e) {
                thrown.complete(e);
              }
            });
    caller.start();
    await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
    balancer.close();
    assertThat(thrown.get(20, TimeUnit.SECONDS))
        .isInstanceOfSatisfying(
            NoEndpointException.class,
            e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.CLOSED));
  }

  @Test
  void an_interrupted_call_stops_waiting_and_stays_interrupted() throws Exception {
    try (Balancer balancer =
        Balancer.builder(new ManualDiscovery()).awaitFirst(Duration.ofHours(1)).build()) {
      CompletableFuture<Boolean> interrupted = new CompletableFuture<>();
      Thread caller =
          new Thread(
              () -> {
                try {
                  balancer.<String, Exception>call(PickContext.none(), attempt -> "x");
                } catch (Exception e) {
                  interrupted.complete(
                      e instanceof NoEndpointException && Thread.currentThread().isInterrupted());
                }
              });
      caller.start();
      await().until(() -> caller.getState() == Thread.State.TIMED_WAITING);
      caller.interrupt();
      assertThat(interrupted.get(20, TimeUnit.SECONDS)).isTrue();
    }
  }
}
