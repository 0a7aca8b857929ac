package io.steelyard.kubernetes.testing;

import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpServer;
import io.steelyard.Balancer;
import io.steelyard.PickContext;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Requests through a balancer without end, two at a time, to real HTTP servers: one for each
 * endpoint, found by its id, as the addresses of pods lead nowhere here.
 */
public final class Traffic implements AutoCloseable {
  private final Balancer balancer;
  private final Map<String, HttpServer> servers = new ConcurrentHashMap<>();
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final HttpClient client = HttpClient.newBuilder().executor(workers).build();
  private final AtomicLong answered = new AtomicLong();
  private final Queue<String> lost = new ConcurrentLinkedQueue<>();
  private volatile boolean paused;
  private volatile boolean closed;

  public Traffic(Balancer balancer) {
    this.balancer = balancer;
    for (int i = 0; i < 2; i++) {
      workers.execute(this::run);
    }
  }

  private void run() {
    long n = 0;
    while (!closed) {
      if (!paused) {
        request("key-" + n++ % 50);
      }
      try {
        TimeUnit.MILLISECONDS.sleep(1);
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  private void request(String key) {
    try {
      int status =
          balancer
              .<HttpResponse<Void>, Exception>call(
                  PickContext.key(key), attempt -> get(attempt.endpoint().id()))
              .statusCode();
      if (status == 200) {
        answered.incrementAndGet();
      } else {
        lost.add("status " + status);
      }
    } catch (Exception e) {
      if (!closed) {
        lost.add(e.toString());
      }
    }
  }

  private HttpResponse<Void> get(String id) throws IOException, InterruptedException {
    int port = servers.computeIfAbsent(id, this::serve).getAddress().getPort();
    return client.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + "/")).build(),
        BodyHandlers.discarding());
  }

  private HttpServer serve(String id) {
    try {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.setExecutor(workers);
      server.createContext(
          "/",
          exchange -> {
            exchange.sendResponseHeaders(200, -1);
            exchange.close();
          });
      server.start();
      return server;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Requests that were answered. */
  public long answered() {
    return answered.get();
  }

  /** What went wrong with the others. */
  public Queue<String> lost() {
    return lost;
  }

  /** Waits until so many more have been answered, or one is lost. */
  public void pass(int more) {
    long until = answered.get() + more;
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> answered.get() >= until || !lost.isEmpty());
  }

  public void pause() {
    paused = true;
    await()
        .atMost(Duration.ofSeconds(60))
        .pollInterval(Duration.ofMillis(5))
        .until(() -> balancer.stats().inFlight() == 0);
  }

  public void resume() {
    paused = false;
  }

  @Override
  public void close() throws InterruptedException {
    closed = true;
    workers.shutdownNow();
    workers.awaitTermination(10, TimeUnit.SECONDS);
    servers.values().forEach(server -> server.stop(0));
  }
}
