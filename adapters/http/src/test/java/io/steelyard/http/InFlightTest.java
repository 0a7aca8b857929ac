package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Flow;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class InFlightTest {
  private static final HttpClient JDK = HttpClient.newHttpClient();
  private static final HttpRequest REQUEST =
      HttpRequest.newBuilder(URI.create("http://cart/")).build();
  private final Pods pods = new Pods();
  private final CountDownLatch finish = new CountDownLatch(1);

  @AfterEach
  void stop() throws Exception {
    finish.countDown();
    pods.close();
  }

  private static BalancedHttpClient client(Balancer balancer) {
    return BalancedHttpClient.wrap(JDK).service("cart", balancer).build();
  }

  /** Sends headers and the first part of a body, and the second when told to. */
  private Pod slow() {
    return pods.pod("127.0.0.2", this::halfAndHalf);
  }

  private void halfAndHalf(HttpExchange exchange) throws IOException {
    exchange.sendResponseHeaders(200, 0);
    exchange.getResponseBody().write("first ".getBytes());
    exchange.getResponseBody().flush();
    awaitFinish();
    exchange.getResponseBody().write("second".getBytes());
    exchange.close();
  }

  private void awaitFinish() {
    awaitLatch(finish);
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Sends headers and nothing more, and holds the connection. */
  private Pod silent() {
    return pods.raw(
        "127.0.0.2",
        socket -> {
          Pods.readHead(socket);
          awaitFinish();
        });
  }

  /** Promises a hundred bytes and closes after three. */
  private Pod breaking() {
    return pods.raw(
        "127.0.0.2",
        socket -> {
          Pods.readHead(socket);
          socket
              .getOutputStream()
              .write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".getBytes());
        });
  }

  private static void awaitBegun(Balancer balancer) {
    await().until(() -> balancer.stats().begun() > 0);
  }

  /**
   * The JDK's client gives the connection back at the end of the body, and closes it nevertheless
   * if the request is cancelled before its future is done.
   */
  @Test
  void aCancelAfterTheEndOfTheBodyLeavesTheConnectionToTheNextRequest() throws Exception {
    CountDownLatch bodyIsThere = new CountDownLatch(1);
    CountDownLatch nextIsThere = new CountDownLatch(1);
    CountDownLatch cancelled = new CountDownLatch(1);
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              if (exchange.getRequestMethod().equals("POST")) {
                nextIsThere.countDown();
                awaitFinish();
              }
              Pods.answer(exchange, 200, "hello");
            });
    Balancer balancer = Listing.of(pod);
    HttpClient client = client(balancer);
    CompletableFuture<HttpResponse<String>> first =
        client.sendAsync(
            REQUEST,
            info ->
                BodySubscribers.mapping(
                    BodySubscribers.ofString(StandardCharsets.UTF_8),
                    text -> {
                      bodyIsThere.countDown();
                      awaitLatch(cancelled);
                      return text;
                    }));
    awaitLatch(bodyIsThere);
    HttpRequest post = // which the JDK's client does not repeat by itself
        HttpRequest.newBuilder(REQUEST.uri()).POST(BodyPublishers.noBody()).build();
    CompletableFuture<HttpResponse<String>> next = client.sendAsync(post, BodyHandlers.ofString());
    awaitLatch(nextIsThere);

    assertThat(first.cancel(true)).isTrue();
    cancelled.countDown();
    finish.countDown();

    assertThat(next.get(20, TimeUnit.SECONDS).body()).isEqualTo("hello");
    assertThat(pod.clients).hasSize(1); // one connection, or this test shows nothing
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 2L));
  }

  @Test
  void aRequestIsInFlightUntilItsBodyEnds() throws Exception {
    Balancer balancer = Listing.of(slow());
    HttpResponse<InputStream> response =
        client(balancer).send(REQUEST, BodyHandlers.ofInputStream());
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    assertThat(balancer.candidates().stats(0).hasLatency()).isTrue(); // taken at the headers

    finish.countDown();
    assertThat(new String(response.body().readAllBytes())).isEqualTo("first second");
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
  }

  @Test
  void aStringIsInFlightUntilItIsThere() throws Exception {
    Balancer balancer = Listing.of(slow());
    CompletableFuture<HttpResponse<String>> future =
        client(balancer).sendAsync(REQUEST, BodyHandlers.ofString());
    await().until(() -> balancer.candidates().stats(0).hasLatency());
    assertThat(balancer.stats().inFlight()).isEqualTo(1);

    finish.countDown();
    assertThat(future.get().body()).isEqualTo("first second");
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void closingTheStreamEarlyEndsItByTheStatus() throws Exception {
    Balancer balancer = Listing.of(slow());
    client(balancer).send(REQUEST, BodyHandlers.ofInputStream()).body().close();
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
  }

  @Test
  void bodiesOfNoBytesEndToo() throws Exception {
    Balancer balancer =
        Listing.of(pods.pod("127.0.0.2", exchange -> Pods.answer(exchange, 204, "")));
    HttpClient client = client(balancer);
    client.send(REQUEST, BodyHandlers.ofInputStream());
    client.send(REQUEST, BodyHandlers.replacing("nothing"));
    client.send(
        HttpRequest.newBuilder(REQUEST.uri()).method("HEAD", BodyPublishers.noBody()).build(),
        BodyHandlers.ofInputStream());
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 3L));
  }

  @Test
  void aBodyThatBreaksOffIsAFailure() {
    Balancer balancer = Listing.of(breaking());
    HttpClient client = client(balancer);
    assertThatThrownBy(() -> client.send(REQUEST, BodyHandlers.ofString()))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> client.sendAsync(REQUEST, BodyHandlers.ofString()).get())
        .hasCauseInstanceOf(IOException.class);
    assertThatThrownBy(
            () -> client.send(REQUEST, BodyHandlers.ofInputStream()).body().readAllBytes())
        .isInstanceOf(IOException.class);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.FAILURE, 3L));
  }

  @Test
  void cancellingBeforeTheHeadersIsNeutralAndReachesTheServer() {
    CompletableFuture<Integer> afterTheHead = new CompletableFuture<>();
    Pod pod =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              try {
                afterTheHead.complete(socket.getInputStream().read());
              } catch (IOException reset) {
                afterTheHead.complete(-1);
              }
            });
    Balancer balancer = Listing.of(pod);
    CompletableFuture<?> future = client(balancer).sendAsync(REQUEST, BodyHandlers.ofString());
    await().until(() -> pod.requests.get() == 1);
    assertThat(future.cancel(true)).isTrue();
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    assertThat(afterTheHead).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(-1);
  }

  @Test
  void cancellingInMidBodyIsNeutral() {
    Balancer balancer = Listing.of(slow());
    CompletableFuture<?> future = client(balancer).sendAsync(REQUEST, BodyHandlers.ofString());
    await().until(() -> balancer.candidates().stats(0).hasLatency());
    future.cancel(true);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void cancellingADependentFutureCancelsTheRequest() {
    Balancer balancer = Listing.of(silent());
    CompletableFuture<String> future =
        client(balancer)
            .sendAsync(REQUEST, BodyHandlers.ofString())
            .thenApply(HttpResponse::body)
            .thenApply(String::trim);
    awaitBegun(balancer);
    future.cancel(true);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
  }

  @Test
  void aTimeoutOnTheFutureCountsAsTimeout() {
    Balancer balancer = Listing.of(silent());
    CompletableFuture<?> future =
        client(balancer)
            .sendAsync(REQUEST, BodyHandlers.ofString())
            .orTimeout(100, TimeUnit.MILLISECONDS);
    assertThatThrownBy(future::get).hasCauseInstanceOf(java.util.concurrent.TimeoutException.class);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  @Test
  void interruptingASendIsNeutral() throws Exception {
    for (Pod pod : List.of(silent(), slow())) {
      Balancer balancer = Listing.of(pod);
      HttpClient client = client(balancer);
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      Thread thread =
          new Thread(
              () ->
                  thrown.set(catchThrowable(() -> client.send(REQUEST, BodyHandlers.ofString()))));
      thread.start();
      await().until(() -> pod.requests.get() == 1);
      Thread.sleep(100); // for the first half of the body, where there is one
      thread.interrupt();
      thread.join(5000);
      assertThat(thrown.get()).isInstanceOf(InterruptedException.class);
      assertThat(balancer.stats().inFlight()).isZero();
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    }
  }

  @Test
  void aHandlerThatThrowsIsNotTheEndpointsFault() {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client = client(balancer);
    HttpResponse.BodyHandler<String> throwing =
        info -> {
          throw new IllegalStateException("no handler (this test wants it)");
        };
    assertThatThrownBy(() -> client.send(REQUEST, throwing)).hasMessageContaining("no handler");
    assertThatThrownBy(() -> client.sendAsync(REQUEST, throwing).get())
        .hasMessageContaining("no handler");
    assertThatThrownBy(() -> client.send(REQUEST, info -> null)).isInstanceOf(IOException.class);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 3L));
  }

  @Test
  void aBodyThatCannotBeMappedIsNotTheEndpointsFault() {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client = client(balancer);
    HttpResponse.BodyHandler<Integer> parsing =
        info ->
            BodySubscribers.mapping(
                BodySubscribers.ofString(java.nio.charset.StandardCharsets.UTF_8),
                Integer::parseInt);
    assertThatThrownBy(() -> client.send(REQUEST, parsing)).hasMessageContaining("127.0.0.2");
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
  }

  @Test
  void aRequestBodyThatFailsIsNotTheEndpointsFault() {
    Balancer balancer = Listing.of(silent());
    HttpClient client = client(balancer);
    HttpRequest request =
        HttpRequest.newBuilder(REQUEST.uri())
            .POST(
                BodyPublishers.ofInputStream(
                    () ->
                        new InputStream() {
                          @Override
                          public int read() throws IOException {
                            throw new IOException("disk gone");
                          }
                        }))
            .build();
    assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
        .hasRootCauseMessage("disk gone");
    assertThatThrownBy(() -> client.sendAsync(request, BodyHandlers.ofString()).get())
        .hasRootCauseMessage("disk gone");
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 2L));
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void aSubscriberThatThrowsLeavesNothingInFlight() {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client = client(balancer);
    assertThatThrownBy(() -> client.send(REQUEST, info -> new Throwing(true)))
        .isInstanceOf(IOException.class);
    assertThatThrownBy(() -> client.send(REQUEST, info -> new Throwing(false)))
        .isInstanceOf(IOException.class);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void anUnreadBodyIsGivenUpAndCounted() throws Exception {
    byte[] much = new byte[1 << 20];
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              exchange.sendResponseHeaders(200, much.length);
              exchange.getResponseBody().write(much);
              exchange.close();
            });
    Balancer balancer = Listing.of(pod);
    BalancedHttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", balancer)
            .abandonBodyAfter(Duration.ofMillis(300))
            .build();
    HttpResponse<InputStream> stream = client.send(REQUEST, BodyHandlers.ofInputStream());
    HttpResponse<Flow.Publisher<List<ByteBuffer>>> publisher =
        client.send(REQUEST, BodyHandlers.ofPublisher());
    assertThat(balancer.stats().inFlight()).isEqualTo(2);

    await().until(() -> client.abandonedBodies() == 2);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 2L));
    assertThat(publisher.statusCode()).isEqualTo(200);

    assertThat(stream.body().readAllBytes()).hasSize(much.length); // it may be read even now
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void aReaderWhoWaitsForTheServerAbandonsNothing() throws Exception {
    Balancer balancer = Listing.of(slow());
    BalancedHttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", balancer)
            .abandonBodyAfter(Duration.ofMillis(50))
            .build();
    HttpResponse<InputStream> response = client.send(REQUEST, BodyHandlers.ofInputStream());
    CompletableFuture<byte[]> reading =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return response.body().readAllBytes();
              } catch (IOException e) {
                throw new java.io.UncheckedIOException(e);
              }
            });
    Thread.sleep(400);
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    assertThat(client.abandonedBodies()).isZero();
    finish.countDown();
    assertThat(reading.get()).asString().isEqualTo("first second");
    assertThat(balancer.stats().inFlight()).isZero();
  }

  /** A subscriber that throws when it is subscribed, or at the first buffer. */
  private static final class Throwing implements BodySubscriber<String> {
    private final boolean atOnce;
    private final CompletableFuture<String> body = new CompletableFuture<>();

    Throwing(boolean atOnce) {
      this.atOnce = atOnce;
    }

    @Override
    public CompletionStage<String> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      if (atOnce) {
        throw new IllegalStateException("not subscribed (this test wants it)");
      }
      subscription.request(1);
    }

    @Override
    public void onNext(List<ByteBuffer> item) {
      throw new IllegalStateException("not read (this test wants it)");
    }

    @Override
    public void onError(Throwable throwable) {
      body.completeExceptionally(throwable);
    }

    @Override
    public void onComplete() {
      body.complete("");
    }
  }
}
