package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.WatcherException;
import io.steelyard.RandomSource;
import io.steelyard.Topology.State;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a reflector does about everything that can happen to a list or a watch. */
class ReflectorTest {
  // The clock is about to wrap, as nanoTime may be.
  private final VirtualPlatform platform =
      new VirtualPlatform(Long.MAX_VALUE - 5_000_000_000L, Instant.EPOCH).random(always(0.5));
  private final FakeSource<String> api = new FakeSource<>();
  private final List<String> seen = new ArrayList<>();
  private Reflector<String> reflector;

  @BeforeEach
  void reflector() {
    reflector =
        new Reflector<>(
            api,
            "things in namespace shop",
            platform,
            new ReentrantLock(),
            api.io,
            Reflector.Settings.DEFAULT.withAudit(Duration.ZERO),
            () -> seen.add(reflector.health().state() + " " + reflector.items()));
  }

  private void started() {
    api.objects.put("shop/a", "A");
    reflector.start();
    assertThat(seen).containsExactly("LIVE [A]");
    seen.clear();
  }

  /** Each random number is this share of its range. */
  private static RandomSource always(double share) {
    return () -> (long) (share * 0x1p53) << 11;
  }

  private static Duration millis(long millis) {
    return Duration.ofMillis(millis);
  }

  @Test
  void it_lists_and_watches_from_the_lists_version() {
    started();
    assertThat(api.watchedFrom()).isEqualTo("1");
    api.put("shop/b", "B");
    api.put("shop/a", "A2");
    api.remove("shop/b");
    assertThat(seen).containsExactly("LIVE [A, B]", "LIVE [A2, B]", "LIVE [A2]");
    assertThat(reflector.version()).isEqualTo("4");
    assertThat(api.lists).isEqualTo(1);
  }

  @Test
  void what_changes_nothing_is_not_announced() {
    started();
    api.put("shop/a", "A");
    api.remove("shop/x");
    api.watch().bookmark("9");
    assertThat(seen).isEmpty();
    assertThat(reflector.version()).isEqualTo("9");
  }

  @Test
  void a_watch_that_ends_is_taken_up_at_its_last_version_without_a_word() {
    started();
    api.watch().bookmark("7");
    api.watch().ended(null);
    platform.advance(millis(100));
    assertThat(api.watchedFrom()).isEqualTo("7");
    assertThat(api.lists).isEqualTo(1);
    assertThat(seen).isEmpty();
    assertThat(reflector.counts().reconnects()).isEqualTo(1);
  }

  @Test
  void what_a_watch_says_after_its_end_is_dropped() {
    started();
    Source.Events<String> old = api.watch();
    old.ended(null);
    platform.advance(millis(100));
    old.put("shop/ghost", "G", "99");
    old.ended(new IOException("again"));
    assertThat(seen).isEmpty();
    assertThat(reflector.version()).isEqualTo("1");
    assertThat(api.open).isEqualTo(1);
  }

  @Test
  void an_api_server_that_is_down_leaves_the_last_list_and_is_asked_ever_less_often() {
    started();
    api.down = new IOException("Connection refused");
    api.watch().ended(new IOException("reset"));
    platform.random(always(0.999999));
    List<Long> delays = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      delays.add(Math.round(platform.untilNext().toNanos() / 1e8) * 100);
      platform.advance(platform.untilNext());
    }
    assertThat(delays)
        .containsExactly(100L, 800L, 1600L, 3200L, 6400L, 12800L, 25600L, 30000L, 30000L, 30000L);
    assertThat(seen).containsExactly("STALE [A]");
    assertThat(reflector.health().detail())
        .isEqualTo("cannot watch things in namespace shop: IOException: Connection refused");

