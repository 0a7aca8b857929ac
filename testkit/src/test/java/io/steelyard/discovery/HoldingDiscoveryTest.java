package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import org.junit.jupiter.api.Test;

class HoldingDiscoveryTest {
  private static final Endpoint A = Endpoint.of("a", 1);
  private static final Endpoint B = Endpoint.of("b", 1);
  private static final Duration HOLD = Duration.ofSeconds(30);
  private static final Duration TICK = Duration.ofMillis(1);

  private final VirtualPlatform platform = new VirtualPlatform();
  private final ManualDiscovery source = new ManualDiscovery();
  private final Discovery holding = Discoveries.holding(source, HOLD, platform);
  private final Heard heard = new Heard();

  @Test
  void an_empty_list_is_held_back_and_honoured_after_the_time() {
    holding.watch(heard);
    source.publish(A, B);
    source.publish();
    assertThat(heard.last().endpoints()).containsExactly(A, B);
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).isEqualTo("empty; its last 2 endpoints are held for 30 s");
    platform.advance(HOLD.minus(TICK));
    assertThat(heard.last().endpoints()).hasSize(2);
    platform.advance(TICK);
    assertThat(heard.last()).isEqualTo(Topology.of());
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void endpoints_that_come_in_time_end_it_and_the_next_time_is_a_whole_one() {
    holding.watch(heard);
    source.publish(A);
    source.publish();
    platform.advance(Duration.ofSeconds(20));
    source.publish(B);
    assertThat(heard.last()).isEqualTo(Topology.of(B));
    assertThat(platform.scheduled()).isZero();
    source.publish();
    platform.advance(Duration.ofSeconds(29));
    assertThat(heard.last().endpoints()).containsExactly(B);
    platform.advance(Duration.ofSeconds(1));
    assertThat(heard.last()).isEqualTo(Topology.of());
  }

  @Test
  void what_the_other_says_meanwhile_is_in_the_detail_and_in_force_afterwards() {
    holding.watch(heard);
    source.publish(A);
    source.publish();
    Topology gone = Topology.of().with(State.ABSENT, "no such name: cart");
    source.publish(gone);
    assertThat(heard.last().detail())
        .isEqualTo("empty; its last 1 endpoints are held for 30 s: ABSENT (no such name: cart)");
    assertThat(heard.last().endpoints()).containsExactly(A);
    platform.advance(HOLD);
    assertThat(heard.last()).isEqualTo(gone);
  }

  @Test
  void empty_from_the_start_or_once_more_is_empty() {
    holding.watch(heard);
    source.publish();
    assertThat(heard.last()).isEqualTo(Topology.of());
    source.publish(A);
    source.publish();
    platform.advance(HOLD);
    source.publish(Topology.of().with(State.ABSENT, null));
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().endpoints()).isEmpty();
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void other_lists_and_failures_pass() {
    holding.watch(heard);
    Topology stale = Topology.of(A).with(State.STALE, "no answer");
    source.publish(stale);
    assertThat(heard.last()).isSameAs(stale);
    Exception cause = new Exception("x");
    source.fail(cause);
    assertThat(heard.failures).containsExactly(cause);
  }

  @Test
  void a_balancer_goes_on_meanwhile_and_says_so() {
    source.publish(A);
    try (Balancer balancer = Balancer.builder(holding).platform(platform).build()) {
      platform.advance(Duration.ofMillis(10));
      source.publish();
      platform.advance(Duration.ofMillis(10));
      assertThat(balancer.pick(PickContext.none())).isEqualTo(A);
      assertThat(balancer.explain().toString()).contains("STALE", "held for 30 s");
      platform.advance(HOLD);
      assertThat(balancer.pick(PickContext.none())).isNull();
    }
    assertThat(source.watchers()).isZero();
  }

  @Test
  void what_is_held_is_let_go_even_if_no_worker_can_be_had() {
    for (Throwable refusal :
        new Throwable[] {
          new RejectedExecutionException(), new Error("unable to create native thread")
        }) {
      MoodyPlatform moody = new MoodyPlatform(platform);
      Discoveries.holding(source, HOLD, moody).watch(heard);
      source.publish(A);
      source.publish();
      moody.refusal = refusal;
      platform.advance(HOLD);
      assertThat(heard.last()).isEqualTo(Topology.of());
    }
  }

  @Test
  void a_discovery_without_a_watch_is_refused() {
    Discovery none = Discoveries.holding(listener -> null, HOLD, platform);
    assertThatThrownBy(() -> none.watch(heard))
        .isInstanceOf(NullPointerException.class)
        .hasMessageEndingWith("returned no watch");
  }

  @Test
  void after_close_nothing_is_said_and_no_timer_is_left() throws Exception {
    AutoCloseable watch = holding.watch(heard);
    source.publish(A);
    source.publish();
    watch.close();
    watch.close();
    platform.advance(HOLD);
    assertThat(heard.last().endpoints()).containsExactly(A);
    assertThat(source.watchers()).isZero();
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void the_time_is_1_ms_to_a_day() {
    for (Duration bad : new Duration[] {Duration.ZERO, Duration.ofDays(2)}) {
      assertThatThrownBy(() -> Discoveries.holding(source, bad))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("hold: " + bad + " (expected: PT0.001S to PT24H)");
    }
    assertThat(holding).hasToString("manual");
  }
}
