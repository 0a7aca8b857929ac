package io.steelyard.examples;

import com.sun.net.httpserver.HttpServer;
import io.steelyard.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.URI;

/** A server that says its name, for the examples to have somebody to talk to. */
final class Hello implements AutoCloseable {
  private final HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);

  Hello(String name) throws IOException {
    server.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(200, name.length());
          exchange.getResponseBody().write(name.getBytes());
          exchange.close();
        });
    server.start();
  }

  Endpoint endpoint() {
    return Endpoint.of("127.0.0.1", server.getAddress().getPort());
  }

  /** What the server there says. */
  static String ask(Endpoint endpoint) throws IOException {
    try (InputStream in = URI.create("http://" + endpoint.authority()).toURL().openStream()) {
      return new String(in.readAllBytes());
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
