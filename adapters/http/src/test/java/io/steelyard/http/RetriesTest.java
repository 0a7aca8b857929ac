package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpHandler;
import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.strategy.Strategies;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is tried again beyond connect failures, where a policy says so. */
final class RetriesTest {
  private static final HttpClient JDK =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final Pods pods = new Pods();
  private final CountDownLatch finish = new CountDownLatch(1);

  @AfterEach
  void stop() throws Exception {
    finish.countDown();
    pods.close();
  }

  enum Way {
    SEND {
      @Override
      <T> HttpResponse<T> send(
          HttpClient client, HttpRequest request, HttpResponse.BodyHandler<T> handler)
          throws Exception {
        return client.send(request, handler);
      }
    },
    SEND_ASYNC {
      @Override
      <T> HttpResponse<T> send(
          HttpClient client, HttpRequest request, HttpResponse.BodyHandler<T> handler)
          throws Exception {
        try {
          return client.sendAsync(request, handler).get();
        } catch (ExecutionException e) {
          throw (Exception) e.getCause();
        }
      }
    };

    abstract <T> HttpResponse<T> send(
        HttpClient client, HttpRequest request, HttpResponse.BodyHandler<T> handler)
        throws Exception;

    int status(HttpClient client, HttpRequest request) throws Exception {
      return send(client, request, BodyHandlers.ofString()).statusCode();
    }
  }

  private static RetryPolicy.Builder quick() {
    return RetryPolicy.builder().backoff(Duration.ofMillis(1), Duration.ofSeconds(2));
  }

  private static BalancedHttpClientBuilder cart(Balancer balancer) {
    return BalancedHttpClient.wrap(JDK).service("cart", balancer);
  }

