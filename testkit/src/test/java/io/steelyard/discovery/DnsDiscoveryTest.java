package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.RandomSource;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.discovery.DnsDiscovery.AddressFamily;
import io.steelyard.discovery.Lookup.NotFound.Why;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.VirtualPlatform;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Real packets to and from a name server on this machine, at times of a virtual clock. */
class DnsDiscoveryTest {
  private static final String CART = "cart.shop.test";

  private final VirtualPlatform platform = new VirtualPlatform().random(ScriptedRandom.seeded(7));
  private final Heard heard = new Heard();
  private NameServer server;

  @BeforeEach
  void start() throws Exception {
    server = new NameServer();
  }

  @AfterEach
  void stop() throws Exception {
    server.close();
  }

  private DnsDiscovery cart() {
    return Discoveries.dns(CART, 8080).servers(server.address()).platform(platform);
  }

  private DnsDiscovery srv(String name) {
    return Discoveries.srv(name).servers(server.address()).platform(platform);
  }

  private static RandomSource doubles(double... numbers) {
    AtomicInteger next = new AtomicInteger();
    return new RandomSource() {
      @Override
      public long nextLong() {
        throw new AssertionError("only doubles are asked for");
      }

      @Override
      public double nextDouble() {
        return numbers[next.getAndIncrement()];
      }
    };
  }

  /** Longer than any pause after an answer. */
  private void anInterval() {
    platform.advance(Duration.ofSeconds(37));
  }

  // ---- hosts ----

  @Test
  void every_address_is_an_endpoint_and_its_host_is_the_address() throws Exception {
    server.host(CART, "10.0.0.9", "10.0.0.10", "10.0.0.8");
    cart().watch(heard);
    assertThat(heard.last())
        .isEqualTo(
            Topology.of(
                Endpoint.of("10.0.0.8", 8080),
                Endpoint.of("10.0.0.9", 8080),
                Endpoint.of("10.0.0.10", 8080)));
    assertThat(server.asked).containsExactly("A " + CART);
  }

  @Test
  void a_list_is_published_when_it_changes_and_not_when_its_order_does() throws Exception {
    server.host(CART, "10.0.0.1", "10.0.0.2", "10.0.0.3");
    cart().watch(heard);
    anInterval();
    anInterval();
    assertThat(server.asked).hasSizeGreaterThanOrEqualTo(3);
    assertThat(heard.topologies).hasSize(1);
    server.host(CART, "10.0.0.2", "10.0.0.4");
    anInterval();
    assertThat(heard.topologies).hasSize(2);
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080", "10.0.0.4:8080");
  }

