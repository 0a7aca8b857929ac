package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

final class ManyRequestsTest {
  private static final int THREADS = 200;
  private static final int REQUESTS = 10_000;

  @Test
  @Timeout(60)
  void nothingIsLeftInFlight() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try (Pods pods = new Pods()) {
      Pod[] all = {pods.pod("127.0.0.2"), pods.pod("127.0.0.3"), pods.pod("127.0.0.4")};
      Balancer balancer = Listing.of(all);
      HttpClient client =
          BalancedHttpClient.wrap(
                  HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build())
              .service("cart", balancer)
              .build();
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://cart/")).build();
      List<Future<?>> running = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        running.add(
            threads.submit(
                () -> {
                  for (int n = 0; n < REQUESTS / THREADS; n++) {
                    switch (n % 3) {
                      case 0 -> client.send(request, BodyHandlers.ofString());
                      case 1 -> client.sendAsync(request, BodyHandlers.ofByteArray()).get();
                      default -> {
                        try (InputStream body =
                            client.send(request, BodyHandlers.ofInputStream()).body()) {
                          body.readAllBytes();
                        }
                      }
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> each : running) {
        each.get();
      }
      assertThat(balancer.stats().inFlight()).isZero();
      assertThat(balancer.stats().begun()).isEqualTo(REQUESTS);
      assertThat(balancer.stats().count(Outcome.SUCCESS)).isEqualTo(REQUESTS);
      for (Pod pod : all) {
        assertThat(pod.requests.get()).isBetween(REQUESTS / 3 - 2, REQUESTS / 3 + 2);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  /**
   * Cancels at random moments: before the headers, in mid-body, too late. No connection is used
   * twice: one that the JDK's client has given to the next request it would still close for a
   * cancel of the last one, in the moment between the end of the body and that of its future. The
   * next request is then a failure indeed, so that none could not be promised.
   */
  @Test
  @Timeout(60)
  void nothingIsLeftInFlightWhateverIsCancelledWhen() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    byte[] half = new byte[40_000];
    HttpHandler twoHalves =
        exchange -> {
          exchange.getResponseHeaders().set("Connection", "close");
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write(half);
          exchange.getResponseBody().flush();
          Thread.yield();
          exchange.getResponseBody().write(half);
          exchange.close();
        };
    try (Pods pods = new Pods()) {
      Pod[] all = {
        pods.pod("127.0.0.2", twoHalves),
        pods.pod("127.0.0.3", twoHalves),
        pods.refusing("127.0.0.4")
      };
      Balancer balancer = Listing.of(all);
      BalancedHttpClient client =
          BalancedHttpClient.wrap(HttpClient.newHttpClient()).service("cart", balancer).build();
      HttpRequest request = HttpRequest.newBuilder(URI.create("http://cart/")).build();
      for (int i = 0; i < 2_000; i++) {
        CompletableFuture<?> future;
        if (random.nextBoolean()) {
          future = client.sendAsync(request, BodyHandlers.ofByteArray());
        } else {
          CompletableFuture<HttpResponse<InputStream>> stream =
              client.sendAsync(request, BodyHandlers.ofInputStream());
          stream.thenAccept(this::close);
          future = stream;
        }
        TimeUnit.MICROSECONDS.sleep(random.nextInt(1_500));
        switch (random.nextInt(4)) {
          case 0 -> future.cancel(true);
          case 1 -> future.completeExceptionally(new TimeoutException());
          default -> {}
        }
      }
      await("seed " + seed).until(() -> balancer.stats().inFlight() == 0);
      assertThat(balancer.stats().count(Outcome.FAILURE)).as("seed %d", seed).isZero();
      assertThat(client.abandonedBodies()).isZero();
    }
  }

  private void close(HttpResponse<InputStream> response) {
    try {
      response.body().close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
