package io.steelyard.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Balancer;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RestController;
import org.springframework.web.client.RestClient;

/** A real application with a web server and the actuator, and three real servers behind it. */
@ExtendWith(OutputCaptureExtension.class)
class ApplicationTest {
  @Configuration(proxyBeanMethods = false)
  @EnableAutoConfiguration
  @RestController
  static class Shop {
    private final RestClient cart;

    Shop(@Balanced RestClient.Builder builder) {
      this.cart = builder.baseUrl("http://cart").build();
    }

    @GetMapping("/items/{id}")
    String item(@PathVariable("id") String id) {
      return cart.get().uri("/items/{id}", id).retrieve().body(String.class);
    }

    @GetMapping("/add/{id}")
    String add(@PathVariable("id") String id) {
      return cart.post().uri("/items").body("item " + id).retrieve().body(String.class);
    }
  }

  private static ConfigurableApplicationContext start(String... properties) {
    return SpringApplication.run(Shop.class, properties);
  }

  private static HttpResponse<String> get(ConfigurableApplicationContext shop, String path)
      throws Exception {
    String port = shop.getEnvironment().getProperty("local.server.port");
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  @Test
  void an_application_calls_three_servers_and_loses_no_request_when_one_dies() throws Exception {
    try (Servers servers = new Servers(3);
        ConfigurableApplicationContext shop =
            start(
                "--server.port=0",
                "--spring.main.banner-mode=off",
                "--steelyard.services.cart.endpoints=" + servers.list(),
                "--steelyard.services.cart.strategy.type=RoundRobin",
                "--steelyard.services.cart.retry.max-attempts=3",
                "--management.endpoint.health.show-details=always",
                "--management.endpoint.health.probes.enabled=true",
                "--management.endpoints.web.exposure.include=health,metrics")) {
      Map<String, Integer> answers = new TreeMap<>();
      for (int i = 0; i < 30; i++) {
        answers.merge(get(shop, "/items/" + i).body(), 1, Integer::sum);
      }
      assertThat(answers.keySet()).containsExactlyInAnyOrderElementsOf(servers.authorities());
      assertThat(answers.values()).containsOnly(10);

      servers.stop(0);
      for (int i = 0; i < 30; i++) {
        HttpResponse<String> answer = get(shop, i % 2 == 0 ? "/items/1" : "/add/1");
        assertThat(answer.statusCode()).as(answer.body()).isEqualTo(200);
        assertThat(answer.body()).doesNotStartWith(servers.authorities().get(0));
        assertThat(answer.body().contains("got item 1")).isEqualTo(i % 2 != 0);
      }

      assertThat(get(shop, "/actuator/health/steelyard/cart").body())
          .contains("\"status\":\"UP\"", "\"usable\":2", "\"endpoints\":3", "\"state\":\"LIVE\"");
      assertThat(get(shop, "/actuator/health/readiness").body())
          .contains("UP")
          .doesNotContain("steelyard");
      String metrics =
          get(shop, "/actuator/metrics/lb.requests?tag=service:cart&tag=outcome:success").body();
      assertThat(metrics).contains("\"value\":60.0");
      assertThat(get(shop, "/actuator/metrics/lb.endpoints?tag=state:ejected").body())
          .contains("\"value\":1.0");
      // What Boot measures of the client goes by the service, not by its pods.
      assertThat(get(shop, "/actuator/metrics/http.client.requests?tag=client.name:cart").body())
          .contains("http.client.requests");
      assertThat(shop.getBean(Balancer.class).stats().inFlight()).isZero();
    }
  }

  @Test
  void a_failed_start_says_which_property_where_and_what_it_may_be(CapturedOutput output) {
    try {
      start(
              "--server.port=0",
              "--steelyard.services.cart.endpoints=10.0.0.7:80",
              "--steelyard.services.cart.strategy.type=Robin")
          .close();
      throw new AssertionError("it started");
    } catch (RuntimeException failed) {
      assertThat(output.getAll())
          .contains("APPLICATION FAILED TO START")
          .contains(
              "steelyard.services.cart.strategy.type: \"Robin\" (expected: one of RoundRobin,")
          .contains(
              "Change steelyard.services.cart.strategy.type, which stands in"
                  + " \"steelyard.services.cart.strategy.type\" from property source"
                  + " \"commandLineArgs\".");
    }
  }

  @Test
  void the_properties_have_metadata() throws Exception {
    try (var in = getClass().getResourceAsStream("/META-INF/spring-configuration-metadata.json")) {
      String metadata = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      assertThat(metadata)
          .contains("\"steelyard.services\"", "\"steelyard.metrics.per-endpoint\"")
          .contains("Services by name, which is the host in");
    }
  }
}