  @Test
  void it_asks_every_interval_and_up_to_a_fifth_later() throws Exception {
    server.host(CART, "10.0.0.1");
    platform.random(doubles(0.0, 0.5, 0.999));
    cart().every(Duration.ofSeconds(10)).watch(heard);
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(10));
    platform.advanceToNext();
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(11));
    platform.advanceToNext();
    assertThat(platform.untilNext()).isBetween(Duration.ofMillis(11_990), Duration.ofSeconds(12));
    assertThat(server.asked).hasSize(3);
  }

  @Test
  void the_preferred_family_is_used_and_the_other_where_there_is_none_of_it() throws Exception {
    server.host("both.test", "10.0.0.1", "2001:db8::1", "2001:db8::2");
    server.host("four.test", "10.0.0.4");
    server.host("six.test", "2001:db8:0:0:1::6");
    assertThat(ids("both.test", AddressFamily.IPV4)).containsExactly("10.0.0.1:80");
    assertThat(ids("both.test", AddressFamily.IPV6))
        .containsExactly("[2001:db8::1]:80", "[2001:db8::2]:80");
    assertThat(ids("both.test", AddressFamily.BOTH))
        .containsExactly("10.0.0.1:80", "[2001:db8::1]:80", "[2001:db8::2]:80");
    assertThat(ids("four.test", AddressFamily.IPV6)).containsExactly("10.0.0.4:80");
    assertThat(ids("six.test", AddressFamily.IPV4)).containsExactly("[2001:db8::1:0:0:6]:80");
  }

  private List<String> ids(String host, AddressFamily family) {
    Heard here = new Heard();
    Discoveries.dns(host, 80)
        .servers(server.address())
        .addressFamily(family)
        .platform(platform)
        .watch(here);
    return here.ids();
  }

  @Test
  void an_answer_that_does_not_fit_a_packet_comes_over_tcp() throws Exception {
    String[] many = IntStream.range(0, 200).mapToObj(i -> "10.1.0." + i).toArray(String[]::new);
    server.host(CART, many);
    cart().watch(heard);
    assertThat(heard.last().endpoints()).hasSize(200);
    assertThat(server.askedOverTcp).containsExactly("A " + CART);
  }

  @Test
  void a_name_without_addresses_is_an_empty_list() throws Exception {
    server.host(CART);
    cart().watch(heard);
    assertThat(heard.last()).isEqualTo(Topology.of());
  }

  @Test
  void an_answer_that_is_good_for_less_is_asked_for_again_sooner_but_not_too_soon()
      throws Exception {
    platform.random(() -> 0);
    server.host(CART, "10.0.0.1");
    server.timeToLive = 12;
    cart().watch(heard);
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(12));
    server.timeToLive = 0;
    platform.advanceToNext();
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(5));
    server.timeToLive = 60;
    platform.advanceToNext();
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(30));
    server.timeToLive = 0;
    Discoveries.dns(CART, 8080)
        .servers(server.address())
        .platform(platform)
        .every(Duration.ofSeconds(2))
        .watch(new Heard());
    assertThat(platform.untilNext()).as("what was set").isEqualTo(Duration.ofSeconds(2));
  }

  // ---- no answer ----

  @Test
  void the_last_good_list_stays_while_the_server_fails_and_says_why() throws Exception {
    server.host(CART, "10.0.0.1", "10.0.0.2");
    cart().watch(heard);
    server.failing(CART, true);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).contains(server.address(), CART, "response code 2");
    assertThat(heard.ids()).containsExactly("10.0.0.1:8080", "10.0.0.2:8080");
    server.failing(CART, false);
    anInterval();
    assertThat(heard.last())
        .isEqualTo(Topology.of(Endpoint.of("10.0.0.1", 8080), Endpoint.of("10.0.0.2", 8080)));
    assertThat(heard.failures).isEmpty();
  }

  @Test
  void a_server_that_is_silent_or_away_is_no_answer() throws Exception {
    server.host(CART, "10.0.0.1");
    cart().watch(heard);
    server.silent = true;
    platform.advanceToNext(); // three real seconds
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.ids()).containsExactly("10.0.0.1:8080");
    server.silent = false;
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    server.close();
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.ids()).containsExactly("10.0.0.1:8080");
  }

  @Test
  void before_the_first_answer_it_is_syncing_and_says_why() throws Exception {
    server.failing(CART, true);
    cart().watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.SYNCING);
    assertThat(heard.last().detail()).contains(CART);
    server.failing(CART, false);
    server.host(CART, "10.0.0.1");
    platform.advanceToNext();
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("10.0.0.1", 8080)));
  }

  @Test
  void a_name_that_is_gone_is_absent_and_empty_and_comes_back() throws Exception {
    server.host(CART, "10.0.0.1");
    cart().watch(heard);
    server.forget(CART);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().detail()).contains("no such name: " + CART);
    assertThat(heard.last().endpoints()).isEmpty();
    server.failing(CART, true);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().endpoints()).isEmpty();
    server.failing(CART, false);
    server.host(CART, "10.0.0.2");
    anInterval();
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
  }

  @Test
  void after_failures_it_waits_a_random_part_of_1_2_4_seconds_and_no_longer_than_the_interval()
      throws Exception {
    platform.random(doubles(0.5, 0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5));
    server.failing(CART, true);
    cart().every(Duration.ofSeconds(5)).watch(heard);
    Duration[] waits = new Duration[6];
    for (int i = 0; i < waits.length; i++) {
      waits[i] = platform.untilNext();
      platform.advanceToNext();
    }
    assertThat(Arrays.stream(waits).mapToLong(Duration::toMillis))
        .containsExactly(500L, 1000L, 2000L, 2500L, 0L, 2500L);
    server.failing(CART, false);
    server.host(CART, "10.0.0.1");
    platform.advanceToNext();
    server.failing(CART, true);
    platform.advanceToNext();
    assertThat(platform.untilNext()).as("from the start").isEqualTo(Duration.ofMillis(500));
  }

  // ---- refresh, close ----

  @Test
  void refresh_asks_at_once_and_a_second_after_the_last_question_at_the_soonest() throws Exception {
    server.host(CART, "10.0.0.1");
    DnsDiscovery cart = cart();
    cart.watch(heard);
    platform.advance(Duration.ofSeconds(2));
    server.host(CART, "10.0.0.2");
    cart.refresh();
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
    server.host(CART, "10.0.0.3");
    cart.refresh();
    cart.refresh();
    platform.advance(Duration.ofMillis(999));
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
    platform.advance(Duration.ofMillis(1));
    assertThat(heard.ids()).containsExactly("10.0.0.3:8080");
    assertThat(server.asked).hasSize(3);
    platform.advance(Duration.ofSeconds(29));
    assertThat(server.asked).as("the interval begins anew").hasSize(3);
    anInterval();
    assertThat(server.asked).hasSize(4);
  }

  @Test
  void what_is_merged_or_held_is_refreshed_too() throws Exception {
    server.host(CART, "10.0.0.1");
    Discovery whole =
        Discoveries.holding(
            Discoveries.merged(Discoveries.fixed(Endpoint.of("h", 1)), cart()),
            Duration.ofSeconds(30),
            platform);
    whole.watch(heard);
    platform.advance(Duration.ofSeconds(2));
    server.host(CART, "10.0.0.2");
    whole.refresh();
    assertThat(heard.ids()).containsExactly("h:1", "10.0.0.2:8080");
  }

  @Test
  void after_close_nothing_is_asked_or_said() throws Exception {
    server.host(CART, "10.0.0.1");
    DnsDiscovery cart = cart();
    AutoCloseable watch = cart.watch(heard);
    Heard other = new Heard();
    cart.watch(other);
    watch.close();
    watch.close();
    server.host(CART, "10.0.0.2");
    anInterval();
    cart.refresh();
    assertThat(heard.topologies).hasSize(1);
    assertThat(other.ids()).containsExactly("10.0.0.2:8080");
    assertThat(platform.scheduled()).isEqualTo(1);
  }

  @Test
  void a_balancer_on_the_systems_platform_follows_the_name() throws Exception {
    server.host(CART, "127.0.0.2");
    DnsDiscovery cart = Discoveries.dns(CART, 8080).servers(server.address());
    try (Balancer balancer = Balancer.builder(cart).build()) {
      balancer.ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
      assertThat(balancer.pick(PickContext.none())).isEqualTo(Endpoint.of("127.0.0.2", 8080));
      CompletableFuture<Thread> changed = new CompletableFuture<>();
      balancer.listen(
          candidates -> {
            if (candidates.endpoint(0).host().equals("127.0.0.3")) {
              changed.complete(Thread.currentThread());
            }
          });
      server.host(CART, "127.0.0.3");
      cart.refresh();
      Thread thread = changed.get(10, TimeUnit.SECONDS);
      assertThat(balancer.pick(PickContext.none())).isEqualTo(Endpoint.of("127.0.0.3", 8080));
      assertThat(thread.isDaemon()).isTrue();
      assertThat(balancer.explain().toString()).contains("dns cart.shop.test:8080");
    }
  }

  // ---- this machine's resolver ----

  @Test
  void without_servers_this_machines_resolver_is_asked() {
    Discoveries.dns("localhost", 8080).platform(platform).watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    assertThat(heard.ids()).containsExactly("127.0.0.1:8080");
  }

  @Test
  void the_resolvers_words_tell_a_missing_name_from_a_missing_answer() {
    for (String absent :
        new String[] {
          "x: Name or service not known",
          "x: No address associated with hostname",
          "x: Name does not resolve",
          "x: nodename nor servname provided, or not known",
          "No such host is known (x)"
        }) {
      assertThat(why(absent)).as(absent).isEqualTo(Why.ABSENT);
    }
    for (String failed :
        new String[] {
          "x: Temporary failure in name resolution",
          "x: Try again",
          "x: Der Name oder der Dienst ist nicht bekannt",
          "x: System error",
          null
        }) {
      assertThat(why(failed)).as(failed).isEqualTo(Why.FAILED);
    }
    assertThat(why("x")).as("out of the JVM's cache").isEqualTo(Why.AS_BEFORE);
  }

  private static Why why(String message) {
    return SystemNames.notFound("x", new UnknownHostException(message)).why();
  }

  @Test
  void a_cached_failure_says_nothing_new() throws Exception {
    Lookup.NotFound[] answer = new Lookup.NotFound[1];
    Lookup lookup =
        () -> {
          if (answer[0] != null) {
            throw answer[0];
          }
          return new Lookup.Found(List.of(Endpoint.of("10.0.0.1", 80)), null, 3600);
        };
    DnsSource source = new DnsSource(lookup, Duration.ofSeconds(30), platform);
    Lookup.NotFound before = new Lookup.NotFound(Why.AS_BEFORE, "x is not known", null);
    answer[0] = before;
    assertThat(source.look().topology().state()).isEqualTo(State.SYNCING);
    answer[0] = null;
    assertThat(source.look().topology().state()).isEqualTo(State.LIVE);
    answer[0] = before;
    assertThat(source.look().topology().state()).isEqualTo(State.STALE);
    answer[0] = new Lookup.NotFound(Why.ABSENT, "no such name", null);
    assertThat(source.look().topology().state()).isEqualTo(State.ABSENT);
    answer[0] = before;
    assertThat(source.look().topology().state()).isEqualTo(State.ABSENT);
    answer[0] = new Lookup.NotFound(Why.FAILED, "no answer", null);
    assertThat(source.look().topology().state()).isEqualTo(State.STALE);
    answer[0] = before;
    assertThat(source.look().topology().state()).isEqualTo(State.STALE);
  }

  // ---- services ----

  @Test
  void records_of_the_lowest_priority_with_their_weights_and_ports() throws Exception {
    server.host("a.test", "10.0.0.1").host("b.test", "10.0.0.2").host("spare.test", "10.0.0.3");
    server.service(
        "_http._tcp.cart.test", "20 5 80 spare.test", "10 3 8080 a.test", "10 1 8081 b.test");
    srv("_http._tcp.cart.test").watch(heard);
    assertThat(heard.weights()).containsExactly("10.0.0.1:8080*3", "10.0.0.2:8081*1");
    assertThat(heard.last().endpoints().get(0).attributes()).containsEntry("target", "a.test");
    assertThat(server.asked).doesNotContain("A spare.test");
    anInterval();
    anInterval();
    assertThat(heard.topologies).hasSize(1);
  }

  @Test
  void addresses_that_come_with_the_records_are_not_asked_for() throws Exception {
    server.host("a.test", "10.0.0.1", "10.0.0.2").host("b.test", "10.0.0.3");
    server.service("_http._tcp.cart.test", "0 2 80 a.test", "0 3 80 b.test", "0 9 80 gone.test");
    server.tellsTargets = true;
    srv("_http._tcp.cart.test").watch(heard);
    assertThat(heard.weights()).containsExactly("10.0.0.1:80*1", "10.0.0.2:80*1", "10.0.0.3:80*3");
    assertThat(server.asked)
        .containsExactly("SRV _http._tcp.cart.test", "A gone.test", "AAAA gone.test");
  }

  @Test
  void the_next_priority_where_no_target_of_the_first_has_an_address() throws Exception {
    server.host("spare.test", "10.0.0.3");
    server.service("_http._tcp.cart.test", "20 5 80 spare.test", "10 3 8080 gone.test");
    srv("_http._tcp.cart.test").watch(heard);
    assertThat(heard.weights()).containsExactly("10.0.0.3:80*5");
  }

  @Test
  void a_target_whose_name_is_gone_is_left_out_alone() throws Exception {
    server.host("a.test", "10.0.0.1").host("b.test", "10.0.0.2");
    server.service("_http._tcp.cart.test", "0 1 80 a.test", "0 1 80 b.test", "0 1 80 gone.test");
    srv("_http._tcp.cart.test").watch(heard);
    assertThat(heard.ids()).containsExactly("10.0.0.1:80", "10.0.0.2:80");
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
  }

  @Test
  void a_target_that_cannot_be_looked_up_keeps_its_last_addresses_alone() throws Exception {
    server.host("a.test", "10.0.0.1").host("b.test", "10.0.0.2");
    server.service("_http._tcp.cart.test", "0 1 80 a.test", "0 1 80 b.test");
    srv("_http._tcp.cart.test").watch(heard);
    server.failing("a.test", true);
    server.host("b.test", "10.0.0.9");
    anInterval();
    assertThat(heard.ids()).containsExactly("10.0.0.1:80", "10.0.0.9:80");
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).contains("a.test");
    server.failing("a.test", false);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
  }

  @Test
  void targets_of_a_silent_server_are_not_waited_for_one_by_one() throws Exception {
    String[] records = new String[50];
    for (int i = 0; i < records.length; i++) {
      server.host("pod-" + i + ".test", "10.0.1." + i);
      records[i] = "0 1 80 pod-" + i + ".test";
    }
    server.service("_http._tcp.cart.test", records);
    DnsDiscovery cart = srv("_http._tcp.cart.test");
    cart.watch(heard);
    assertThat(heard.last().endpoints()).hasSize(50);
    server.asked.clear();
    server.silentAfter(1);
    platform.advanceToNext(); // three real seconds
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().endpoints()).hasSize(50);
    assertThat(server.asked.stream().distinct().filter(q -> q.startsWith("A "))).hasSize(1);
  }

  @Test
  void the_service_is_absent_where_there_is_no_name_or_its_target_is_the_root() throws Exception {
    srv("_http._tcp.cart.test").watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    server.service("_http._tcp.cart.test", "0 0 0 .");
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().detail()).contains("not offered");
  }

  // ---- bad input ----

  @Test
  void what_cannot_be_is_refused_with_value_and_expectation() {
    refused(() -> Discoveries.dns("http://cart", 80), "dns: host: \"http://cart\"", "host name");
    refused(() -> Discoveries.dns("", 80), "dns: host");
    refused(() -> Discoveries.dns("a..b", 80), "dns: host");
    refused(() -> Discoveries.dns("cart", 0), "dns: port: 0 (expected: 1 to 65535)");
    refused(() -> Discoveries.dns("cart", 65_536), "dns: port: 65536");
    refused(() -> Discoveries.srv("a/b"), "srv: name: \"a/b\"", "_http._tcp.");
    DnsDiscovery cart = Discoveries.dns("cart", 80);
    refused(() -> cart.every(Duration.ofMillis(999)), "every: PT0.999S (expected: PT1S to PT24H)");
    refused(() -> cart.servers(), "servers: none");
    refused(() -> cart.servers("ns.example.com"), "servers: \"ns.example.com\"");
    refused(() -> cart.servers("10.0.0.1:0"), "servers: \"10.0.0.1:0\"");
    assertThat(cart.servers("[::1]:5353", "10.0.0.1")).hasToString("dns cart:80");
    assertThat(Discoveries.srv("_http._tcp.cart")).hasToString("srv _http._tcp.cart");
  }

  private static void refused(ThrowingCallable call, String... fragments) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(fragments);
  }
}