  private static HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create("http://cart/"));
  }

  private static HttpHandler status(int status) {
    return exchange -> Pods.answer(exchange, status, "status " + status);
  }

  private Balancer twoBadOneGood(int status) {
    return Listing.of(
        pods.pod("127.0.0.2", status(status)),
        pods.pod("127.0.0.3", status(status)),
        pods.pod("127.0.0.4"));
  }

  private Balancer twoBad(int status) {
    return Listing.of(pods.pod("127.0.0.8", status(status)), pods.pod("127.0.0.9", status(status)));
  }

  @ParameterizedTest
  @EnumSource
  void anIdempotentRequestIsTriedAgainAfterAnAnswerThatSaysItFailed(Way way) throws Exception {
    for (String method : new String[] {"GET", "HEAD", "OPTIONS", "PUT", "DELETE"}) {
      Balancer balancer = twoBadOneGood(503);
      HttpClient client = cart(balancer).retry(quick().build()).build();
      HttpRequest request = request().method(method, BodyPublishers.noBody()).build();
      for (int i = 0; i < 6; i++) {
        assertThat(way.status(client, request)).as(method).isEqualTo(200);
      }
      long retries = balancer.stats().retries();
      assertThat(retries).as(method).isPositive();
      assertThat(Listing.outcomes(balancer))
          .isEqualTo(Map.of(Outcome.OVERLOADED, retries, Outcome.SUCCESS, 6L));
      assertThat(balancer.stats().inFlight()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void aPostIsTriedAgainOnlyIfTheContextSaysItMayArriveTwice(Way way) throws Exception {
    HttpRequest post = request().POST(BodyPublishers.ofString("once")).build();
    Balancer balancer = twoBad(503);
    assertThat(way.status(cart(balancer).retry(quick().build()).build(), post)).isEqualTo(503);
    assertThat(balancer.stats().begun()).isEqualTo(1);

    HttpClient opted =
        cart(twoBadOneGood(503))
            .retry(quick().build())
            .contextOf(request -> PickContext.none().idempotent())
            .build();
    for (int i = 0; i < 3; i++) {
      assertThat(way.status(opted, post)).isEqualTo(200);
    }
  }

  @ParameterizedTest
  @EnumSource
  void aBodyThatCanBeHadOnceIsNotSentTwice(Way way) throws Exception {
    byte[] bytes = "body".getBytes();
    Balancer balancer = twoBad(500);
    HttpClient client = cart(balancer).retry(quick().build()).build();
    InputStream once = new ByteArrayInputStream(bytes);
    assertThat(way.status(client, request().PUT(BodyPublishers.ofInputStream(() -> once)).build()))
        .isEqualTo(500);
    assertThat(balancer.stats().begun()).isEqualTo(1);

    StringBuffer seen = new StringBuffer();
    HttpHandler failing =
        exchange -> {
          seen.append(new String(exchange.getRequestBody().readAllBytes()));
          Pods.answer(exchange, 500, "");
        };
    Balancer other = Listing.of(pods.pod("127.0.0.5", failing), pods.pod("127.0.0.6", failing));
    HttpClient toOther = cart(other).retry(quick().build()).build();
    assertThat(way.status(toOther, request().PUT(BodyPublishers.ofString("body")).build()))
        .isEqualTo(500);
    assertThat(seen).hasToString("bodybody");
  }

  @ParameterizedTest
  @EnumSource
  void theLastAnswerIsShownWithItsBody(Way way) throws Exception {
    Balancer balancer =
        Listing.of(pods.pod("127.0.0.2", status(503)), pods.pod("127.0.0.3", status(503)));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    HttpResponse<String> last = way.send(client, request().build(), BodyHandlers.ofString());
    assertThat(last.statusCode()).isEqualTo(503);
    assertThat(last.body()).isEqualTo("status 503");
    assertThat(balancer.stats().begun()).isEqualTo(2);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatBreaksBeforeTheAnswerIsTriedAgainForAGet(Way way) throws Exception {
    Pod breaking = pods.raw("127.0.0.2", Pods::readHead);
    Balancer balancer = Listing.of(breaking, pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(balancer.stats().retries()).isPositive();
  }

  @ParameterizedTest
  @EnumSource
  void onceTheBodyHandlerHasSeenAnAnswerThereIsNoOtherTry(Way way) {
    Pods.Conversation breaking =
        socket -> {
          Pods.readHead(socket);
          socket
              .getOutputStream()
              .write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".getBytes());
        };
    Balancer balancer =
        Listing.of(pods.raw("127.0.0.2", breaking), pods.raw("127.0.0.3", breaking));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    assertThatThrownBy(() -> way.status(client, request().build())).isInstanceOf(IOException.class);
    assertThat(balancer.stats().begun()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void aServerThatAsksToBeLeftAloneIs(Way way) throws Exception {
    HttpHandler busy =
        exchange -> {
          exchange.getResponseHeaders().set("Retry-After", "1");
          Pods.answer(exchange, 503, "");
        };
    Balancer balancer = Listing.of(pods.pod("127.0.0.2", busy), pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    long start = System.nanoTime();
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(System.nanoTime() - start).isGreaterThan(990_000_000);

    HttpClient hasty =
        cart(Listing.of(pods.pod("127.0.0.4", busy), pods.pod("127.0.0.5", busy)))
            .retry(quick().backoff(Duration.ZERO, Duration.ofMillis(100)).build())
            .build();
    assertThat(way.status(hasty, request().build())).isEqualTo(503);
  }

  @ParameterizedTest
  @EnumSource
  void aTryHasATimeOfItsOwn(Way way) throws Exception {
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              finish.await(20, TimeUnit.SECONDS);
            });
    Balancer balancer = Listing.of(silent, pods.pod("127.0.0.3"));
    HttpClient client =
        cart(balancer).retry(quick().perTryTimeout(Duration.ofMillis(300)).build()).build();
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(way.status(client, request().build())).isEqualTo(200);
    assertThat(balancer.stats().count(Outcome.TIMEOUT)).isBetween(1L, 2L);
    assertThat(balancer.stats().count(Outcome.SUCCESS)).isEqualTo(2);
  }

  private Pod slowBody() {
    return pods.pod(
        "127.0.0.2",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          exchange.getResponseBody().write("first ".getBytes());
          exchange.getResponseBody().flush();
          try {
            finish.await(20, TimeUnit.SECONDS);
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          exchange.close();
        });
  }

  @ParameterizedTest
  @EnumSource
  void theDeadlineCoversTheBody(Way way) {
    Balancer balancer = Listing.of(slowBody());
    HttpClient client =
        cart(balancer).retry(quick().deadline(Duration.ofMillis(500)).build()).build();
    long start = System.nanoTime();
    Throwable thrown = catchThrowable(() -> way.status(client, request().build()));
    assertThat(thrown).isInstanceOf(HttpTimeoutException.class);
    assertThat(System.nanoTime() - start).isBetween(490_000_000L, 5_000_000_000L);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void theDeadlineCoversABodyThatIsBeingRead(Way way) throws Exception {
    Balancer balancer = Listing.of(slowBody());
    HttpClient client =
        cart(balancer).retry(quick().deadline(Duration.ofMillis(500)).build()).build();
    HttpResponse<InputStream> response =
        way.send(client, request().build(), BodyHandlers.ofInputStream());
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    assertThatThrownBy(() -> response.body().readAllBytes()).isInstanceOf(IOException.class);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  @ParameterizedTest
  @EnumSource
  void aBodyThatIsThereInTimeIsLeftAlone(Way way) throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client =
        cart(balancer).retry(quick().deadline(Duration.ofMillis(200)).build()).build();
    HttpResponse<InputStream> response =
        way.send(client, request().build(), BodyHandlers.ofInputStream());
    assertThat(new String(response.body().readAllBytes())).isEqualTo("127.0.0.2");
    Thread.sleep(300);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 1_000_000})
  void anAnswerThatIsNotShownHoldsNobodyUp(int bytes) throws Exception {
    Pod endless =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              try {
                socket
                    .getOutputStream()
                    .write("HTTP/1.1 503 Busy\r\nContent-Length: 9000000\r\n\r\n".getBytes());
                socket.getOutputStream().write(new byte[bytes]);
                socket.getInputStream().read(); // until the client closes
              } finally {
                finish.countDown(); // a write breaks off, or the read ends
              }
            });
    Balancer balancer = Listing.of(endless, pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    for (int i = 0; i < 2; i++) {
      assertThat(Way.SEND.status(client, request().build())).isEqualTo(200);
    }
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(finish.await(5, TimeUnit.SECONDS)).as("connection closed").isTrue();
  }

  @Test
  void theConnectionOfAnAnswerThatIsNotShownIsUsedAgain() throws Exception {
    CountDownLatch twice = new CountDownLatch(2);
    Pod keepsAlive =
        pods.raw(
            "127.0.0.2",
            socket -> {
              while (!Pods.readHead(socket).isEmpty()) {
                socket
                    .getOutputStream()
                    .write("HTTP/1.1 503 Busy\r\nContent-Length: 3\r\n\r\nabc".getBytes());
                twice.countDown();
              }
            });
    Balancer balancer = Listing.of(keepsAlive, pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    while (twice.getCount() > 0) {
      assertThat(Way.SEND.status(client, request().build())).isEqualTo(200);
    }
    assertThat(keepsAlive.requests).hasValue(1); // connections
  }

  @Test
  void cancellingDuringAPauseEndsTheRetries() {
    HttpHandler busy =
        exchange -> {
          exchange.getResponseHeaders().set("Retry-After", "1");
          Pods.answer(exchange, 503, "");
        };
    Balancer waiting = Listing.of(pods.pod("127.0.0.5", busy), pods.pod("127.0.0.6", busy));
    HttpClient client = cart(waiting).retry(quick().build()).build();
    CompletableFuture<HttpResponse<String>> future =
        client.sendAsync(request().build(), BodyHandlers.ofString());
    await().until(() -> waiting.stats().count(Outcome.OVERLOADED) == 1);
    future.cancel(true);
    await().pollDelay(Duration.ofMillis(1500)).until(() -> true);
    assertThat(waiting.stats().begun()).isEqualTo(1);
  }

  @Test
  void interruptingAPauseEndsTheRetries() throws Exception {
    HttpHandler busy =
        exchange -> {
          exchange.getResponseHeaders().set("Retry-After", "2");
          Pods.answer(exchange, 503, "");
        };
    Balancer balancer = Listing.of(pods.pod("127.0.0.5", busy), pods.pod("127.0.0.6", busy));
    HttpClient client = cart(balancer).retry(quick().build()).build();
    CompletableFuture<Throwable> thrown = new CompletableFuture<>();
    Thread caller =
        new Thread(
            () ->
                thrown.complete(
                    catchThrowable(() -> client.send(request().build(), BodyHandlers.ofString()))));
    caller.start();
    await().until(() -> balancer.stats().count(Outcome.OVERLOADED) == 1);
    caller.interrupt();
    assertThat(thrown.get(5, TimeUnit.SECONDS)).isInstanceOf(InterruptedException.class);
    assertThat(balancer.stats().begun()).isEqualTo(1);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void thePolicyOfTheBalancerIsTakenUnlessTheClientHasOne() throws Exception {
    Pod bad = pods.pod("127.0.0.2", status(503));
    Pod good = pods.pod("127.0.0.3");
    Listing listing = new Listing();
    Balancer balancer =
        Balancer.builder(listing)
            .stages()
            .strategy(Strategies.roundRobin())
            .retry(quick().build())
            .build();
    listing.publish(bad, good);
    balancer.ready().toCompletableFuture().join();
    for (int i = 0; i < 4; i++) {
      assertThat(Way.SEND.status(cart(balancer).build(), request().build())).isEqualTo(200);
    }
    int failed = 0;
    HttpClient once = cart(balancer).tries(1).build();
    for (int i = 0; i < 4; i++) {
      failed += Way.SEND.status(once, request().build()) == 503 ? 1 : 0;
    }
    assertThat(failed).isEqualTo(2);
  }
}
