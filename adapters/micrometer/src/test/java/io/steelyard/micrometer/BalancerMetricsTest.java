package io.steelyard.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.BalancerBuilder;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BalancerMetricsTest {
  private final VirtualPlatform platform = new VirtualPlatform();
  private final ManualDiscovery discovery = new ManualDiscovery();
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private Balancer cart;

  private Balancer balancer(UnaryOperator<BalancerBuilder> settings) {
    cart =
        settings
            .apply(
                Balancer.builder(discovery)
                    .name("cart")
                    .strategy(Strategies.roundRobin())
                    .platform(platform))
            .build();
    return cart;
  }

  @AfterEach
  void close() {
    if (cart != null) {
      cart.close();
    }
  }

  private void publish(Endpoint... endpoints) {
    discovery.publish(endpoints);
    platform.advance(Duration.ofSeconds(1));
  }

  private static Endpoint pod(String name, String host) {
    return Endpoint.builder(name + "-uid:80").host(host).port(80).attribute("pod", name).build();
  }

  private double value(String name, String... tags) {
    return value(registry, name, tags);
  }

  private static double value(MeterRegistry registry, String name, String... tags) {
    Meter meter = registry.get(name).tags(tags).meter();
    return meter.measure().iterator().next().getValue();
  }

  private void request(Outcome outcome) {
    cart.begin(PickContext.none()).end(outcome);
  }

  @Test
  void outcomes_are_counted_exactly() {
    balancer(b -> b.stages());
    publish(Endpoint.of("10.0.0.7", 80), Endpoint.of("10.0.0.8", 80));
    BalancerMetrics.of("cart", cart).bindTo(registry);
    for (Outcome outcome : Outcome.values()) {
      for (int i = 0; i <= outcome.ordinal(); i++) {
        request(outcome);
      }
    }
    Attempt open = cart.begin(PickContext.none());
    for (Outcome outcome : Outcome.values()) {
      String tag = outcome.name().toLowerCase(java.util.Locale.ROOT);
      assertThat(value("lb.requests", "outcome", tag, "service", "cart", "strategy", "roundRobin"))
          .as(tag)
          .isEqualTo(outcome.ordinal() + 1);
    }
    assertThat(value("lb.requests.active")).isEqualTo(1);
    open.end(Outcome.SUCCESS);
    assertThat(value("lb.requests.active")).isZero();
    assertThat(value("lb.discovery.updates")).isEqualTo(1);
  }

  @Test
  void counts_stay_exact_while_threads_request_and_the_strategy_changes() throws Exception {
    publish(Endpoint.of("10.0.0.7", 80), Endpoint.of("10.0.0.8", 80));
    try (Balancer real =
            Balancer.builder(discovery).name("real").strategy(Strategies.roundRobin()).build();
        BalancerMetrics metrics = BalancerMetrics.of("real", real)) {
      metrics.bindTo(registry);
      int threads = 4;
      int each = 5_000;
      CountDownLatch done = new CountDownLatch(threads);
      for (int t = 0; t < threads; t++) {
        Thread thread =
            new Thread(
                () -> {
                  for (int i = 0; i < each; i++) {
                    real.begin(PickContext.none()).end(Outcome.SUCCESS);
                  }
                  done.countDown();
                });
        thread.setDaemon(true);
        thread.start();
      }
      double last = 0;
      for (int i = 0; !done.await(1, TimeUnit.MILLISECONDS); i++) {
        real.apply(
            LoadBalancingPolicy.of(i % 2 == 0 ? Strategies.random() : Strategies.roundRobin()));
        double now = successes();
        assertThat(now).isGreaterThanOrEqualTo(0);
        last = Math.max(last, now);
      }
      assertThat(last).isLessThanOrEqualTo(threads * each);
      assertThat(successes()).isEqualTo(threads * each);
      assertThat(registry.find("lb.requests").tag("outcome", "success").meters()).hasSize(2);
    }
  }

  private double successes() {
    double sum = 0;
    for (Meter meter : registry.find("lb.requests").tag("outcome", "success").meters()) {
      sum += meter.measure().iterator().next().getValue();
    }
    return sum;
  }

  @Test
  void the_strategys_tag_follows_the_policy_and_nothing_counted_is_lost() {
    balancer(b -> b);
    publish(Endpoint.of("10.0.0.7", 80));
    BalancerMetrics.of("cart", cart).bindTo(registry);
    int meters = registry.getMeters().size();
    request(Outcome.SUCCESS);
    request(Outcome.SUCCESS);

    cart.apply(cart.policy().strategy(Strategies.random()));
    request(Outcome.SUCCESS);
    assertThat(value("lb.requests", "strategy", "roundRobin", "outcome", "success")).isEqualTo(2);
    assertThat(value("lb.requests", "strategy", "random", "outcome", "success")).isEqualTo(1);

    cart.apply(cart.policy().strategy(Strategies.roundRobin()));
    request(Outcome.SUCCESS);
    assertThat(value("lb.requests", "strategy", "roundRobin", "outcome", "success")).isEqualTo(3);
    assertThat(value("lb.requests", "strategy", "random", "outcome", "success")).isEqualTo(1);

    for (int nodes = 1; nodes <= 1_000; nodes++) {
      cart.apply(cart.policy().strategy(Strategies.ringHash(nodes)));
    }
    request(Outcome.SUCCESS);
    String last = cart.policy().strategy().toString();
    assertThat(value("lb.requests", "strategy", last, "outcome", "success")).isEqualTo(1);
    assertThat(registry.getMeters())
        .as("the last strategy and the one before")
        .hasSize(meters + Outcome.values().length);
  }

  @Test
  void endpoints_are_counted_by_their_state() {
    balancer(
        b ->
            b.stages(Stages.ejection(2, Duration.ofSeconds(5), Duration.ofSeconds(5)))
                .available(endpoint -> !endpoint.host().equals("10.0.0.5")));
    Endpoint bad = Endpoint.of("10.0.0.9", 80);
    publish(
        Endpoint.of("10.0.0.7", 80),
        Endpoint.of("10.0.0.5", 80),
        Endpoint.of("10.0.0.8", 80).withDraining(true),
        Endpoint.of("10.0.0.6", 80).withWeight(0),
        bad);
    BalancerMetrics.of("cart", cart).bindTo(registry);
    assertThat(states()).containsExactly(2, 0, 0, 1, 1, 1);

    PickContext onBad = PickContext.none().avoiding(Endpoint.of("10.0.0.7", 80));
    for (int i = 0; i < 2; i++) {
      cart.begin(onBad).end(Outcome.FAILURE);
    }
    platform.advance(Duration.ofSeconds(1));
    assertThat(states()).as(cart.explain().toString()).containsExactly(1, 0, 1, 1, 1, 1);
    assertThat(value("lb.endpoint.ejections")).isEqualTo(1);

    platform.advance(Duration.ofSeconds(5));
    assertThat(states()).as("on probation").containsExactly(1, 1, 0, 1, 1, 1);
    assertThat(value("lb.endpoint.ejections")).isEqualTo(1);
  }

  private List<Integer> states() {
    return List.of("usable", "probing", "ejected", "draining", "disconnected", "excluded").stream()
        .map(state -> (int) value("lb.endpoints", "state", state))
        .toList();
  }

  @Test
  void retries_and_requests_without_an_endpoint_are_counted() throws Exception {
    balancer(b -> b.stages().retry(RetryPolicy.standard()));
    BalancerMetrics.of("cart", cart).bindTo(registry);
    assertThatThrownBy(() -> cart.begin(PickContext.none()))
        .isInstanceOf(NoEndpointException.class);
    assertThat(value("lb.requests.unserved")).isEqualTo(1);

    publish(Endpoint.of("10.0.0.7", 80), Endpoint.of("10.0.0.8", 80));
    AtomicReference<Endpoint> first = new AtomicReference<>();
    String answer =
        cart.<String, IOException>call(
            PickContext.none(),
            attempt -> {
              if (first.compareAndSet(null, attempt.endpoint())) {
                throw new ConnectException("refused");
              }
              return "ok";
            });
    assertThat(answer).isEqualTo("ok");
    assertThat(value("lb.retries")).isEqualTo(1);
    assertThat(value("lb.retries.refused")).isZero();
    assertThat(value("lb.requests", "outcome", "unreachable")).isEqualTo(1);
    assertThat(value("lb.requests", "outcome", "success")).isEqualTo(1);
  }

  @Test
  void the_list_has_a_state_and_an_age() {
    balancer(b -> b);
    AtomicReference<Duration> heard = new AtomicReference<>();
    BalancerMetrics.builder("cart", cart).staleness(heard::get).build().bindTo(registry);
    assertThat(value("lb.discovery.state", "state", "syncing")).isEqualTo(1);
    assertThat(value("lb.discovery.staleness")).isNaN();

    publish(Endpoint.of("10.0.0.7", 80));
    heard.set(Duration.ofMillis(1_500));
    assertThat(value("lb.discovery.state", "state", "syncing")).isZero();
    assertThat(value("lb.discovery.state", "state", "live")).isEqualTo(1);
    assertThat(value("lb.discovery.staleness")).isEqualTo(1.5);

    discovery.publish(
        Topology.of(Endpoint.of("10.0.0.7", 80)).with(Topology.State.STALE, "no route"));
    platform.advance(Duration.ofSeconds(1));
    assertThat(value("lb.discovery.state", "state", "live")).isZero();
    assertThat(value("lb.discovery.state", "state", "stale")).isEqualTo(1);
  }

  @Test
  void an_endpoints_meters_come_and_go_with_it() {
    balancer(b -> b.stages());
    publish(pod("cart-a", "10.0.0.7"));
    BalancerMetrics metrics =
        BalancerMetrics.builder("cart", cart).perEndpoint().platform(platform).build();
    metrics.bindTo(registry);
    assertThat(value("lb.endpoint.latency", "pod", "cart-a", "endpoint", "10.0.0.7:80")).isNaN();

    Attempt attempt = cart.begin(PickContext.none());
    platform.advance(Duration.ofMillis(20));
    assertThat(value("lb.endpoint.requests.active", "pod", "cart-a")).isEqualTo(1);
    attempt.end(Outcome.SUCCESS);
    assertThat(value("lb.endpoint.requests", "pod", "cart-a", "outcome", "success")).isEqualTo(1);
    assertThat(value("lb.endpoint.latency", "pod", "cart-a")).isCloseTo(0.02, within(0.001));
    assertThat(value("lb.endpoint.weight", "pod", "cart-a")).isEqualTo(1);

    // Another pod with the same address.
    publish(pod("cart-b", "10.0.0.7"));
    assertThat(registry.find("lb.endpoint.weight").tag("pod", "cart-a").meters()).isEmpty();
    assertThat(value("lb.endpoint.requests", "pod", "cart-b", "outcome", "success")).isZero();

    // Back before it was forgotten.
    publish(pod("cart-a", "10.0.0.7"));
    assertThat(value("lb.endpoint.requests", "pod", "cart-a", "outcome", "success")).isEqualTo(1);
    assertThat(registry.find("lb.endpoint.weight").meters()).hasSize(1);
  }

  @Test
  void a_thousand_replaced_pods_leave_no_meters() {
    balancer(b -> b);
    publish(pod("cart-0", "10.0.0.1"), pod("cart-1", "10.0.0.2"));
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    CompositeMeterRegistry composite = new CompositeMeterRegistry();
    composite.add(registry);
    BalancerMetrics metrics = BalancerMetrics.builder("cart", cart).perEndpoint().build();
    metrics.bindTo(composite);
    metrics.bindTo(prometheus);
    metrics.bindTo(prometheus);
    int meters = prometheus.getMeters().size();
    assertThat(registry.getMeters()).hasSize(meters);
    int lines = prometheus.scrape().split("\n").length;

    for (int i = 2; i <= 1_001; i++) {
      publish(
          pod("cart-" + (i - 1), "10.0." + (i - 1) / 250 + "." + (i - 1) % 250),
          pod("cart-" + i, "10.0." + i / 250 + "." + i % 250));
      request(Outcome.SUCCESS);
    }
    assertThat(cart.stats().topologyUpdates()).isEqualTo(1_001);
    assertThat(prometheus.getMeters()).hasSize(meters);
    assertThat(registry.getMeters()).hasSize(meters);
    assertThat(prometheus.scrape().split("\n")).hasSize(lines);
    assertThat(prometheus.scrape()).contains("pod=\"cart-1001\"").doesNotContain("pod=\"cart-0\"");

    metrics.close();
    metrics.close();
    assertThat(prometheus.getMeters()).isEmpty();
    assertThat(registry.getMeters()).isEmpty();
    assertThat(prometheus.scrape()).isBlank();
    publish(pod("cart-x", "10.0.0.1"));
    assertThat(prometheus.getMeters()).isEmpty();
    assertThatThrownBy(() -> metrics.bindTo(registry)).hasMessage("metrics of cart: closed");
  }

  @Test
  void prometheus_reads_what_one_would_expect() {
    balancer(b -> b);
    publish(pod("cart-a", "10.0.0.7"));
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    BalancerMetrics.builder("cart", cart)
        .perEndpoint()
        .tags("zone", "eu-1a")
        .staleness(() -> Duration.ofSeconds(3))
        .build()
        .bindTo(prometheus);
    request(Outcome.SUCCESS);
    assertThat(prometheus.scrape().lines())
        .contains(
            "lb_requests_total{outcome=\"success\",service=\"cart\",strategy=\"roundRobin\",zone=\"eu-1a\"}"
                + " 1.0",
            "lb_requests_active{service=\"cart\",zone=\"eu-1a\"} 0.0",
            "lb_endpoints{service=\"cart\",state=\"usable\",zone=\"eu-1a\"} 1.0",
            "lb_discovery_staleness_seconds{service=\"cart\",zone=\"eu-1a\"} 3.0",
            "lb_endpoint_requests_total{endpoint=\"10.0.0.7:80\",outcome=\"success\",pod=\"cart-a\",service=\"cart\",zone=\"eu-1a\"}"
                + " 1.0");
  }

  @Test
  void a_blank_service_is_refused() {
    balancer(b -> b);
    assertThatThrownBy(() -> BalancerMetrics.of(" ", cart))
        .hasMessage("service: \" \" (expected: not blank)");
  }
}
