package io.steelyard.examples.demo;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * A pod: an HTTP server that answers with its name after a service time of 5 to 10 ms, ten times
 * that while it is slow, and works on few requests at once. Who waits a second for a place is told
 * that it is overloaded.
 */
final class Pod implements AutoCloseable {
  private static final int PLACES = 8;
  private static final int SLOW_FACTOR = 10;

  private final String name;
  private final InetSocketAddress address;
  private final Semaphore places = new Semaphore(PLACES);
  private final LongAdder received = new LongAdder();
  private final ExecutorService workers;
  private volatile boolean slow;
  private volatile boolean closing;
  private @Nullable HttpServer server;

  /** Starts a pod on the given address; port 0 takes a free one. */
  static Pod start(String name, InetSocketAddress address) throws IOException {
    HttpServer server = HttpServer.create(address, 0);
    Pod pod = new Pod(name, server.getAddress());
    pod.run(server);
    return pod;
  }

  private Pod(String name, InetSocketAddress address) {
    this.name = name;
    this.address = address;
    this.workers =
        Executors.newCachedThreadPool(
            work -> {
              Thread thread = new Thread(work, name);
              thread.setDaemon(true);
              return thread;
            });
  }

  private synchronized void run(HttpServer fresh) {
    server = fresh;
    fresh.setExecutor(workers);
    fresh.createContext("/", this::answer);
    fresh.start();
  }

  private void answer(HttpExchange exchange) throws IOException {
    received.increment();
    try (exchange) {
      if (!places.tryAcquire(1, TimeUnit.SECONDS)) {
        reply(exchange, 503, name + " is overloaded\n");
        return;
      }
      try {
        int micros = ThreadLocalRandom.current().nextInt(5_000, 10_000);
        TimeUnit.MICROSECONDS.sleep(slow ? (long) micros * SLOW_FACTOR : micros);
      } finally {
        places.release();
      }
      reply(exchange, 200, name + "\n");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void reply(HttpExchange exchange, int status, String text) throws IOException {
    if (closing) {
      exchange.getResponseHeaders().set("Connection", "close");
    }
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  String name() {
    return name;
  }

  /** Where it really listens. */
  InetSocketAddress address() {
    return address;
  }

  /** Requests that have arrived. */
  long received() {
    return received.sum();
  }

  boolean slow() {
    return slow;
  }

  void slow(boolean slow) {
    this.slow = slow;
  }

  /** Asks callers to take their connections elsewhere, as a server that is shutting down should. */
  void closing(boolean closing) {
    this.closing = closing;
  }

  /** Vanishes: open connections break, new ones are refused. */
  synchronized void kill() {
    if (server != null) {
      server.stop(0);
      server = null;
    }
  }

  /** Listens again where it did before. */
  synchronized void revive() throws IOException {
    if (server == null) {
      run(HttpServer.create(address, 0));
    }
  }

  @Override
  public void close() {
    kill();
    workers.shutdownNow();
  }
}
