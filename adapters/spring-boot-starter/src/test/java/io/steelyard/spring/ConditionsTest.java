package io.steelyard.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.testkit.ManualDiscovery;
import java.net.http.HttpClient;
import java.time.Duration;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.restclient.RestClientCustomizer;
import org.springframework.boot.restclient.autoconfigure.RestClientAutoConfiguration;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;

/** What is there when, and what is not. */
class ConditionsTest {
  private final ApplicationContextRunner application =
      new ApplicationContextRunner()
          .withConfiguration(
              AutoConfigurations.of(
                  SteelyardAutoConfiguration.class,
                  SteelyardRestClientAutoConfiguration.class,
                  SteelyardHealthAutoConfiguration.class,
                  SteelyardMetricsAutoConfiguration.class,
                  HttpClientAutoConfiguration.class,
                  RestClientAutoConfiguration.class,
                  MetricsAutoConfiguration.class));

  private final ApplicationContextRunner withCart =
      application.withPropertyValues("steelyard.services.cart.endpoints=10.0.0.7:8080");

  @Configuration(proxyBeanMethods = false)
  static class Injected {
    @Autowired @Balanced RestClient.Builder balanced;
    @Autowired @Balanced RestClient.Builder another;
    @Autowired RestClient.Builder ordinary;
    @Autowired @Balanced HttpClient client;

    @Autowired(required = false)
    HttpClient ordinaryClient;
  }

  @Test
  void only_the_mark_leads_to_what_balances() {
    withCart
        .withUserConfiguration(Injected.class)
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              Injected injected = context.getBean(Injected.class);
              assertThat(injected.balanced).isNotSameAs(injected.another);
              assertThat(injected.ordinary).isNotSameAs(injected.balanced);
              assertThat(injected.client).isInstanceOf(BalancedHttpClient.class);
              assertThat(injected.ordinaryClient).isNull();
              assertThat(injected.client.connectTimeout()).hasValue(Duration.ofSeconds(2));
            });
  }

  @Test
  void boots_settings_for_clients_are_the_balanced_ones_too() {
    withCart
        .withUserConfiguration(Injected.class)
        .withPropertyValues("spring.http.clients.connect-timeout=700ms")
        .withBean(
            RestClientCustomizer.class,
            () -> builder -> builder.defaultHeader("X-From", "customizer"))
        .run(
            context -> {
              Injected injected = context.getBean(Injected.class);
              assertThat(injected.client.connectTimeout()).hasValue(Duration.ofMillis(700));
              injected.balanced.defaultHeaders(
                  headers -> assertThat(headers.getFirst("X-From")).isEqualTo("customizer"));
            });
  }

  @Test
  void without_a_rest_client_there_are_balancers_only() {
    withCart
        .withClassLoader(new FilteredClassLoader(RestClientCustomizer.class))
        .run(
            context ->
                assertThat(context)
                    .hasSingleBean(Balancer.class)
                    .doesNotHaveBean("balancedHttpClient"));
  }

  @Test
  void health_needs_the_actuators_classes_a_balancer_and_to_be_enabled() {
    withCart.run(context -> assertThat(context).hasBean("steelyardHealthContributor"));
    application.run(context -> assertThat(context).doesNotHaveBean("steelyardHealthContributor"));
    withCart
        .withPropertyValues("management.health.steelyard.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean("steelyardHealthContributor"));
    withCart
        .withPropertyValues("management.health.defaults.enabled=false")
        .run(context -> assertThat(context).doesNotHaveBean("steelyardHealthContributor"));
    withCart
        .withClassLoader(new FilteredClassLoader(HealthContributor.class))
        .run(
            context ->
                assertThat(context).hasNotFailed().doesNotHaveBean("steelyardHealthContributor"));
  }

  @Test
  void health_is_down_where_no_endpoint_is_usable_and_says_why() {
    ManualDiscovery discovery = new ManualDiscovery();
    application
        .withBean("carts", ManualDiscovery.class, () -> discovery)
        .withPropertyValues(
            "steelyard.services.cart.discovery=carts",
            "steelyard.services.cart.strategy.type=RoundRobin")
        .run(
            context -> {
              HealthIndicator cart =
                  (HealthIndicator)
                      context.getBean(CompositeHealthContributor.class).getContributor("cart");
              assertThat(cart.health().getStatus().getCode()).isEqualTo("DOWN");
              assertThat(cart.health().getDetails())
                  .containsEntry("state", Topology.State.SYNCING)
                  .containsEntry("usable", 0L);

              discovery.publish(
                  Endpoint.of("10.0.0.7", 80), Endpoint.of("10.0.0.8", 80).withDraining(true));
              Awaitility.await().until(() -> cart.health().getStatus().getCode().equals("UP"));
              Health now = cart.health();
              assertThat(now.getDetails())
                  .containsEntry("state", Topology.State.LIVE)
                  .containsEntry("usable", 1L)
                  .containsEntry("endpoints", 2)
                  .containsEntry("strategy", "roundRobin");
            });
  }

  @Test
  void metrics_need_a_registry_and_a_balancer() {
    withCart.run(context -> assertThat(context).doesNotHaveBean("steelyardMeterBinder"));
    application
        .withBean(SimpleMeterRegistry.class)
        .run(context -> assertThat(context).doesNotHaveBean("steelyardMeterBinder"));
    withCart
        .withBean(SimpleMeterRegistry.class)
        .run(
            context -> {
              MeterRegistry registry = context.getBean(MeterRegistry.class);
              context.getBean(Balancer.class).begin(PickContext.none()).close();
              assertThat(
                      registry
                          .get("lb.requests")
                          .tags("service", "cart", "outcome", "failure")
                          .functionCounter()
                          .count())
                  .isEqualTo(1);
              assertThat(registry.find("lb.endpoint.weight").meters()).isEmpty();
            });
    withCart
        .withClassLoader(new FilteredClassLoader("io.micrometer"))
        .run(context -> assertThat(context).hasNotFailed().doesNotHaveBean("steelyardMeterBinder"));
  }

  @Test
  void meters_of_endpoints_are_asked_for_and_all_go_with_the_context() {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    withCart
        .withBean("registry", MeterRegistry.class, () -> registry)
        .withPropertyValues("steelyard.metrics.per-endpoint=true")
        .run(
            context ->
                assertThat(registry.get("lb.endpoint.weight").gauge().getId().getTag("endpoint"))
                    .isEqualTo("10.0.0.7:8080"));
    assertThat(registry.find("lb.endpoints").meters()).isEmpty();
  }
}
