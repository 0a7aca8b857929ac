package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.steelyard.Balancer;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import org.junit.jupiter.api.Test;

/** The examples for Micrometer and Spring do what they say. */
class SpringAndMetricsTest {
  @Test
  void metrics_are_printed() {
    assertThat(printed(Metrics::main))
        .contains("lb.requests(COUNTER)")
        .containsPattern("outcome='success'.*; count=1");
  }

  @Test
  void a_spring_application_calls_a_service_by_name() throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/items",
        exchange -> {
          exchange.sendResponseHeaders(200, 5);
          exchange.getResponseBody().write("apple".getBytes());
          exchange.close();
        });
    server.start();
    try {
      String cart = "127.0.0.1:" + server.getAddress().getPort();
      assertThat(
              printed(
                  () ->
                      SpringShop.main(
                          "--spring.main.web-application-type=none",
                          "--steelyard.services.cart.endpoints=" + cart)))
          .contains("apple");
    } finally {
      server.stop(0);
    }
  }

  @Test
  void without_the_starter_two_beans_do() throws Exception {
    try (Hello pod = new Hello("pear");
        Balancer cart = Balancer.of(pod.endpoint())) {
      assertThat(
              new WithoutStarter()
                  .cartClient(cart)
                  .get()
                  .uri("http://cart/items")
                  .retrieve()
                  .body(String.class))
          .isEqualTo("pear");
    }
  }

  private static String printed(Runnable example) {
    PrintStream before = System.out;
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    System.setOut(new PrintStream(out, true));
    try {
      example.run();
    } finally {
      System.setOut(before);
    }
    return out.toString();
  }
}
