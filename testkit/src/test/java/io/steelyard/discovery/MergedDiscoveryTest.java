package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.Seeds;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MergedDiscoveryTest {
  private static final Endpoint A = Endpoint.of("a", 1);
  private static final Endpoint B = Endpoint.of("b", 1);
  private static final Endpoint C = Endpoint.of("c", 1);

  private final ManualDiscovery first = new ManualDiscovery();
  private final ManualDiscovery second = new ManualDiscovery();
  private final Heard heard = new Heard();

  @Test
  void all_endpoints_the_first_ones_first_and_theirs_where_ids_are_the_same() {
    Discoveries.merged(first, second).watch(heard);
    first.publish(B, A.withWeight(5));
    second.publish(A, C);
    assertThat(heard.last()).isEqualTo(Topology.of(B, A.withWeight(5), C));
    first.publish(B);
    assertThat(heard.last()).isEqualTo(Topology.of(B, A, C));
  }

  @Test
  void a_part_that_has_nothing_yet_does_not_hold_up_the_others() {
    Discoveries.merged(first, second).watch(heard);
    assertThat(heard.topologies).isEmpty();
    second.publish(B);
    assertThat(heard.last().endpoints()).containsExactly(B);
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    assertThat(heard.last().detail()).isEqualTo("manual: SYNCING");
    first.publish(A);
    assertThat(heard.last()).isEqualTo(Topology.of(A, B));
  }

  @Test
  void what_parts_have_at_once_is_one_list() {
    Discoveries.merged(Discoveries.fixed(A), Discoveries.fixed(B), first).watch(heard);
    assertThat(heard.topologies).hasSize(1);
    assertThat(heard.last().endpoints()).containsExactly(A, B);
  }

  @Test
  void what_changes_nothing_is_not_told() {
    Discoveries.merged(first, second).watch(heard);
    first.publish(A);
    second.publish(A);
    int before = heard.topologies.size();
    second.publish(A.withWeight(9));
    assertThat(heard.topologies).hasSize(before);
  }

  @ParameterizedTest
  @CsvSource({
    "LIVE,           LIVE,          LIVE",
    "LIVE,           SYNCING,       LIVE",
    "LIVE,           ABSENT,        LIVE",
    "LIVE,           STALE,         STALE",
    "LIVE,           UNAUTHORIZED,  UNAUTHORIZED",
    "LIVE,           CLOSED,        STALE",
    "LIVE,           ABSENT+kept,   STALE",
    "STALE,          UNAUTHORIZED,  UNAUTHORIZED",
    "STALE,          SYNCING,       STALE",
    "STALE,          ABSENT,        STALE",
    "STALE,          CLOSED,        STALE",
    "UNAUTHORIZED,   SYNCING,       UNAUTHORIZED",
    "UNAUTHORIZED,   CLOSED,        UNAUTHORIZED",
    "SYNCING,        ABSENT,        SYNCING",
    "SYNCING,        SYNCING,       SYNCING",
    "ABSENT,         ABSENT,        ABSENT",
    "CLOSED,         CLOSED,        CLOSED",
    "CLOSED,         ABSENT,        CLOSED",
  })
  void the_state_is_the_worst_that_counts(String one, String other, State expected) {
    for (List<String> pair : List.of(List.of(one, other), List.of(other, one))) {
      Topology merged =
          MergedDiscovery.merge(
              List.of("x", "y"), List.of(topology(pair.get(0)), topology(pair.get(1))));
      assertThat(merged.state()).as("%s", pair).isEqualTo(expected);
    }
  }

  private static Topology topology(String text) {
    Endpoint[] endpoints =
        text.equals("SYNCING") || text.equals("ABSENT") ? new Endpoint[0] : of(A);
    return Topology.of(endpoints).with(State.valueOf(text.replace("+kept", "")), null);
  }

  private static Endpoint[] of(Endpoint... endpoints) {
    return endpoints;
  }

  @Test
  void the_detail_names_every_part_that_is_not_well() {
    Topology merged =
        MergedDiscovery.merge(
            List.of("dns cart:80", "file /x", "fixed"),
            List.of(
                Topology.of(A).with(State.STALE, "no answer"),
                Topology.of().with(State.ABSENT, null),
                Topology.of(B)));
    assertThat(merged.detail()).isEqualTo("dns cart:80: STALE (no answer); file /x: ABSENT");
  }

  @Test
  void failures_go_through_and_the_next_list_is_told_even_if_it_is_the_same() {
    Discoveries.merged(first, second).watch(heard);
    first.publish(A);
    Exception cause = new Exception("x");
    second.fail(cause);
    assertThat(heard.failures).containsExactly(cause);
    int before = heard.topologies.size();
    first.publish(A);
    assertThat(heard.topologies).hasSize(before + 1);
    first.publish(A);
    assertThat(heard.topologies).hasSize(before + 1);
  }

  @Test
  void closing_closes_every_part() throws Exception {
    AutoCloseable watch = Discoveries.merged(first, second).watch(heard);
    watch.close();
    watch.close();
    assertThat(first.watchers()).isZero();
    assertThat(second.watchers()).isZero();
  }

  @Test
  void a_part_that_cannot_be_watched_leaves_none_open() {
    Discovery broken =
        listener -> {
          throw new IllegalStateException("no namespace");
        };
    assertThatThrownBy(() -> Discoveries.merged(first, broken).watch(heard))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no namespace");
    assertThat(first.watchers()).isZero();
  }

  @Test
  void a_part_without_a_watch_is_refused_and_leaves_none_open() {
    assertThatThrownBy(() -> Discoveries.merged(first, listener -> null, second).watch(heard))
        .isInstanceOf(NullPointerException.class)
        .hasMessageEndingWith("returned no watch");
    assertThat(first.watchers()).isZero();
    assertThat(second.watchers()).isZero();
  }

  @Test
  void a_part_that_says_null_is_told_so_and_holds_nobody_up() {
    Discovery.Listener[] part = new Discovery.Listener[1];
    Discovery nonsense =
        listener -> {
          part[0] = listener;
          return () -> {};
        };
    Discoveries.merged(first, nonsense).watch(heard);
    first.publish(A);
    assertThatThrownBy(() -> part[0].update(null)).isInstanceOf(NullPointerException.class);
    first.publish(B);
    assertThat(heard.ids()).containsExactly("b:1");
    part[0].update(Topology.of(C));
    assertThat(heard.ids()).containsExactly("b:1", "c:1");
  }

  @Test
  void a_listener_may_close_what_it_listens_to() {
    List<AutoCloseable> watches = new ArrayList<>();
    AtomicInteger calls = new AtomicInteger();
    watches.add(
        Discoveries.merged(first, second)
            .watch(
                new Heard() {
                  @Override
                  public void update(Topology topology) {
                    calls.incrementAndGet();
                    try {
                      watches.get(0).close();
                    } catch (Exception e) {
                      throw new AssertionError(e);
                    }
                  }
                }));
    first.publish(A);
    first.publish(B);
    assertThat(calls).hasValue(1);
    assertThat(first.watchers()).isZero();
  }

  @Test
  void one_that_throws_is_told_the_next() {
    List<Topology> told = new ArrayList<>();
    Discoveries.merged(first, second)
        .watch(
            new Heard() {
              @Override
              public void update(Topology topology) {
                told.add(topology);
                throw new IllegalStateException("listener");
              }
            });
    first.publish(A);
    first.publish(B);
    assertThat(told).hasSize(2);
  }

  @Test
  void parts_that_speak_at_once_are_told_one_at_a_time_and_the_last_word_holds() {
    Seeds.forEach(
        50,
        seed -> {
          Random random = new Random(seed);
          ManualDiscovery one = new ManualDiscovery();
          ManualDiscovery other = new ManualDiscovery();
          AtomicInteger inside = new AtomicInteger();
          AtomicInteger together = new AtomicInteger();
          Heard heard =
              new Heard() {
                @Override
                public void update(Topology topology) {
                  if (inside.incrementAndGet() > 1) {
                    together.incrementAndGet();
                  }
                  super.update(topology);
                  Thread.yield();
                  inside.decrementAndGet();
                }
              };
          AutoCloseable watch = Discoveries.merged(one, other).watch(heard);
          int rounds = 1 + random.nextInt(200);
          CountDownLatch go = new CountDownLatch(1);
          Thread first = publisher(one, "one", rounds, go);
          Thread second = publisher(other, "other", rounds, go);
          go.countDown();
          first.join();
          second.join();
          assertThat(together).hasValue(0);
          assertThat(heard.ids()).containsExactly("one:" + rounds, "other:" + rounds);
          watch.close();
        });
  }

  private static Thread publisher(
      ManualDiscovery discovery, String host, int rounds, CountDownLatch go) {
    Thread thread =
        new Thread(
            () -> {
              try {
                go.await();
              } catch (InterruptedException e) {
                return;
              }
              for (int i = 1; i <= rounds; i++) {
                discovery.publish(Endpoint.of(host, i));
              }
            });
    thread.start();
    return thread;
  }

  @Test
  void none_is_refused_and_the_name_is_that_of_all() {
    assertThatThrownBy(Discoveries::merged)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("merged: none (expected: at least one discovery)");
    assertThat(Discoveries.merged(Discoveries.fixed(A), first)).hasToString("fixed + manual");
  }
}
