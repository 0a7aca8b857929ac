package io.steelyard.spring;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** Real HTTP servers on 127.0.0.x, each answering with its own address. */
final class Servers implements AutoCloseable {
  private final List<HttpServer> servers = new ArrayList<>();
  private final List<String> authorities = new ArrayList<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "pod");
            thread.setDaemon(true);
            return thread;
          });

  Servers(int count) {
    for (int i = 1; i <= count; i++) {
      start("127.0.0." + i);
    }
  }

  private void start(String host) {
    try {
      HttpServer server = HttpServer.create(new InetSocketAddress(host, 0), 100);
      String authority = host + ":" + server.getAddress().getPort();
      server.setExecutor(threads);
      server.createContext(
          "/",
          exchange -> {
            byte[] sent = exchange.getRequestBody().readAllBytes();
            String text = authority + (sent.length == 0 ? "" : " got " + new String(sent));
            exchange.sendResponseHeaders(200, text.length());
            exchange.getResponseBody().write(text.getBytes());
            exchange.close();
          });
      server.start();
      servers.add(server);
      authorities.add(authority);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  List<String> authorities() {
    return authorities;
  }

  /** {@code a:1,b:2}. */
  String list() {
    return String.join(",", authorities);
  }

  void stop(int i) {
    servers.get(i).stop(0);
  }

  @Override
  public void close() {
    servers.forEach(server -> server.stop(0));
    threads.shutdownNow();
  }
}
