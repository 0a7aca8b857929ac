package io.steelyard.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.benmanes.caffeine.cache.Caffeine;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.PickContext;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.env.MapPropertySource;
import org.springframework.core.env.StandardEnvironment;

class SteelyardAutoConfigurationTest {
  private static final String CART = "steelyard.services.cart.";
  private static final String ENDPOINTS = CART + "endpoints=10.0.0.7:8080,10.0.0.8:8080";

  private final ApplicationContextRunner application =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  SteelyardAutoConfiguration.class,
                  SteelyardMetricsAutoConfiguration.class,
                  MetricsAutoConfiguration.class));

  @Configuration(proxyBeanMethods = false)
  static class Shop {
    @Autowired
    @Qualifier("cart")
    Balancer cart;

    @Autowired
    @Qualifier("user-profiles")
    Balancer users;
  }

  @Test
  void each_service_has_a_balancer_with_its_name_as_qualifier() {
    application
        .withUserConfiguration(Shop.class)
        .withPropertyValues(ENDPOINTS, "steelyard.services.user-profiles.endpoints=[::1]:80")
        .run(
            context -> {
              assertThat(context).getBeans(Balancer.class).hasSize(2);
              Shop shop = context.getBean(Shop.class);
              assertThat(shop.cart).isSameAs(context.getBean("cartBalancer"));
              assertThat(shop.cart.explain().name()).isEqualTo("cart");
              assertThat(shop.cart.candidates().topology().endpoints())
                  .containsExactly(Endpoint.of("10.0.0.7", 8080), Endpoint.of("10.0.0.8", 8080));
              assertThat(shop.users.candidates().endpoint(0)).isEqualTo(Endpoint.of("::1", 80));
            });
  }

  @Test
  void without_services_an_application_starts_as_ever() {
    application.run(context -> assertThat(context).doesNotHaveBean(Balancer.class));
  }

  @Test
  void what_is_left_out_is_the_librarys_default() {
    application
        .withPropertyValues(ENDPOINTS)
        .run(
            context -> {
              try (Balancer plain = Balancer.of(Endpoint.of("10.0.0.7", 8080))) {
                Balancer cart = context.getBean(Balancer.class);
                assertThat(cart.policy()).hasToString(plain.policy().toString());
                assertThat(RetryPolicy.of(cart)).isNull();
              }
            });
  }

  @Test
  void strategy_stages_and_retries_are_read() {
    application
        .withPropertyValues(
            ENDPOINTS,
            CART + "strategy.type=SessionAffinity",
            CART + "strategy.idle=90m",
            CART + "strategy.maximum-size=100000",
            CART + "strategy.fallback.type=RingHash",
            CART + "strategy.fallback.virtual-nodes=200",
            CART + "stages.ejection.failures=3",
            CART + "stages.ejection.most=10m",
            CART + "stages.ejection.panic-below=0.4",
            CART + "stages.outliers.requests=50",
            CART + "stages.zone.name=eu-1a",
            CART + "stages.subset.size=20",
            CART + "stages.slow-start.window=30s",
            CART + "stages.slow-start.aggression=2",
            CART + "stages.max-in-flight=100",
            CART + "retry.max-attempts=4",
            CART + "retry.backoff.base=10ms",
            CART + "retry.per-try-timeout=500ms",
            CART + "retry.deadline=2s",
            CART + "retry.on=unreachable,overloaded",
            CART + "retry.budget.share=0.1",
            CART + "await-first=1s",
            CART + "latency-decay=5s")
        .run(
            context -> {
              Balancer cart = context.getBean(Balancer.class);
              assertThat(cart.policy())
                  .hasToString(
                      "ejection.panicBelow(0.4) → outliers → zone(eu-1a) → subset(20) → "
                          + "slowStart(PT30S, 2.0) → maxInFlight(100) → "
                          + Strategies.sessionAffinity(
                              Strategies.ringHash(200), Duration.ofMinutes(90), 100_000));
              assertThat(RetryPolicy.of(cart))
                  .hasToString(
                      "retry(4 attempts, PT0.01S to PT1S, each within PT0.5S, all within PT2S, on"
                          + " [UNREACHABLE, OVERLOADED], "
                          + RetryPolicy.of(cart).budget()
                          + ")");
              assertThat(RetryPolicy.of(cart).budget().toString()).contains("10 %");
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          strategy.type=Robin            | strategy.type: "Robin" (expected: one of RoundRobin, WeightedRoundRobin
          strategy.metric=PeakEwma       | strategy.type: missing (expected: one of RoundRobin
          stages.ejection.panic-below=2  | stages.ejection.panic-below: 2.0 (expected: 0 to 1)
          stages.ejection.base=-5s       | stages.ejection.base: "PT-5S" (expected: a duration such as 500ms, 30s or 1m30s)
          stages.max-in-flight=0         | stages.max-in-flight: 0 (expected: >= 1)
          retry.max-attempts=0           | retry.max-attempts: 0 (expected: 1 to 100)
          retry.backoff.base=2s          | retry.backoff: base: PT2S (expected: 0 to most, PT1S)
          retry.deadline=0s              | retry.deadline: PT0S (expected: > 0, up to 1 day)
          retry.on=success               | retry.on: SUCCESS (expected: UNREACHABLE, FAILURE, TIMEOUT or OVERLOADED)
          retry.budget.share=11          | retry.budget: share: 11.0 (expected:
          await-first=-1s                | await-first: PT-1S (expected: 0 to 1 day)
          latency-decay=0s               | latency-decay: PT0S (expected: 1 ms to 10 minutes)
          endpoints[0]=10.0.0.7          | endpoints[0]: "10.0.0.7" (expected: host:port, such as 10.0.0.7:8080)
          endpoints[0]=10.0.0.7:70000    | endpoints[0]: "10.0.0.7:70000" (expected: host:port
          discovery=nobody               | 2 sources of endpoints (expected: one of endpoints, dns, file, kubernetes, discovery)
          dns=cart:80                    | 2 sources of endpoints
          file=/etc/cart                 | 2 sources of endpoints
          """)
  void what_is_wrong_stops_the_start_with_key_and_expectation(String property, String message) {
    application
        .withPropertyValues(CART + "endpoints[0]=10.0.0.7:8080", CART + property)
        .run(
            context -> {
              assertThat(context).hasFailed();
              String said = complaint(context.getStartupFailure()).getMessage();
              assertThat(said).startsWith("steelyard.services.cart").contains(message);
            });
  }

  @Test
  void a_name_with_dots_is_in_brackets_and_so_is_the_key_that_is_wrong() {
    String cart = "steelyard.services[cart.shop].";
    application
        .withPropertyValues(cart + "endpoints=10.0.0.7:8080", cart + "strategy.type=Robin")
        .run(
            context -> {
              Throwable complaint = complaint(context.getStartupFailure());
              assertThat(complaint).hasMessageStartingWith(cart + "strategy.type: \"Robin\"");
              assertThat(
                      new ServiceConfigurationFailureAnalyzer(environment(cart + "strategy.type"))
                          .analyze(complaint)
                          .getAction())
                  .contains("which stands in");
            });
    application
        .withPropertyValues(cart + "endpoints=10.0.0.7:8080")
        .run(context -> assertThat(context).hasBean("cart.shopBalancer"));
  }

  private static StandardEnvironment environment(String property) {
    StandardEnvironment environment = new StandardEnvironment();
    environment
        .getPropertySources()
        .addFirst(new MapPropertySource("properties", Map.of(property, "Robin")));
    ConfigurationPropertySources.attach(environment);
    return environment;
  }

  private static Throwable complaint(Throwable failure) {
    Throwable cause = failure;
    while (!(cause instanceof ServiceConfigurationException)) {
      assertThat(cause.getCause()).as("a complaint of ours in %s", failure).isNotNull();
      cause = cause.getCause();
    }
    return cause;
  }

  @Test
  void a_misspelt_key_stops_the_start() {
    application
        .withPropertyValues(ENDPOINTS, CART + "stratgy.type=Random")
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .hasStackTraceContaining("steelyard.services.cart.stratgy.type"));
  }

  @Test
  void a_service_without_endpoints_and_a_discovery_that_is_none_stop_the_start() {
    application
        .withPropertyValues(CART + "await-first=1s")
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessage(
                        "steelyard.services.cart: 0 sources of endpoints (expected: one of"
                            + " endpoints, dns, file, kubernetes, discovery)"));
    application
        .withPropertyValues(CART + "discovery=nobody")
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessage(
                        "steelyard.services.cart.discovery: \"nobody\" (expected: the name of a"
                            + " bean of type Discovery)"));
  }

  @Test
  void endpoints_come_from_a_name_or_a_file(@TempDir Path folder) throws Exception {
    Path file = Files.writeString(folder.resolve("cart"), "10.0.0.7:8080 weight=3\n");
    application
        .withPropertyValues(CART + "file=" + file, "steelyard.services.search.dns=localhost:9000")
        .run(
            context -> {
              Balancer cart = context.getBean("cartBalancer", Balancer.class);
              assertThat(cart.candidates().topology().endpoints())
                  .containsExactly(Endpoint.of("10.0.0.7", 8080).withWeight(3));
              Balancer search = context.getBean("searchBalancer", Balancer.class);
              search.ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
              assertThat(search.candidates().topology().endpoints())
                  .containsExactly(Endpoint.of("127.0.0.1", 9000));
            });
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          cart.example.com | .dns: "cart.example.com" (expected: host:port, such as cart.example.com:8080)
          [::1]:80         | .dns: dns: host: "::1" (expected: a host name)
          """)
  void a_name_that_cannot_be_looked_up_stops_the_start(String name, String message) {
    application
        .withPropertyValues(CART + "dns=" + name)
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessage("steelyard.services.cart" + message));
  }

  @Test
  void a_name_that_no_host_can_have_stops_the_start() {
    application
        .withPropertyValues("steelyard.services[user_profiles].endpoints=10.0.0.7:8080")
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessageContaining("\"user_profiles\" (expected: a host name"));
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnDiscovery {
    @Bean
    Discovery carts() {
      return new ManualDiscovery(Endpoint.of("10.0.0.9", 80));
    }

    @Bean
    BalancerCustomizer randomly() {
      return (service, balancer) -> {
        if (service.equals("cart")) {
          balancer.strategy(Strategies.random());
        }
      };
    }
  }

  @Test
  void a_discovery_of_ones_own_is_used_and_closed_with_the_context() {
    ManualDiscovery[] seen = new ManualDiscovery[1];
    Balancer[] balancer = new Balancer[1];
    application
        .withUserConfiguration(OwnDiscovery.class)
        .withPropertyValues(CART + "discovery=carts")
        .run(
            context -> {
              balancer[0] = context.getBean("cartBalancer", Balancer.class);
              seen[0] = (ManualDiscovery) context.getBean(Discovery.class);
              assertThat(seen[0].watchers()).isEqualTo(1);
              assertThat(balancer[0].pick(PickContext.none()).host()).isEqualTo("10.0.0.9");
              assertThat(balancer[0].policy().strategy()).hasToString("random");
            });
    assertThat(seen[0].watchers()).isZero();
    assertThatThrownBy(() -> balancer[0].begin(PickContext.none()))
        .isInstanceOf(NoEndpointException.class)
        .hasMessageContaining("closed");
  }

  @Configuration(proxyBeanMethods = false)
  static class OwnBalancer {
    @Bean
    Balancer cartBalancer() {
      return Balancer.of(Endpoint.of("10.0.0.1", 80));
    }
  }

  @Test
  void a_balancer_of_ones_own_takes_the_place_of_one_from_properties() {
    application
        .withUserConfiguration(OwnBalancer.class)
        .withPropertyValues(ENDPOINTS)
        .run(
            context ->
                assertThat(context.getBean(Balancer.class).candidates().endpoint(0).host())
                    .isEqualTo("10.0.0.1"));
  }

  @Test
  void a_service_of_kubernetes_is_watched_with_the_applications_client() {
    KubernetesMockServer server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(),
            false);
    server.init();
    try (KubernetesClient client = server.createClient()) {
      client.resource(slice()).create();
      application
          .withBean("kubernetesClient", KubernetesClient.class, () -> client)
          .withBean(SimpleMeterRegistry.class)
          .withPropertyValues(CART + "kubernetes.namespace=shop", CART + "kubernetes.port=http")
          .run(
              context -> {
                Balancer cart = context.getBean(Balancer.class);
                Awaitility.await().until(() -> cart.candidates().usable() == 1);
                assertThat(cart.candidates().endpoint(0).authority()).isEqualTo("10.1.2.3:8080");
                assertThat(
                        context
                            .getBean(SimpleMeterRegistry.class)
                            .get("lb.discovery.staleness")
                            .timeGauge()
                            .value(TimeUnit.SECONDS))
                    .isBetween(0.0, 60.0);
              });
    } finally {
      destroy(server);
    }
  }

  private static void destroy(KubernetesMockServer server) {
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      // It waits ten seconds for its connections at most, and then says so; they are gone anyway.
    }
  }

  private static EndpointSlice slice() {
    return new EndpointSliceBuilder()
        .withNewMetadata()
        .withNamespace("shop")
        .withName("cart-1")
        .addToLabels("kubernetes.io/service-name", "cart")
        .endMetadata()
        .withAddressType("IPv4")
        .addNewPort()
        .withName("http")
        .withPort(8080)
        .endPort()
        .addNewEndpoint()
        .withAddresses("10.1.2.3")
        .withNewConditions()
        .withReady(true)
        .endConditions()
        .endEndpoint()
        .build();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          namespace=Shop                       | .namespace: "Shop" (expected: a DNS label
          port=99999                           | .port: 99999 (expected: 1 to 65535)
          kubeconfig=/there/is/none            | /there/is/none
          context=eu                           | .context: "eu" (expected: only with kubeconfig)
          """)
  void what_is_wrong_with_a_service_of_kubernetes_stops_the_start(String property, String message) {
    application
        .withPropertyValues(CART + "kubernetes." + property)
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessageStartingWith("steelyard.services.cart.kubernetes")
                    .hasMessageContaining(message));
  }

  @Test
  void without_the_module_for_kubernetes_the_start_fails_and_says_so() {
    application
        .withClassLoader(new FilteredClassLoader("io.steelyard.kubernetes", "io.fabric8"))
        .withPropertyValues(CART + "kubernetes.namespace=shop")
        .run(
            context ->
                assertThat(complaint(context.getStartupFailure()))
                    .hasMessage(
                        "steelyard.services.cart.kubernetes: steelyard-kubernetes-discovery is not"
                            + " on the class path (expected: that dependency)"));
    application
        .withClassLoader(new FilteredClassLoader("io.steelyard.kubernetes", "io.fabric8"))
        .withPropertyValues(ENDPOINTS)
        .run(context -> assertThat(context).hasSingleBean(Balancer.class));
  }

  @Test
  void these_tests_run_with_the_caffeine_that_boot_manages() {
    assertThat(Caffeine.class.getProtectionDomain().getCodeSource().getLocation().toString())
        .endsWith("caffeine-3.2.4.jar");
  }
}