    api.down = null;
    platform.advance(Duration.ofSeconds(31));
    assertThat(seen).containsExactly("STALE [A]", "LIVE [A]");
    assertThat(api.lists).isEqualTo(1);
  }

  @Test
  void retries_are_spread_over_the_whole_delay() {
    started();
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.random(always(0.01));
    platform.advance(millis(100)); // to the first failure or two
    assertThat(platform.untilNext()).isLessThan(millis(17));
  }

  @Test
  void two_healthy_minutes_make_retries_start_over() {
    started();
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.advance(Duration.ofMinutes(5));
    api.down = null;
    platform.advance(Duration.ofSeconds(30));
    for (int i = 0; i < 3; i++) {
      platform.advance(Duration.ofSeconds(50));
      api.watch().bookmark("5");
    }
    api.watch().ended(null);
    assertThat(platform.untilNext()).isLessThanOrEqualTo(millis(100));
  }

  @Test
  void a_watch_that_is_closed_at_once_again_and_again_is_tried_ever_more_rarely() {
    started();
    Duration end = Duration.ofMinutes(10);
    for (Duration t = Duration.ZERO; t.compareTo(end) < 0; t = t.plusMillis(50)) {
      api.watch().ended(null);
      platform.advance(millis(50));
    }
    // A list and a watch in turn, each after a delay of 15 s on the average: 40 in ten minutes.
    assertThat(api.lists).isBetween(10, 45);
    assertThat(api.attempts).isLessThan(100);
    assertThat(reflector.health().state()).isEqualTo(State.STALE);
  }

  @Test
  void rights_that_a_watch_does_not_speak_of_are_asked_for_by_a_list() {
    started();
    for (int i = 0; i < 30; i++) {
      api.listFailures.add(FakeSource.http(403));
    }
    for (int i = 0; i < 1_200 && reflector.health().state() != State.UNAUTHORIZED; i++) {
      if (api.open > 0) {
        api.watch().ended(null);
      }
      platform.advance(millis(100));
    }
    assertThat(reflector.health().state()).isEqualTo(State.UNAUTHORIZED);
    assertThat(reflector.health().detail()).contains("list", "403");
  }

  @Test
  void rights_that_neither_a_watch_nor_a_list_speaks_of_are_asked_for_by_a_plain_request() {
    started();
    api.unwatchable = FakeSource.http(403);
    for (int i = 0; i < 1_200 && reflector.health().state() != State.UNAUTHORIZED; i++) {
      if (api.open > 0) {
        api.watch().ended(null);
      }
      platform.advance(millis(100));
    }
    assertThat(reflector.health().state()).isEqualTo(State.UNAUTHORIZED);
    assertThat(reflector.health().detail()).contains("may not watch", "403");
    seen.clear();
    api.objects.put("shop/b", "B");
    platform.advance(Duration.ofMinutes(5));
    assertThat(seen).as("and it stays so").containsExactly("UNAUTHORIZED [A, B]");
    api.unwatchable = null;
    platform.advance(Duration.ofMinutes(2));
    assertThat(seen).hasSize(2).last().isEqualTo("LIVE [A, B]");
  }

  @Test
  void a_proxy_that_cuts_every_watch_after_a_minute_costs_no_freshness() {
    started();
    platform.random(always(0.999999));
    for (int i = 0; i < 30; i++) {
      platform.advance(Duration.ofSeconds(59));
      api.watch().ended(null);
      platform.advance(millis(100));
      assertThat(api.watches).hasSize(i + 2);
    }
    assertThat(seen).isEmpty();
    assertThat(api.lists).isEqualTo(1);
  }

  @Test
  void a_version_that_is_gone_is_listed_anew_at_once_and_swapped_whole() {
    started();
    api.objects.clear();
    api.objects.put("shop/b", "B");
    api.objects.put("shop/c", "C");
    api.version = 50;
    api.watch().ended(new WatcherException("too old", FakeSource.http(410)));
    assertThat(seen).containsExactly("LIVE [B, C]");
    assertThat(api.watchedFrom()).isEqualTo("50");
    assertThat(api.open).isEqualTo(1);
  }

  @Test
  void a_version_that_is_gone_when_a_watch_opens_is_listed_anew() {
    started();
    api.watchFailures.add(FakeSource.http(410));
    api.watch().ended(null);
    platform.advance(millis(100));
    assertThat(api.lists).isEqualTo(2);
    assertThat(seen).isEmpty();
  }

  @Test
  void a_server_that_says_gone_each_time_is_not_listed_in_a_loop() {
    started();
    for (int i = 0; i < 12_000; i++) {
      api.watch().ended(new WatcherException("too old", FakeSource.http(410)));
      platform.advance(millis(50));
    }
    assertThat(api.lists).isLessThan(60);
    assertThat(reflector.items()).containsExactly("A");
  }

  @Test
  void the_version_may_go_back_as_after_a_restored_backup() {
    started();
    api.watch().bookmark("9000");
    api.version = 12;
    api.watch().ended(new WatcherException("too new", FakeSource.http(410)));
    assertThat(reflector.version()).isEqualTo("12");
    assertThat(api.watchedFrom()).isEqualTo("12");
  }

  @Test
  void an_event_that_cannot_be_read_is_got_round_by_a_list() {
    started();
    api.objects.put("shop/b", "B");
    api.watch().ended(new WatcherException("Couldn't deserialize", new IOException("?"), "{..."));
    assertThat(seen).containsExactly("LIVE [A, B]");
    assertThat(api.lists).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {401, 403})
  void a_refusal_at_start_is_named_and_heals(int code) {
    api.objects.put("shop/a", "A");
    api.down = FakeSource.http(code);
    reflector.start();
    assertThat(seen).containsExactly("UNAUTHORIZED []");
    assertThat(reflector.health().detail())
        .isEqualTo("may not list things in namespace shop: HTTP " + code + ": status " + code);
    platform.advance(Duration.ofMinutes(2));
    assertThat(seen).hasSize(1);
    api.down = null;
    platform.advance(Duration.ofSeconds(30));
    assertThat(seen).containsExactly("UNAUTHORIZED []", "LIVE [A]");
  }

  @Test
  void rights_revoked_midway_keep_the_list_and_heal() {
    started();
    api.down = FakeSource.http(403);
    api.watch().ended(null);
    platform.advance(millis(50));
    assertThat(seen).containsExactly("UNAUTHORIZED [A]");
    assertThat(reflector.health().detail()).contains("may not watch", "HTTP 403");
    platform.advance(Duration.ofMinutes(1)); // is a list allowed? no
    assertThat(seen).containsExactly("UNAUTHORIZED [A]", "UNAUTHORIZED [A]");
    assertThat(reflector.health().detail()).contains("may not list", "HTTP 403");
    seen.clear();
    api.down = null;
    platform.advance(Duration.ofSeconds(31));
    assertThat(seen).containsExactly("LIVE [A]");
  }

  @Test
  void before_the_first_list_trouble_is_still_syncing_but_says_why() {
    api.down = new IOException("Connection refused");
    reflector.start();
    assertThat(seen).containsExactly("SYNCING []");
    assertThat(reflector.health().detail()).contains("cannot list", "Connection refused");
    platform.advance(Duration.ofHours(5));
    api.down = null;
    api.objects.put("shop/a", "A");
    platform.advance(Duration.ofSeconds(30));
    assertThat(seen).containsExactly("SYNCING []", "LIVE [A]");
  }

  @Test
  void an_error_of_the_jvm_does_not_end_it() {
    api.listFailures.add(new NoClassDefFoundError("io/example/Missing"));
    api.listFailures.add(new StackOverflowError());
    reflector.start();
    platform.advance(Duration.ofSeconds(2));
    assertThat(reflector.health().state()).isEqualTo(State.LIVE);
  }

  @Test
  void a_servers_wish_to_be_left_alone_is_granted() {
    api.listFailures.add(FakeSource.retryAfter(429, 17));
    reflector.start();
    platform.advance(Duration.ofSeconds(16));
    assertThat(api.lists).isEqualTo(1);
    platform.advance(Duration.ofSeconds(2));
    assertThat(api.lists).isEqualTo(2);
  }

  @Test
  void a_list_that_gets_no_answer_is_given_up_and_its_late_answer_dropped() {
    api.io.hangs = true;
    reflector.start();
    platform.advance(Duration.ofSeconds(10));
    assertThat(reflector.health().detail()).contains("no answer within 10 s");
    api.io.hangs = false;
    platform.advance(millis(100));
    assertThat(reflector.health().state()).isEqualTo(State.LIVE);
    int lists = api.lists;
    api.io.hanging.forEach(Runnable::run); // cancelled: does nothing
    assertThat(api.lists).isEqualTo(lists);
  }

  @Test
  void a_silent_watch_is_closed_and_listed_anew_within_the_limit() {
    started();
    api.watch().bookmark("2");
    platform.advance(Duration.ofSeconds(60));
    api.watch().bookmark("3");
    platform.advance(Duration.ofSeconds(119));
    assertThat(api.lists).isEqualTo(1);
    api.objects.put("shop/b", "B"); // said over the dead connection
    platform.advance(Duration.ofSeconds(1));
    assertThat(api.lists).isEqualTo(2);
    assertThat(seen).containsExactly("LIVE [A, B]");
    assertThat(api.open).isEqualTo(1);
    assertThat(reflector.counts().silences()).isEqualTo(1);
  }

  @Test
  void a_silent_watch_whose_server_is_gone_makes_the_list_stale() {
    started();
    api.down = new IOException("timed out");
    platform.advance(Duration.ofSeconds(120));
    assertThat(seen).containsExactly("STALE [A]");
  }

  @Test
  void time_since_the_last_word_is_measured() {
    assertThat(reflector.sinceHeard()).isNull();
    started();
    platform.advance(Duration.ofSeconds(40));
    assertThat(reflector.sinceHeard()).isEqualTo(Duration.ofSeconds(40));
    api.watch().bookmark("2");
    assertThat(reflector.sinceHeard()).isZero();
  }

  @Test
  void a_client_closed_by_its_owner_is_the_end_and_the_list_stays() {
    started();
    api.clientClosed = true;
    api.watch().ended(null);
    assertThat(seen).containsExactly("CLOSED [A]");
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void after_close_nothing_is_open_or_pending_or_said() {
    started();
    Source.Events<String> watch = api.watch();
    reflector.close();
    reflector.close();
    assertThat(api.open).isZero();
    assertThat(platform.scheduled()).isZero();
    watch.put("shop/b", "B", "2");
    watch.ended(null);
    platform.advance(Duration.ofHours(1));
    assertThat(seen).isEmpty();
    assertThat(api.attempts).isEqualTo(2);
  }

  @Test
  void a_watch_that_opens_behind_a_close_is_closed() {
    api.objects.put("shop/a", "A");
    reflector.start();
    api.io.hangs = true;
    api.watch().ended(null);
    platform.advance(millis(100));
    Runnable opening = api.io.hanging.remove();
    reflector.close();
    opening.run();
    assertThat(api.open).isZero();
  }

  @Test
  void who_may_list_but_not_watch_is_kept_fresh_by_lists_and_told_what_is_missing() {
    started();
    for (int i = 0; i < 8; i++) {
      api.watchFailures.add(FakeSource.http(403));
    }
    api.watch().ended(null);
    platform.advance(Duration.ofSeconds(10));
    api.objects.put("shop/b", "B");
    platform.advance(Duration.ofSeconds(31));
    assertThat(reflector.health().detail()).contains("may not watch", "HTTP 403");
    assertThat(seen).containsExactly("UNAUTHORIZED [A]", "UNAUTHORIZED [A, B]");
    assertThat(api.lists).as("no loop of lists").isLessThan(9);
    platform.advance(Duration.ofMinutes(2)); // it is granted
    assertThat(seen).hasSize(3).last().isEqualTo("LIVE [A, B]");
  }

  @Test
  void a_version_that_is_gone_is_listed_at_once_again_after_two_healthy_minutes() {
    started();
    for (int i = 1; i <= 3; i++) {
      for (int minute = 0; minute < 3; minute++) {
        platform.advance(Duration.ofMinutes(1));
        api.watch().bookmark("5");
      }
      api.watch().ended(new WatcherException("too old", FakeSource.http(410)));
      assertThat(api.lists).isEqualTo(1 + i);
      assertThat(reflector.counts().relists()).as("never counted down").isEqualTo(i);
    }
    assertThat(seen).isEmpty();
  }

  @Test
  void a_watch_that_fell_silent_after_two_healthy_minutes_makes_retries_start_over() {
    started();
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.advance(Duration.ofMinutes(5)); // the delay has grown to 30 s
    api.down = null;
    platform.advance(Duration.ofSeconds(31));
    for (int minute = 0; minute < 3; minute++) {
      platform.advance(Duration.ofMinutes(1));
      api.watch().bookmark("5");
    }
    api.down = new IOException("Connection refused");
    platform.advance(Duration.ofSeconds(120)); // silence: listed, in vain
    assertThat(platform.untilNext()).isLessThanOrEqualTo(millis(100));
  }

  @Test
  void one_call_without_an_answer_asks_once_for_fresh_connections() {
    started();
    api.io.hangs = true;
    api.watch().ended(null);
    platform.advance(Duration.ofSeconds(11));
    assertThat(api.renewed).isEqualTo(1);
  }

  @Test
  void an_error_where_news_are_taken_is_not_the_end_and_is_said() {
    api.objects.put("shop/a", "A");
    int[] calls = {0};
    reflector =
        new Reflector<>(
            api,
            "things in namespace shop",
            platform,
            new ReentrantLock(),
            api.io,
            Reflector.Settings.DEFAULT.withAudit(Duration.ofMinutes(5)),
            () -> {
              if (++calls[0] <= 2) {
                throw new OutOfMemoryError("Java heap space");
              }
              seen.add(reflector.health().state() + " " + reflector.items());
            });
    reflector.start();
    assertThat(reflector.health().state()).isEqualTo(State.STALE);
    assertThat(reflector.health().detail()).contains("met a bug", "Java heap space");
    platform.advance(millis(100));
    assertThat(seen).containsExactly("LIVE [A]");
    api.put("shop/b", "B");
    assertThat(seen).last().isEqualTo("LIVE [A, B]");
    platform.advance(Duration.ofMinutes(1));
    assertThat(reflector.counts().audits()).isEqualTo(1);
  }

  @Test
  void there_is_an_audit_soon_after_each_episode_of_trouble_and_trouble_does_not_put_it_off() {
    reflector =
        new Reflector<>(
            api,
            "things in namespace shop",
            platform,
            new ReentrantLock(),
            api.io,
            Reflector.Settings.DEFAULT,
            () -> {});
    reflector.start();
    for (int episode = 1; episode <= 3; episode++) { // only the first of them has a line in the log
      api.down = new IOException("Connection refused");
      api.watch().ended(null);
      platform.advance(Duration.ofSeconds(5));
      assertThat(reflector.health().state()).isEqualTo(State.STALE);
      api.down = null;
      platform.advance(Duration.ofSeconds(30));
      assertThat(reflector.counts().audits()).isEqualTo(episode);
    }
    platform.random(always(0.8)); // 24 s after each
    for (int episode = 1; episode <= 3; episode++) {
      api.down = new IOException("Connection refused");
      api.watch().ended(null);
      platform.advance(Duration.ofSeconds(1));
      api.down = null;
      platform.advance(Duration.ofSeconds(11));
    }
    assertThat(reflector.counts().audits()).isEqualTo(4);
  }

  @Test
  void an_audit_of_a_watch_that_has_ended_meanwhile_leaves_the_next_one_where_it_is() {
    reflector =
        new Reflector<>(
            api,
            "things in namespace shop",
            platform,
            new ReentrantLock(),
            api.io,
            Reflector.Settings.DEFAULT.withSilence(Duration.ofHours(1)),
            () -> {});
    reflector.start();
    api.io.hangs = true;
    platform.advance(Duration.ofMinutes(8)); // the audit's list gets no answer yet
    Runnable late = api.io.hanging.remove();
    api.io.hangs = false;
    api.down = new IOException("Connection refused");
    api.watch().ended(null);
    platform.advance(Duration.ofSeconds(2));
    api.down = null;
    platform.advance(Duration.ofSeconds(2));
    assertThat(reflector.health().state()).isEqualTo(State.LIVE);
    late.run();
    assertThat(reflector.counts().audits()).isZero();
    platform.advance(Duration.ofSeconds(30));
    assertThat(reflector.counts().audits()).isEqualTo(1);
  }
}
