package io.steelyard.examples;

import com.sun.net.httpserver.HttpServer;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import java.net.InetSocketAddress;
import java.net.URI;

/** Two servers, one balancer, six calls. */
public final class FiveLines {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    try (Balancer cart = Balancer.of(server("one"), server("two"))) {
      for (int i = 0; i < 6; i++) {
        String answer = cart.call(PickContext.none(), attempt -> get(attempt.endpoint()));
        System.out.println(answer);
      }
      System.out.println(cart.explain());
    }
    System.exit(0); // the servers would go on
  }

  private static String get(Endpoint endpoint) throws Exception {
    try (var in = URI.create("http://" + endpoint.authority() + "/").toURL().openStream()) {
      return new String(in.readAllBytes());
    }
  }

  private static Endpoint server(String name) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, name.length());
          exchange.getResponseBody().write(name.getBytes());
          exchange.close();
        });
    server.start();
    return Endpoint.of("127.0.0.1", server.getAddress().getPort());
  }

  private FiveLines() {}
}
