package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.testing.Recorder;
import io.steelyard.testkit.ForwardingPlatform;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What listeners are told, and when. */
class ServiceWatchTest {
  // The clock is about to wrap, as nanoTime may be.
  private final VirtualPlatform platform =
      new VirtualPlatform(Long.MAX_VALUE - 5_000_000_000L, Instant.EPOCH).random(() -> 1L << 62);
  private final FakeSource<Slice> api = new FakeSource<>();
  private final Recorder recorder = new Recorder();

  private ServiceWatch watch(String port) {
    return watch(port, platform);
  }

  private ServiceWatch watch(String port, Platform platform) {
    return ServiceWatch.over(
        api,
        api.io,
        new ServiceWatch.Settings(
            "kubernetes shop/cart:" + port,
            "shop",
            "cart",
            new SliceUnion.Settings(PortChoice.named(port), false, false),
            "steelyard.io/weight",
            null,
            Duration.ofMillis(100),
            Duration.ZERO,
            List.of(),
            Reflector.Settings.DEFAULT),
        platform);
  }

  private AutoCloseable start(Discovery.Listener... listeners) {
    ServiceWatch watch = watch("http");
    AutoCloseable last = null;
    for (Discovery.Listener listener : listeners) {
      last = watch.add(listener);
    }
    watch.start();
    return last;
  }

  private static Slice slice(String name, String portName, String... addresses) {
    List<Slice.Entry> entries =
        List.of(addresses).stream()
            .map(
                a ->
                    new Slice.Entry(
                        a, true, true, false, null, null, null, null, List.of(), List.of()))
            .toList();
    return new Slice(
        name,
        "IPv4",
        List.of(new Slice.Port(portName, 80, "TCP", null)),
        entries,
        null,
        Long.MIN_VALUE);
  }

