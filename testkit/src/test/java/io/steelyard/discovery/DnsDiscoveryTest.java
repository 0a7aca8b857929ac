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
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.VirtualPlatform;
import java.io.File;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * At times of a virtual clock, with answers in the place of the resolver's where they must be had
 * at will; the real one is asked at the end.
 */
class DnsDiscoveryTest {
  private static final String CART = "cart.shop.test";
  private static final String NO_SUCH_NAME = ": Name or service not known";
  private static final String NO_ANSWER = ": Temporary failure in name resolution";

  private final VirtualPlatform platform = new VirtualPlatform().random(ScriptedRandom.seeded(7));
  private final Heard heard = new Heard();
  private final Answers answers = new Answers();

  /** What a resolver would say: addresses, or an exception with the text that it would have. */
  private static final class Answers implements DnsSource.Resolver {
    private final Map<String, InetAddress[]> addresses = new HashMap<>();
    private final Map<String, String> failures = new HashMap<>();
    final List<String> asked = new ArrayList<>();

    void host(String name, String... texts) throws UnknownHostException {
      InetAddress[] all = new InetAddress[texts.length];
      for (int i = 0; i < texts.length; i++) {
        all[i] = InetAddress.getByName(texts[i]);
      }
      addresses.put(name, all);
      failures.remove(name);
    }

    void failing(String name, String text) {
      failures.put(name, text);
    }

    @Override
    public InetAddress[] resolve(String host) throws UnknownHostException {
      asked.add(host);
      if (failures.containsKey(host)) {
        throw new UnknownHostException(failures.get(host));
      }
      return addresses.get(host).clone();
    }
  }

  private DnsDiscovery cart() {
    return Discoveries.dns(CART, 8080).resolver(answers).platform(platform);
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

  // ---- answers ----

  @Test
  void every_address_is_an_endpoint_and_its_host_is_the_address() throws Exception {
    answers.host(CART, "10.0.0.9", "10.0.0.10", "10.0.0.8");
    cart().watch(heard);
    assertThat(heard.last())
        .isEqualTo(
            Topology.of(
                Endpoint.of("10.0.0.8", 8080),
                Endpoint.of("10.0.0.9", 8080),
                Endpoint.of("10.0.0.10", 8080)));
    assertThat(answers.asked).containsExactly(CART);
  }

  @Test
  void a_list_is_published_when_it_changes_and_not_when_its_order_does() throws Exception {
    answers.host(CART, "10.0.0.1", "10.0.0.2", "10.0.0.3");
    cart().watch(heard);
    anInterval();
    anInterval();
    assertThat(answers.asked).hasSizeGreaterThanOrEqualTo(3);
    assertThat(heard.topologies).hasSize(1);
    answers.host(CART, "10.0.0.2", "10.0.0.4");
    anInterval();
    assertThat(heard.topologies).hasSize(2);
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080", "10.0.0.4:8080");
  }

  @Test
  void it_asks_every_interval_and_up_to_a_fifth_later() throws Exception {
    answers.host(CART, "10.0.0.1");
    platform.random(doubles(0.0, 0.5, 0.999));
    cart().every(Duration.ofSeconds(10)).watch(heard);
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(10));
    platform.advanceToNext();
    assertThat(platform.untilNext()).isEqualTo(Duration.ofSeconds(11));
    platform.advanceToNext();
    assertThat(platform.untilNext()).isBetween(Duration.ofMillis(11_990), Duration.ofSeconds(12));
    assertThat(answers.asked).hasSize(3);
  }

  @Test
  void the_preferred_family_is_used_and_the_other_where_there_is_none_of_it() throws Exception {
    answers.host("both.test", "10.0.0.1", "2001:db8::1", "2001:db8::2");
    answers.host("four.test", "10.0.0.4");
    answers.host("six.test", "2001:db8:0:0:1::6");
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
        .resolver(answers)
        .addressFamily(family)
        .platform(platform)
        .watch(here);
    return here.ids();
  }

  // ---- no answer ----

