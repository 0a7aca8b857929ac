package io.steelyard.examples;

import com.sun.net.httpserver.HttpServer;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import java.net.InetSocketAddress;
import java.net.URI;

/** Two servers and a call that goes to one of them. */
public final class FiveLines {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    int first = server("first");
    int second = server("second");

    try (Balancer cart =
        Balancer.of(Endpoint.of("127.0.0.1", first), Endpoint.of("127.0.0.1", second))) {
      String body = cart.call(PickContext.none(), attempt -> get(attempt.endpoint(), "/items"));
      System.out.println(body);
    }
    System.exit(0); // the servers would go on
  }

  private static String get(Endpoint endpoint, String path) throws Exception {
    try (var in = URI.create("http://" + endpoint.authority() + path).toURL().openStream()) {
      return new String(in.readAllBytes());
    }
  }

  private static int server(String name) throws Exception {
    HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, name.length());
          exchange.getResponseBody().write(name.getBytes());
          exchange.close();
        });
    server.start();
    return server.getAddress().getPort();
  }

  private FiveLines() {}
}
