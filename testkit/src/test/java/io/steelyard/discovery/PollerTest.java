package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class PollerTest {
  private static final Duration EVERY = Duration.ofSeconds(30);

  private final VirtualPlatform platform = new VirtualPlatform();
  private final Heard heard = new Heard();
  private final AtomicInteger asked = new AtomicInteger();

  private Poller poller(Poller.Source source, Platform platform) {
    return new Poller("test", source, EVERY, platform, heard);
  }

  private Poller.Look next() {
    return new Poller.Look(Topology.of(Endpoint.of("h", asked.incrementAndGet())), EVERY);
  }

  @Test
  void a_source_that_throws_is_told_of_and_asked_again() {
    AtomicBoolean broken = new AtomicBoolean(true);
    Poller poller =
        poller(
            () -> {
              if (broken.get()) {
                throw new IllegalStateException("bug");
              }
              return next();
            },
            platform);
    poller.start();
    assertThat(heard.failures).hasSize(1);
    broken.set(false);
    platform.advance(EVERY);
    assertThat(heard.ids()).containsExactly("h:1");
    poller.close();
  }

  @Test
  void refreshes_during_a_question_are_one_question_a_second_after_it() {
    Poller[] poller = new Poller[1];
    poller[0] =
        poller(
            () -> {
              if (asked.get() == 0) {
                poller[0].refresh();
                poller[0].refresh();
              }
              return next();
            },
            platform);
    poller[0].start();
    assertThat(asked).hasValue(1);
    assertThat(platform.scheduled()).isEqualTo(1);
    platform.advance(Poller.GAP);
    assertThat(asked).hasValue(2);
    assertThat(platform.untilNext()).isEqualTo(EVERY);
    poller[0].close();
  }

  /** A pool that was shut down or is full refuses; where no thread can be had the JVM throws. */
  @Test
  void an_executor_that_refuses_is_tried_again() {
    for (Throwable refusal :
        new Throwable[] {
          new RejectedExecutionException(), new Error("unable to create native thread")
        }) {
      asked.set(0);
      MoodyPlatform moody = new MoodyPlatform(platform);
      moody.refusal = refusal;
      Poller poller = poller(this::next, moody);
      poller.start();
      assertThat(asked).hasValue(0);
      moody.refusal = null;
      platform.advance(EVERY);
      assertThat(asked).hasValue(1);
      moody.refusal = refusal;
      platform.advance(EVERY); // on the timer's thread
      assertThat(asked).hasValue(1);
      moody.refusal = null;
      platform.advance(EVERY);
      assertThat(asked).hasValue(2);
      poller.close();
    }
  }

  @Test
  void a_question_that_waits_for_a_worker_is_not_asked_after_close() {
    MoodyPlatform moody = new MoodyPlatform(platform);
    moody.later = new ArrayDeque<>();
    Poller poller = poller(this::next, moody);
    poller.start();
    poller.close();
    moody.runLater();
    assertThat(asked).hasValue(0);
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void questions_are_asked_by_workers_one_at_a_time_and_not_after_close() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    AtomicInteger together = new AtomicInteger();
    List<String> threads = new CopyOnWriteArrayList<>();
    Semaphore go = new Semaphore(0);
    Poller poller =
        new Poller(
            "test",
            () -> {
              together.accumulateAndGet(inside.incrementAndGet(), Math::max);
              threads.add(Thread.currentThread().getName());
              go.acquireUninterruptibly();
              inside.decrementAndGet();
              Topology topology = Topology.of(Endpoint.of("h", asked.incrementAndGet()));
              return new Poller.Look(topology, Duration.ofMillis(1));
            },
            EVERY,
            Platform.system(),
            heard);
    poller.start();
    go.release(20);
    await().until(() -> asked.get() == 20);
    for (int i = 0; i < 10; i++) {
      poller.refresh();
    }
    poller.close();
    int told = heard.topologies.size();
    go.release(1); // for the one that was under way
    await().until(() -> inside.get() == 0);
    poller.refresh();
    poller.close();
    assertThat(heard.topologies).hasSize(told);
    assertThat(together).hasValue(1);
    assertThat(threads).isNotEmpty().allMatch(name -> name.startsWith("steelyard-worker"));
  }
}