  @Test
  void the_last_good_list_stays_while_there_is_no_answer_and_says_why() throws Exception {
    answers.host(CART, "10.0.0.1", "10.0.0.2");
    cart().watch(heard);
    answers.failing(CART, CART + NO_ANSWER);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).isEqualTo(CART + NO_ANSWER);
    assertThat(heard.ids()).containsExactly("10.0.0.1:8080", "10.0.0.2:8080");
    answers.host(CART, "10.0.0.1", "10.0.0.2");
    anInterval();
    assertThat(heard.last())
        .isEqualTo(Topology.of(Endpoint.of("10.0.0.1", 8080), Endpoint.of("10.0.0.2", 8080)));
    assertThat(heard.failures).isEmpty();
  }

  @Test
  void before_the_first_answer_it_is_syncing_and_says_why() throws Exception {
    answers.failing(CART, CART + NO_ANSWER);
    cart().watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.SYNCING);
    assertThat(heard.last().detail()).isEqualTo(CART + NO_ANSWER);
    answers.host(CART, "10.0.0.1");
    platform.advanceToNext();
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("10.0.0.1", 8080)));
  }

  @Test
  void a_name_that_is_gone_is_absent_and_empty_and_comes_back() throws Exception {
    answers.host(CART, "10.0.0.1");
    cart().watch(heard);
    answers.failing(CART, CART + NO_SUCH_NAME);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().detail()).isEqualTo(CART + NO_SUCH_NAME);
    assertThat(heard.last().endpoints()).isEmpty();
    answers.failing(CART, CART + NO_ANSWER);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().endpoints()).isEmpty();
    answers.host(CART, "10.0.0.2");
    anInterval();
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
  }

  @Test
  void after_failures_it_waits_a_random_part_of_1_2_4_seconds_and_no_longer_than_the_interval()
      throws Exception {
    platform.random(doubles(0.5, 0.5, 0.5, 0.5, 0.0, 0.5, 0.5, 0.5, 0.5));
    answers.failing(CART, CART + NO_ANSWER);
    cart().every(Duration.ofSeconds(5)).watch(heard);
    Duration[] waits = new Duration[6];
    for (int i = 0; i < waits.length; i++) {
      waits[i] = platform.untilNext();
      platform.advanceToNext();
    }
    assertThat(Arrays.stream(waits).mapToLong(Duration::toMillis))
        .containsExactly(500L, 1000L, 2000L, 2500L, 0L, 2500L);
    answers.host(CART, "10.0.0.1");
    platform.advanceToNext();
    answers.failing(CART, CART + NO_ANSWER);
    platform.advanceToNext();
    assertThat(platform.untilNext()).as("from the start").isEqualTo(Duration.ofMillis(500));
  }

  // ---- refresh, close ----

  @Test
  void refresh_asks_at_once_and_a_second_after_the_last_question_at_the_soonest() throws Exception {
    answers.host(CART, "10.0.0.1");
    DnsDiscovery cart = cart();
    cart.watch(heard);
    platform.advance(Duration.ofSeconds(2));
    answers.host(CART, "10.0.0.2");
    cart.refresh();
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
    answers.host(CART, "10.0.0.3");
    cart.refresh();
    cart.refresh();
    platform.advance(Duration.ofMillis(999));
    assertThat(heard.ids()).containsExactly("10.0.0.2:8080");
    platform.advance(Duration.ofMillis(1));
    assertThat(heard.ids()).containsExactly("10.0.0.3:8080");
    assertThat(answers.asked).hasSize(3);
    platform.advance(Duration.ofSeconds(29));
    assertThat(answers.asked).as("the interval begins anew").hasSize(3);
    anInterval();
    assertThat(answers.asked).hasSize(4);
  }

  @Test
  void what_is_merged_or_held_is_refreshed_too() throws Exception {
    answers.host(CART, "10.0.0.1");
    Discovery whole =
        Discoveries.holding(
            Discoveries.merged(Discoveries.fixed(Endpoint.of("h", 1)), cart()),
            Duration.ofSeconds(30),
            platform);
    whole.watch(heard);
    platform.advance(Duration.ofSeconds(2));
    answers.host(CART, "10.0.0.2");
    whole.refresh();
    assertThat(heard.ids()).containsExactly("h:1", "10.0.0.2:8080");
  }

  @Test
  void after_close_nothing_is_asked_or_said() throws Exception {
    answers.host(CART, "10.0.0.1");
    DnsDiscovery cart = cart();
    AutoCloseable watch = cart.watch(heard);
    Heard other = new Heard();
    cart.watch(other);
    watch.close();
    watch.close();
    answers.host(CART, "10.0.0.2");
    anInterval();
    cart.refresh();
    assertThat(heard.topologies).hasSize(1);
    assertThat(other.ids()).containsExactly("10.0.0.2:8080");
    assertThat(platform.scheduled()).isEqualTo(1);
  }

  // ---- the resolver's words ----

  @Test
  void the_resolvers_words_tell_a_missing_name_from_a_missing_answer() throws Exception {
    for (String absent :
        new String[] {
          "x: Name or service not known",
          "x: No address associated with hostname",
          "x: Name does not resolve",
          "x: Name has no usable address",
          "x: nodename nor servname provided, or not known",
          "No such host is known (x)"
        }) {
      assertThat(stateAfter(absent)).as(absent).isEqualTo(State.ABSENT);
    }
    for (String failed :
        new String[] {
          "x: Temporary failure in name resolution",
          "x: Try again",
          "x: Der Name oder der Dienst ist nicht bekannt",
          "x: System error",
          null
        }) {
      assertThat(stateAfter(failed)).as(failed).isEqualTo(State.STALE);
    }
  }

  private State stateAfter(String text) throws Exception {
    answers.host("x", "10.0.0.1");
    DnsSource source =
        new DnsSource("x", 80, AddressFamily.IPV4, answers, Duration.ofSeconds(30), platform);
    source.look();
    answers.failing("x", text);
    return source.look().topology().state();
  }

  @Test
  void a_failure_out_of_the_jvms_cache_says_nothing_new() throws Exception {
    answers.failing(CART, CART); // so says the cache
    cart().watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.SYNCING);
    assertThat(heard.last().detail()).isEqualTo(CART + " is not known");
    answers.failing(CART, CART + NO_ANSWER);
    anInterval();
    answers.host(CART, "10.0.0.1");
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    answers.failing(CART, CART);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).as("not the old reason").isEqualTo(CART + " is not known");
    answers.failing(CART, CART + NO_SUCH_NAME);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    int told = heard.topologies.size();
    answers.failing(CART, CART);
    anInterval();
    answers.failing(CART, CART + NO_SUCH_NAME);
    anInterval();
    assertThat(heard.topologies).as("still absent, for the same reason").hasSize(told);
    answers.failing(CART, CART + NO_ANSWER);
    anInterval();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    told = heard.topologies.size();
    answers.failing(CART, CART);
    anInterval();
    assertThat(heard.topologies).as("still stale, for the same reason").hasSize(told);
  }

  // ---- the real resolver ----

  @Test
  void this_machines_resolver_is_asked() {
    Discoveries.dns("localhost", 8080).platform(platform).watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    assertThat(heard.ids()).containsExactly("127.0.0.1:8080");
  }

  /** In a JVM of its own, whose names stand in a file. */
  @Test
  void a_balancer_on_the_systems_platform_follows_the_name(@TempDir Path folder) throws Exception {
    Path hosts = folder.resolve("hosts");
    Path output = folder.resolve("output");
    Process process =
        new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "-Djdk.net.hosts.file=" + hosts,
                "-Dsun.net.inetaddr.ttl=0",
                "-Dsun.net.inetaddr.negative.ttl=0",
                "-cp",
                System.getProperty("java.class.path"),
                MovedName.class.getName(),
                hosts.toString())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(Files.readString(output))
        .contains("first 127.0.0.2:8080, then 127.0.0.3:8080 on a daemon: true", "dns " + CART);
  }

  static final class MovedName {
    public static void main(String[] args) throws Exception {
      Path hosts = Path.of(args[0]);
      Files.writeString(hosts, "127.0.0.2 " + CART + "\n");
      DnsDiscovery cart = Discoveries.dns(CART, 8080);
      try (Balancer balancer = Balancer.builder(cart).build()) {
        balancer.ready().toCompletableFuture().get(20, TimeUnit.SECONDS);
        Endpoint first = balancer.pick(PickContext.none());
        CompletableFuture<Thread> changed = new CompletableFuture<>();
        balancer.listen(
            candidates -> {
              if (!candidates.endpoint(0).equals(first)) {
                changed.complete(Thread.currentThread());
              }
            });
        Files.writeString(hosts, "127.0.0.3 " + CART + "\n");
        cart.refresh();
        Thread thread = changed.get(20, TimeUnit.SECONDS);
        System.out.println(
            "first "
                + first.id()
                + ", then "
                + balancer.pick(PickContext.none()).id()
                + " on a daemon: "
                + thread.isDaemon());
        System.out.println(balancer.explain());
      }
    }
  }

  // ---- bad input ----

  @Test
  void what_cannot_be_is_refused_with_value_and_expectation() {
    refused(() -> Discoveries.dns("http://cart", 80), "dns: host: \"http://cart\"", "host name");
    refused(() -> Discoveries.dns("", 80), "dns: host");
    refused(() -> Discoveries.dns("a..b", 80), "dns: host");
    refused(() -> Discoveries.dns("cart", 0), "dns: port: 0 (expected: 1 to 65535)");
    refused(() -> Discoveries.dns("cart", 65_536), "dns: port: 65536");
    DnsDiscovery cart = Discoveries.dns("cart", 80);
    refused(() -> cart.every(Duration.ofMillis(999)), "every: PT0.999S (expected: PT1S to PT24H)");
    assertThat(cart).hasToString("dns cart:80");
  }

  private static void refused(ThrowingCallable call, String... fragments) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll(fragments);
  }
}
