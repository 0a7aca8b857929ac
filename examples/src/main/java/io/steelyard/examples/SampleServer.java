package io.steelyard.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A server for a pod: answers with the pod's name, and takes its leave as a server should. When it
 * is told to end it is not ready any longer, goes on for five seconds so that callers can notice,
 * and answers what it has.
 */
public final class SampleServer {
  private static final int LEAVE_SECONDS = 5;

  /** Runs it, on the port given, else on 8080. */
  public static void main(String... args) throws IOException {
    System.setProperty("sun.net.httpserver.nodelay", "true");
    int port = args.length == 0 ? 8080 : Integer.parseInt(args[0]);
    HttpServer server = start(port, LEAVE_SECONDS);
    System.out.println(name() + " listens on " + server.getAddress().getPort());
  }

  /** Starts to serve; a hook stops it when the process is told to end. */
  static HttpServer start(int port, int leaveSeconds) throws IOException {
    AtomicBoolean leaving = new AtomicBoolean();
    HttpServer server = HttpServer.create(new InetSocketAddress(port), 0);
    server.setExecutor(Executors.newCachedThreadPool());
    server.createContext("/", exchange -> reply(exchange, 200, name() + "\n", leaving));
    server.createContext(
        "/ready",
        exchange ->
            reply(
                exchange,
                leaving.get() ? 503 : 200,
                leaving.get() ? "leaving\n" : "ready\n",
                leaving));
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> leave(server, leaving, leaveSeconds), "leave"));
    server.start();
    return server;
  }

  private static void leave(HttpServer server, AtomicBoolean leaving, int seconds) {
    leaving.set(true);
    try {
      TimeUnit.SECONDS.sleep(seconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    server.stop(seconds);
  }

  private static void reply(HttpExchange exchange, int status, String text, AtomicBoolean leaving)
      throws IOException {
    try (exchange) {
      if (leaving.get()) {
        exchange.getResponseHeaders().set("Connection", "close");
      }
      byte[] body = text.getBytes(StandardCharsets.UTF_8);
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** The pod's name, which Kubernetes makes the host's. */
  private static String name() {
    String name = System.getenv("HOSTNAME");
    return name == null ? "server" : name;
  }

  private SampleServer() {}
}