  @Test
  void the_first_change_is_published_at_once_and_those_that_follow_together() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    start(recorder);
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "http", "10.0.0.2"));
    assertThat(recorder.addresses()).containsExactly("10.0.0.2:80");
    for (int i = 3; i < 50; i++) {
      platform.advance(Duration.ofMillis(2));
      api.put("a", slice("a", "http", "10.0.0." + i));
    }
    assertThat(recorder.topologies()).hasSize(2);
    platform.advance(Duration.ofMillis(100));
    assertThat(recorder.topologies()).hasSize(3);
    assertThat(recorder.addresses()).containsExactly("10.0.0.49:80");
  }

  @Test
  void flapping_a_hundred_times_a_second_is_at_most_ten_topologies_a_second_and_the_last_wins() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    start(recorder);
    for (int i = 0; i < 1_001; i++) {
      platform.advance(Duration.ofMillis(10));
      api.put("a", i % 2 == 0 ? slice("a", "http") : slice("a", "http", "10.0.0.1"));
    }
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.topologies()).hasSizeLessThanOrEqualTo(102);
    assertThat(recorder.addresses()).isEmpty();
    assertThat(recorder.state()).isEqualTo(State.LIVE);
  }

  @Test
  void a_move_between_slices_is_never_seen() {
    api.objects.put("a", slice("a", "http", "10.0.0.1", "10.0.0.2"));
    start(recorder);
    platform.advance(Duration.ofSeconds(1));
    api.put("b", slice("b", "http", "10.0.0.2"));
    api.put("a", slice("a", "http", "10.0.0.1"));
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.topologies()).hasSize(1);
  }

  @Test
  void an_unknown_service_is_absent_and_a_deleted_one_too() {
    start(recorder);
    assertThat(recorder.state()).isEqualTo(State.ABSENT);
    assertThat(recorder.last().detail())
        .isEqualTo(
            "no EndpointSlice in namespace shop has the label kubernetes.io/service-name=cart");
    api.put("a", slice("a", "http", "10.0.0.1"));
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    api.remove("a");
    platform.advance(Duration.ofMillis(100)); // a slice may be made anew under another name
    assertThat(recorder.state()).isEqualTo(State.ABSENT);
    assertThat(recorder.addresses()).isEmpty();
  }

  @Test
  void a_port_that_was_renamed_keeps_the_last_good_list_and_names_those_there_are() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    start(recorder);
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "web", "10.0.0.2"));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
    assertThat(recorder.last().detail())
        .isEqualTo("port: http (expected: one of web=80, as the pods have them)");
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "http", "10.0.0.2"));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.2:80");
  }

  @Test
  void a_port_that_never_was_is_still_syncing_and_names_those_there_are() {
    api.objects.put("a", slice("a", "web", "10.0.0.1"));
    start(recorder);
    assertThat(recorder.state()).isEqualTo(State.SYNCING);
    assertThat(recorder.last().detail()).contains("web=80");
  }

  @Test
  void a_state_is_announced_with_the_same_endpoints() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    start(recorder);
    Topology live = recorder.last();
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.last().endpoints()).isEqualTo(live.endpoints());
    assertThat(recorder.last().detail()).contains("Connection refused");
  }

  @Test
  void a_listener_that_throws_is_told_the_next_and_disturbs_nobody() {
    int[] calls = {0};
    Discovery.Listener rude =
        new Discovery.Listener() {
          @Override
          public void update(Topology topology) {
            calls[0]++;
            throw new IllegalStateException("rude");
          }

          @Override
          public void failed(Throwable cause) {}
        };
    start(rude, recorder);
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "http", "10.0.0.1"));
    assertThat(calls[0]).isEqualTo(2);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
  }

  @Test
  void a_listener_may_close_its_watch_from_within() throws Exception {
    ServiceWatch watch = watch("http");
    AutoCloseable[] handle = {null};
    int[] calls = {0};
    handle[0] =
        watch.add(
            new Discovery.Listener() {
              @Override
              public void update(Topology topology) {
                calls[0]++;
                try {
                  handle[0].close();
                } catch (Exception e) {
                  throw new AssertionError(e);
                }
              }

              @Override
              public void failed(Throwable cause) {}
            });
    watch.start();
    assertThat(calls[0]).isEqualTo(1);
    assertThat(api.open).isZero();
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void a_later_listener_is_told_what_is_known() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    ServiceWatch watch = watch("http");
    watch.add(new Recorder());
    watch.start();
    watch.add(recorder);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
  }

  @Test
  void after_the_last_close_all_is_over() throws Exception {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    ServiceWatch watch = watch("http");
    AutoCloseable first = watch.add(new Recorder());
    AutoCloseable second = watch.add(recorder);
    watch.start();
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "http", "10.0.0.2"));
    api.put("a", slice("a", "http", "10.0.0.3")); // waits for the pace
    first.close();
    first.close();
    assertThat(api.open).isEqualTo(1);
    second.close();
    assertThat(api.open).isZero();
    assertThat(api.io.shutdown).isTrue();
    assertThat(platform.scheduled()).isZero();
    assertThat(recorder.addresses()).containsExactly("10.0.0.2:80");
    assertThat(watch.snapshot().topology().state()).isEqualTo(State.CLOSED);
    assertThat(watch.add(recorder)).isNull();
  }

  /** The virtual platform, whose workers can be used up. */
  private final class FewWorkers extends ForwardingPlatform {
    boolean none;

    FewWorkers() {
      super(platform);
    }

    @Override
    public Executor executor() {
      return task -> {
        if (none) {
          throw new RejectedExecutionException("no worker");
        }
        platform.executor().execute(task);
      };
    }
  }

  @Test
  void a_later_listener_knows_what_is_known_when_it_has_been_added() {
    FewWorkers few = new FewWorkers();
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    ServiceWatch watch = watch("http", few);
    watch.add(new Recorder());
    watch.start();
    few.none = true;
    watch.add(recorder);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
  }

  @Test
  void a_lack_of_workers_loses_no_topology() throws Exception {
    FewWorkers few = new FewWorkers();
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    ServiceWatch watch = watch("http", few);
    AutoCloseable handle = watch.add(recorder);
    watch.start();
    platform.advance(Duration.ofSeconds(1));
    few.none = true;
    api.put("a", slice("a", "http", "10.0.0.2")); // published, but cannot be handed over
    api.put("a", slice("a", "http", "10.0.0.3")); // waits for the pace, and for a worker
    platform.advance(Duration.ofSeconds(3));
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
    few.none = false;
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.addresses()).containsExactly("10.0.0.3:80");
    few.none = true;
    api.put("a", slice("a", "http", "10.0.0.4"));
    handle.close();
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void a_close_waits_for_the_call_under_way_although_its_thread_was_interrupted() throws Exception {
    CountDownLatch called = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    AtomicBoolean over = new AtomicBoolean();
    Latest<String> latest =
        new Latest<>(
            Platform.system(),
            "test",
            value -> {
              called.countDown();
              awaitQuietly(released);
              over.set(true);
            });
    latest.offer("x");
    called.await();
    Thread closer =
        new Thread(
            () -> {
              Thread.currentThread().interrupt();
              latest.close();
              if (!over.get() || !Thread.currentThread().isInterrupted()) {
                over.set(false);
              }
            });
    closer.start();
    while (closer.getState() != Thread.State.TIMED_WAITING) {
      Thread.onSpinWait();
    }
    released.countDown();
    closer.join();
    assertThat(over).isTrue();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void what_is_known_already_is_not_worked_out_again_for_a_change_of_state() {
    api.objects.put("a", slice("a", "http", "10.0.0.1"));
    start(recorder);
    Topology live = recorder.last();
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.last().endpoints()).isSameAs(live.endpoints());
  }

  @Test
  void what_is_known_of_the_service_stays_while_it_is_empty_or_away() {
    Map<String, String> labels = Map.of("app", "cart");
    Slice full =
        new Slice(
            "a",
            "IPv4",
            List.of(new Slice.Port("http", 80, "TCP", null)),
            List.of(),
            null,
            Long.MIN_VALUE,
            labels);
    api.objects.put("a", full);
    ServiceWatch watch = watch("http");
    watch.add(recorder);
    watch.start();
    ServiceFacts known = new ServiceFacts("shop", "cart", labels, Set.of("http", "80"));
    assertThat(watch.facts()).isEqualTo(known);

    platform.advance(Duration.ofSeconds(1));
    api.put("a", new Slice("a", "IPv4", List.of(), List.of(), null, Long.MIN_VALUE, labels));
    platform.advance(Duration.ofSeconds(1));
    assertThat(watch.facts()).isEqualTo(known); // no pods: such a slice lists no ports
    api.remove("a");
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.state()).isEqualTo(State.ABSENT);
    assertThat(watch.facts()).isEqualTo(known);

    api.put("b", new Slice("b", "IPv4", List.of(), List.of(), null, Long.MIN_VALUE, Map.of()));
    platform.advance(Duration.ofSeconds(1));
    assertThat(watch.facts().labels()).isEmpty();
  }
}
