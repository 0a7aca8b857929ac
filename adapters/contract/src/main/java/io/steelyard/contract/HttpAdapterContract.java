package io.steelyard.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.contract.TestClient.Opened;
import io.steelyard.contract.TestClient.Reply;
import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLException;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What every adapter of an HTTP client does, against real servers. */
@Timeout(60)
public abstract class HttpAdapterContract {
  /** Repeats what may be repeated, twice. */
  private static final RetryPolicy THREE_ATTEMPTS =
      RetryPolicy.builder()
          .maxAttempts(3)
          .backoff(Duration.ofMillis(1), Duration.ofSeconds(2))
          .build();

  private final Pods pods = new Pods();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final CountDownLatch finish = new CountDownLatch(1);

  /** A new client. */
  protected abstract TestClient client(Setup setup) throws Exception;

  /** What a request fails with that names no known service, where nothing is passed through. */
  protected abstract Class<? extends Throwable> unknownService();

  /** Whether the client speaks HTTP/2. */
  protected boolean speaksHttp2() {
    return true;
  }

  /** Whether closing the client closes its connections. */
  protected boolean closesConnections() {
    return true;
  }

  /** Waits until what is answered has given its connection back, if that comes later. */
  protected void settle() {}

  @AfterEach
  void stop() throws Exception {
    finish.countDown();
    while (!open.isEmpty()) {
      open.pop().close();
    }
    pods.close();
  }

  // ---- choosing ----

  @Test
  void spreadsRequestsEvenly() throws Exception {
    Pod[] three = threePods();
    TestClient client = opened(new Setup("cart", balancer(three)));
    for (int i = 0; i < 30; i++) {
      assertThat(client.send(Ask.get("http://cart/items?user=7")).status()).isEqualTo(200);
    }
    assertThat(three).allSatisfy(pod -> assertThat(pod.requests).hasValue(10));
  }

  @Test
  void aNewPodGetsTrafficAndAPodThatIsGoneGetsNone() throws Exception {
    Listing listing = new Listing();
    Balancer balancer = kept(listing.balancer());
    Pod first = pods.pod("127.0.0.2");
    Pod second = pods.pod("127.0.0.3");
    listing.publish(first);
    TestClient client = opened(new Setup("cart", balancer));
    client.send(Ask.get("http://cart/"));
    assertThat(first.requests).hasValue(1);

    listing.publish(first, second);
    await().until(() -> balancer.candidates().size() == 2);
    for (int i = 0; i < 4; i++) {
      client.send(Ask.get("http://cart/"));
    }
    assertThat(second.requests).hasValue(2);

    listing.publish(second);
    await().until(() -> balancer.candidates().size() == 1);
    int before = first.requests.get();
    for (int i = 0; i < 4; i++) {
      client.send(Ask.get("http://cart/"));
    }
    assertThat(first.requests).hasValue(before);
    assertThat(second.requests).hasValue(6);
  }

  @Test
  void aHostThatIsNoServiceIsSentAsItIs() throws Exception {
    Balancer balancer = balancer(pods.refusing("127.0.0.9"));
    Pod elsewhere = pods.pod("127.0.0.2");
    TestClient client = opened(new Setup("cart", balancer));
    assertThat(client.send(Ask.get("http://" + elsewhere.endpoint.authority() + "/")).body())
        .isEqualTo("127.0.0.2");
    assertThat(balancer.stats().begun()).isZero();
  }

  @Test
  void theServiceIsFoundInAnyCaseAndItsPortIsIgnored() throws Exception {
    TestClient client = opened(new Setup("Cart", balancer(pods.pod("127.0.0.2"))));
    assertThat(client.send(Ask.get("http://caRT:81/")).body()).isEqualTo("127.0.0.2");
  }

  @Test
  void keepsPathQueryMethodAndBody() throws Exception {
    HttpHandler echo =
        exchange ->
            Pods.answer(
                exchange,
                200,
                exchange.getRequestMethod()
                    + " "
                    + exchange.getRequestURI()
                    + " "
                    + new String(exchange.getRequestBody().readAllBytes()));
    TestClient client = opened(new Setup("cart", balancer(pods.pod("127.0.0.2", echo))));
    assertThat(client.send(Ask.with("PUT", "http://cart/a%2Fb?c=%26d", "x")).body())
        .isEqualTo("PUT /a%2Fb?c=%26d x");
    assertThat(client.send(Ask.once("POST", "http://cart/", "y")).body()).isEqualTo("POST / y");
  }

  @Test
  void reachesIpv6Literals() throws Exception {
    TestClient client = opened(new Setup("cart", balancer(pods.pod("::1"))));
    assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("::1");
  }

  @Test
  void connectionsAreUsedAgain() throws Exception {
    Pod[] three = threePods();
    TestClient client = opened(new Setup("cart", balancer(three)));
    for (int i = 0; i < 60; i++) {
      client.send(Ask.get("http://cart/"));
      settle();
    }
    assertThat(three).allSatisfy(pod -> assertThat(pod.clients).hasSize(1));
  }

  // ---- another try ----

  @ParameterizedTest
  @ValueSource(strings = {"GET", "PUT", "POST", "PATCH"})
  void aRefusedConnectionSendsItElsewhereWhateverTheMethod(String method) throws Exception {
    Pod up = pods.pod("127.0.0.3");
    Balancer balancer = balancer(pods.refusing("127.0.0.2"), up);
    TestClient client = opened(new Setup("cart", balancer));
    Ask ask =
        method.equals("GET")
            ? Ask.get("http://cart/")
            : Ask.once(method, "http://cart/", "a body that is there once");
    for (int i = 0; i < 4; i++) {
      assertThat(client.send(ask).body()).isEqualTo("127.0.0.3");
    }
    assertThat(Listing.outcomes(balancer)).containsEntry(Outcome.SUCCESS, 4L);
    assertThat(balancer.stats().count(Outcome.UNREACHABLE)).isBetween(1L, 4L);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void whereAllRefuseTheLastErrorIsThrown() throws Exception {
    Balancer balancer = balancer(pods.refusing("127.0.0.2"), pods.refusing("127.0.0.3"));
    TestClient client = opened(new Setup("cart", balancer));
    assertThatThrownBy(() -> client.send(Ask.get("http://cart/")))
        .isInstanceOf(ConnectException.class);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.UNREACHABLE, 2L));
  }

  @Test
  void aPostIsNotSentAgainOnceBytesWereSent() throws Exception {
    Pod first = hangingUp("127.0.0.2");
    Pod second = hangingUp("127.0.0.3");
    Balancer balancer = balancer(first, second);
    Setup setup = new Setup("cart", balancer);
    setup.retry = THREE_ATTEMPTS;
    TestClient client = opened(setup);
    assertThatThrownBy(() -> client.send(Ask.with("POST", "http://cart/", "pay")))
        .isInstanceOf(IOException.class);
    assertThat(first.requests.get() + second.requests.get()).isEqualTo(1);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.FAILURE, 1L));
  }

  @Test
  void aGetIsSentAgainElsewhere() throws Exception {
    Balancer balancer = balancer(hangingUp("127.0.0.2"), pods.pod("127.0.0.3"));
    Setup setup = new Setup("cart", balancer);
    setup.retry = THREE_ATTEMPTS;
    TestClient client = opened(setup);
    for (int i = 0; i < 2; i++) {
      assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("127.0.0.3");
    }
    assertThat(balancer.stats().retries()).isPositive();
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void aBodyThatIsThereOnceIsNotSentAgain() throws Exception {
    Pod first = answering("127.0.0.2", 503);
    Pod second = answering("127.0.0.3", 503);
    Setup setup = new Setup("cart", balancer(first, second));
    setup.retry = THREE_ATTEMPTS;
    TestClient client = opened(setup);
    assertThat(client.send(Ask.once("PUT", "http://cart/", "x")).status()).isEqualTo(503);
    assertThat(first.requests.get() + second.requests.get()).isEqualTo(1);

    assertThat(client.send(Ask.with("PUT", "http://cart/", "x")).status()).isEqualTo(503);
    assertThat(first.requests.get() + second.requests.get()).isEqualTo(3);
  }

  @Test
  void theAnswerOfAnotherTryIsShown() throws Exception {
    Balancer balancer = balancer(answering("127.0.0.2", 503), pods.pod("127.0.0.3"));
    Setup setup = new Setup("cart", balancer);
    setup.retry = THREE_ATTEMPTS;
    TestClient client = opened(setup);
    for (int i = 0; i < 4; i++) {
      assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("127.0.0.3");
    }
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void aServerThatAsksToBeLeftAloneIs() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    HttpHandler handler =
        exchange -> {
          if (asked.incrementAndGet() == 1) {
            exchange.getResponseHeaders().set("Retry-After", "1");
            Pods.answer(exchange, 503, "later");
          } else {
            Pods.answer(exchange, 200, "now");
          }
        };
    Setup setup =
        new Setup("cart", balancer(pods.pod("127.0.0.2", handler), pods.pod("127.0.0.3", handler)));
    setup.retry = THREE_ATTEMPTS;
    TestClient client = opened(setup);
    long begun = System.nanoTime();
    assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("now");
    assertThat(Duration.ofNanos(System.nanoTime() - begun)).isGreaterThan(Duration.ofMillis(950));
  }

  @ParameterizedTest
  @ValueSource(ints = {429, 503})
  void aServerThatAsksForTooLongAPauseHasItsAnswerShown(int status) throws Exception {
    HttpHandler handler =
        exchange -> {
          exchange.getResponseHeaders().set("Retry-After", "3600");
          Pods.answer(exchange, status, "later");
        };
    Balancer balancer = balancer(pods.pod("127.0.0.2", handler), pods.pod("127.0.0.3", handler));
    Setup setup = new Setup("cart", balancer);
    setup.retry = THREE_ATTEMPTS;
    assertThat(opened(setup).send(Ask.get("http://cart/"))).isEqualTo(new Reply(status, "later"));
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.OVERLOADED, 1L));
  }

  @Test
  void inAStormServersSeeAFifthMore() throws Exception {
    Pod[] three = {
      answering("127.0.0.2", 503), answering("127.0.0.3", 503), answering("127.0.0.4", 503)
    };
    Balancer balancer = balancer(three);
    Setup setup = new Setup("cart", balancer);
    setup.retry =
        RetryPolicy.builder()
            .maxAttempts(3)
            .backoff(Duration.ZERO, Duration.ZERO)
            .budget(RetryBudget.of(0.2, 0))
            .build();
    TestClient client = opened(setup);
    for (int i = 0; i < 500; i++) {
      assertThat(client.send(Ask.get("http://cart/")).status()).isEqualTo(503);
    }
    int seen = Arrays.stream(three).mapToInt(pod -> pod.requests.get()).sum();
    // Without a budget 1,500. A window of ten seconds may close on some of the deposits.
    assertThat(seen).isBetween(580, 600);
    assertThat(balancer.stats().retries()).isEqualTo(seen - 500);
    assertThat(balancer.stats().retriesRefused()).isBetween(490L, 500L);
  }

  // ---- how it ended ----

  @ParameterizedTest
  @CsvSource({
    "200, SUCCESS",
    "204, SUCCESS",
    "400, SUCCESS",
    "404, SUCCESS",
    "408, TIMEOUT",
    "429, OVERLOADED",
    "500, FAILURE",
    "501, SUCCESS",
    "502, FAILURE",
    "503, OVERLOADED",
    "504, FAILURE"
  })
  void aStatusIsJudged(int status, Outcome outcome) throws Exception {
    Balancer balancer = balancer(answering("127.0.0.2", status));
    TestClient client = opened(new Setup("cart", balancer));
    assertThat(client.send(Ask.with("POST", "http://cart/", "x")).status()).isEqualTo(status);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(outcome, 1L));
  }

  @Test
  void aBodyThatBreaksOffIsAFailure() throws Exception {
    Pod pod =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              socket
                  .getOutputStream()
                  .write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc".getBytes());
            });
    Balancer balancer = balancer(pod);
    TestClient client = opened(new Setup("cart", balancer));
    assertThatThrownBy(() -> client.send(Ask.get("http://cart/"))).isInstanceOf(IOException.class);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.FAILURE, 1L));
  }

  // ---- in flight ----

  @Test
  void aRequestIsInFlightUntilItsBodyEnds() throws Exception {
    Balancer balancer = balancer(slow());
    Opened answer = opened(new Setup("cart", balancer)).open(Ask.get("http://cart/"));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    assertThat(balancer.candidates().stats(0).hasLatency()).isTrue(); // taken at the headers

    finish.countDown();
    assertThat(new String(answer.body().readAllBytes())).isEqualTo("first second");
    await().until(() -> balancer.stats().inFlight() == 0);
    answer.body().close();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
  }

  @Test
  void closingTheBodyEarlyEndsItByTheStatus() throws Exception {
    Balancer balancer = balancer(slow());
    TestClient client = opened(new Setup("cart", balancer));
    InputStream body = client.open(Ask.get("http://cart/")).body();
    CompletableFuture<?> ending =
        CompletableFuture.runAsync(
            finish::countDown, CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS));
    body.close(); // some clients read on, so that the connection can be used again
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
    ending.join();
  }

  @RepeatedTest(5)
  void cancellingBeforeTheHeadersIsNeutralAndReachesTheServer() throws Exception {
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
    Balancer balancer = balancer(pod);
    Setup setup = new Setup("cart", balancer);
    setup.retry = THREE_ATTEMPTS;
    Future<Reply> future = opened(setup).start(Ask.get("http://cart/"));
    await().until(() -> pod.requests.get() == 1);
    future.cancel(true);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    assertThat(afterTheHead).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(-1);
  }

  @RepeatedTest(5)
  void cancellingInMidBodyIsNeutral() throws Exception {
    Balancer balancer = balancer(slow());
    Future<Reply> future = opened(new Setup("cart", balancer)).start(Ask.get("http://cart/"));
    await().until(() -> balancer.candidates().stats(0).hasLatency());
    future.cancel(true);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
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
    Balancer balancer = balancer(pod);
    Setup setup = new Setup("cart", balancer);
    setup.abandonBodyAfter = Duration.ofMillis(300);
    TestClient client = opened(setup);
    Opened answer = client.open(Ask.get("http://cart/"));
    assertThat(balancer.stats().inFlight()).isEqualTo(1);

    await().until(() -> client.abandonedBodies() == 1);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));

    assertThat(answer.body().readAllBytes()).hasSize(much.length); // it may be read even now
    answer.body().close();
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void aReaderWhoWaitsForTheServerAbandonsNothing() throws Exception {
    Balancer balancer = balancer(slow());
    Setup setup = new Setup("cart", balancer);
    setup.abandonBodyAfter = Duration.ofMillis(50);
    TestClient client = opened(setup);
    Future<Reply> future = client.start(Ask.get("http://cart/"));
    await().until(() -> balancer.candidates().stats(0).hasLatency());
    Thread.sleep(400);
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    assertThat(client.abandonedBodies()).isZero();
    finish.countDown();
    assertThat(future.get().body()).isEqualTo("first second");
    await().until(() -> balancer.stats().inFlight() == 0);
  }

  @Test
  void theDeadlineCoversTheBody() throws Exception {
    Balancer balancer = balancer(slow());
    Setup setup = new Setup("cart", balancer);
    setup.retry = RetryPolicy.builder().deadline(Duration.ofMillis(500)).build();
    TestClient client = opened(setup);
    long begun = System.nanoTime();
    assertThatThrownBy(() -> client.send(Ask.get("http://cart/"))).isInstanceOf(IOException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isBetween(Duration.ofMillis(450), Duration.ofSeconds(10));
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  @Test
  void theDeadlineCoversTheWaitForTheHeaders() throws Exception {
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              awaitFinish();
            });
    Balancer balancer = balancer(silent);
    Setup setup = new Setup("cart", balancer);
    setup.retry = RetryPolicy.builder().deadline(Duration.ofMillis(500)).build();
    TestClient client = opened(setup);
    long begun = System.nanoTime();
    assertThatThrownBy(() -> client.send(Ask.get("http://cart/"))).isInstanceOf(IOException.class);
    assertThat(Duration.ofNanos(System.nanoTime() - begun))
        .isBetween(Duration.ofMillis(450), Duration.ofSeconds(10));
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  @Test
  void theDeadlineIsKeptWhereThereAreNoWorkers() throws Exception {
    Balancer balancer = balancer(trickling());
    Setup setup = new Setup("cart", balancer);
    setup.platform = new NoWorkers();
    setup.retry = RetryPolicy.builder().deadline(Duration.ofMillis(500)).build();
    Future<Reply> future = opened(setup).start(Ask.get("http://cart/"));
    assertThat(future).failsWithin(Duration.ofSeconds(10));
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  @Test
  void theFirstListIsNotWaitedForInVainWhereThereAreNoWorkers() throws Exception {
    Setup setup = new Setup("cart", kept(new Listing().balancer()));
    setup.platform = new NoWorkers();
    setup.retry = RetryPolicy.builder().deadline(Duration.ofMillis(500)).build();
    Future<Reply> future = opened(setup).start(Ask.get("http://cart/"));
    assertThat(future)
        .failsWithin(Duration.ofSeconds(20))
        .withThrowableThat()
        .withStackTraceContaining("ConnectException");
  }

  // ---- redirects ----

  @ParameterizedTest
  @ValueSource(strings = {"http://cart/there", "/there"})
  void whatARedirectLeadsToIsBalanced(String location) throws Exception {
    Set<String> answered = ConcurrentHashMap.newKeySet();
    Pod[] three = new Pod[3];
    for (int i = 0; i < three.length; i++) {
      String host = "127.0.0." + (2 + i);
      three[i] =
          pods.pod(
              host,
              exchange -> {
                if (exchange.getRequestURI().getPath().equals("/here")) {
                  exchange.getResponseHeaders().set("Location", location);
                  Pods.answer(exchange, 302, "");
                } else {
                  answered.add(host);
                  Pods.answer(exchange, 200, host);
                }
              });
    }
    Balancer balancer = balancer(three);
    TestClient client = opened(new Setup("cart", balancer));
    for (int i = 0; i < 9; i++) {
      assertThat(client.send(Ask.get("http://cart/here")).status()).isEqualTo(200);
    }
    assertThat(answered).hasSize(3);
    assertThat(balancer.stats().begun()).isEqualTo(18);
    assertThat(three).allSatisfy(pod -> assertThat(pod.requests).hasValue(6));
    await().until(() -> balancer.stats().inFlight() == 0);
  }

  // ---- https and HTTP/2 ----

  @Test
  void httpsVerifiesTheNameOfTheService() throws Exception {
    Certificates certificate = Certificates.of("cart.shop");
    Pod[] two = {
      pods.pod("127.0.0.2", certificate.server(), e -> Pods.answer(e, 200, "127.0.0.2")),
      pods.pod("127.0.0.3", certificate.server(), e -> Pods.answer(e, 200, "127.0.0.3"))
    };
    Setup setup = new Setup("cart.shop", balancer(two));
    setup.trust = certificate;
    TestClient client = opened(setup);
    for (int i = 0; i < 6; i++) {
      assertThat(client.send(Ask.get("https://cart.shop/")).status()).isEqualTo(200);
      settle();
    }
    assertThat(two).allSatisfy(pod -> assertThat(pod.requests).hasValue(3));
    assertThat(two).allSatisfy(pod -> assertThat(pod.clients).hasSize(1));
  }

  @Test
  void httpsRefusesACertificateOfAnotherName() throws Exception {
    Certificates certificate = Certificates.of("orders.shop");
    Pod pod = pods.pod("127.0.0.2", certificate.server(), e -> Pods.answer(e, 200, "wrong"));
    Balancer balancer = balancer(pod);
    Setup setup = new Setup("cart.shop", balancer);
    setup.trust = certificate;
    TestClient client = opened(setup);
    Throwable error = catchThrowable(() -> client.send(Ask.get("https://cart.shop/")));
    assertThat(error).isInstanceOf(SSLException.class);
    assertThat(pod.requests).hasValue(0);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(balancer.stats().count(Outcome.SUCCESS)).isZero();
  }

  @Test
  void http2MultiplexesAndSpreadsByRequest() throws Exception {
    assumeTrue(speaksHttp2(), "this client speaks HTTP/1.1 only");
    Certificates certificate = Certificates.of("cart.shop");
    List<MockWebServer> servers = new ArrayList<>();
    for (String host : List.of("127.0.0.2", "127.0.0.3", "127.0.0.4")) {
      servers.add(pods.http2(host, certificate.server(), Duration.ofMillis(100)));
    }
    Setup setup =
        new Setup(
            "cart.shop",
            balancer(
                servers.stream()
                    .map(server -> (InetSocketAddress) server.getSocketAddress())
                    .map(at -> Endpoint.of(at.getAddress().getHostAddress(), at.getPort()))
                    .toArray(Endpoint[]::new)));
    setup.trust = certificate;
    setup.http2 = true;
    TestClient client = opened(setup);
    for (int i = 0; i < 3; i++) {
      client.send(Ask.get("https://cart.shop/")); // a connection to each
    }
    settle();
    List<Future<Reply>> running = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      running.add(client.start(Ask.get("https://cart.shop/")));
    }
    for (Future<Reply> each : running) {
      assertThat(each.get(20, TimeUnit.SECONDS).status()).isEqualTo(200);
    }
    for (MockWebServer server : servers) {
      assertThat(server.getRequestCount()).isEqualTo(11);
      for (int i = 0; i < 11; i++) {
        RecordedRequest request = server.takeRequest();
        assertThat(request.getVersion()).isEqualTo("HTTP/2");
        assertThat(request.getConnectionIndex()).isZero();
        assertThat(request.getHandshakeServerNames()).containsExactly("cart.shop");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"/silent", "/trickling"})
  void theDeadlineEndsAStreamOfHttp2AndNotItsConnection(String path) throws Exception {
    assumeTrue(speaksHttp2(), "this client speaks HTTP/1.1 only");
    Certificates certificate = Certificates.of("cart.shop");
    MockWebServer server =
        pods.http2(
            "127.0.0.2",
            certificate.server(),
            asked ->
                switch (asked) {
                  case "/silent" ->
                      new MockResponse.Builder().headersDelay(60, TimeUnit.SECONDS).build();
                  case "/trickling" ->
                      new MockResponse.Builder()
                          .body("x".repeat(1000))
                          .throttleBody(1, 50, TimeUnit.MILLISECONDS)
                          .build();
                  default -> new MockResponse.Builder().body("OK").build();
                });
    Balancer balancer = balancer(Endpoint.of("127.0.0.2", server.getPort()));
    Setup setup = new Setup("cart.shop", balancer);
    setup.trust = certificate;
    setup.http2 = true;
    setup.retry = RetryPolicy.builder().maxAttempts(1).deadline(Duration.ofMillis(1500)).build();
    TestClient client = opened(setup);
    client.send(Ask.get("https://cart.shop/"));
    settle();
    Future<Reply> future = client.start(Ask.get("https://cart.shop" + path));
    await().until(future::isDone);
    assertThat(future).failsWithin(Duration.ZERO);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);

    settle();
    assertThat(client.send(Ask.get("https://cart.shop/")).body()).isEqualTo("OK");
    for (int i = 0; i < 3; i++) {
      assertThat(server.takeRequest().getConnectionIndex()).isZero();
    }
  }

  @Test
  void aTryOverHttp2HasATimeOfItsOwn() throws Exception {
    assumeTrue(speaksHttp2(), "this client speaks HTTP/1.1 only");
    Certificates certificate = Certificates.of("cart.shop");
    MockWebServer silent = pods.http2("127.0.0.2", certificate.server(), Duration.ofSeconds(60));
    MockWebServer up = pods.http2("127.0.0.3", certificate.server(), Duration.ZERO);
    Balancer balancer =
        balancer(
            Endpoint.of("127.0.0.2", silent.getPort()), Endpoint.of("127.0.0.3", up.getPort()));
    Setup setup = new Setup("cart.shop", balancer);
    setup.trust = certificate;
    setup.http2 = true;
    setup.retry = RetryPolicy.builder().perTryTimeout(Duration.ofMillis(1500)).build();
    TestClient client = opened(setup);
    for (int i = 0; i < 2; i++) {
      Future<Reply> future = client.start(Ask.get("https://cart.shop/"));
      assertThat(future.get(20, TimeUnit.SECONDS).body()).isEqualTo("127.0.0.3");
    }
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(balancer.stats().count(Outcome.TIMEOUT)).isPositive();
    assertThat(balancer.stats().count(Outcome.SUCCESS)).isEqualTo(2);
  }

  // ---- many, and the end ----

  @Test
  void tenThousandRequestsOverTwoHundredThreadsLeaveNothingInFlight() throws Exception {
    many(Executors.newFixedThreadPool(200));
  }

  @Test
  void tenThousandRequestsOverTwoHundredVirtualThreadsLeaveNothingInFlight() throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "no virtual threads here");
    many(
        (ExecutorService)
            Executors.class.getMethod("newVirtualThreadPerTaskExecutor").invoke(null));
  }

  private void many(ExecutorService threads) throws Exception {
    open.push(threads::shutdownNow);
    Pod[] three = threePods();
    Balancer balancer = balancer(three);
    TestClient client = opened(new Setup("cart", balancer));
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      running.add(
          threads.submit(
              () -> {
                for (int n = 0; n < 50; n++) {
                  if (n % 2 == 0) {
                    client.send(Ask.get("http://cart/"));
                  } else {
                    try (InputStream body = client.open(Ask.get("http://cart/")).body()) {
                      body.readAllBytes();
                    }
                  }
                }
                return null;
              }));
    }
    for (Future<?> each : running) {
      each.get();
    }
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(balancer.stats().begun()).isEqualTo(10_000);
    assertThat(balancer.stats().count(Outcome.SUCCESS)).isEqualTo(10_000);
    assertThat(three).allSatisfy(pod -> assertThat(pod.requests.get()).isBetween(3331, 3336));
    assertThat(client.abandonedBodies()).isZero();
  }

  @Test
  void closingLeavesNoConnection() throws Exception {
    assumeTrue(closesConnections(), "this client closes nothing");
    CompletableFuture<Integer> afterTheAnswer = new CompletableFuture<>();
    Pod pod =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              socket
                  .getOutputStream()
                  .write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK".getBytes());
              afterTheAnswer.complete(readOn(socket));
            });
    TestClient client = client(new Setup("cart", balancer(pod)));
    assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("OK");
    assertThat(afterTheAnswer).isNotDone();
    client.close();
    assertThat(afterTheAnswer).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(-1);
  }

  private static int readOn(Socket socket) {
    try {
      return socket.getInputStream().read();
    } catch (IOException reset) {
      return -1;
    }
  }

  @Test
  void closingEndsWhatIsUnderWay() throws Exception {
    assumeTrue(closesConnections(), "this client closes nothing");
    CountDownLatch asked = new CountDownLatch(1);
    CompletableFuture<Integer> afterTheHead = new CompletableFuture<>();
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              asked.countDown();
              afterTheHead.complete(readOn(socket));
            });
    Balancer balancer = balancer(silent);
    Setup setup = new Setup("cart", balancer);
    setup.abandonBodyAfter = Duration.ofMillis(300); // some clients tell nobody: then it is noticed
    TestClient client = client(setup);
    Future<Reply> future = client.start(Ask.get("http://cart/"));
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    client.close();
    assertThat(afterTheHead).succeedsWithin(Duration.ofSeconds(10)).isEqualTo(-1);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(balancer.stats().count(Outcome.SUCCESS)).isZero();
    assertThat(client.abandonedBodies()).isZero();
    future.cancel(true);
  }

  // ---- what cannot be ----

  @Test
  void noEndpointIsAConnectFailureThatSaysWhy() throws Exception {
    Listing listing = new Listing();
    Balancer balancer = kept(listing.balancer());
    listing.publish();
    TestClient client = opened(new Setup("cart", balancer));
    assertThatThrownBy(() -> client.send(Ask.get("http://cart/")))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("cart")
        .hasCauseInstanceOf(NoEndpointException.class);
  }

  @Test
  void aNameThatIsNoServiceIsRefusedOnRequest() throws Exception {
    Setup setup = new Setup("cart", balancer(pods.pod("127.0.0.2")));
    setup.passThrough = false;
    TestClient client = opened(setup);
    assertThatThrownBy(() -> client.send(Ask.get("http://card/items")))
        .isInstanceOf(unknownService())
        .hasMessageContaining("http://card/items")
        .hasMessageContaining("no such service: card (known: cart)");
  }

  @Test
  void aUriWithoutAHostIsAClearError() throws Exception {
    TestClient client = opened(new Setup("cart", balancer(pods.pod("127.0.0.2"))));
    Throwable error = catchThrowable(() -> client.send(Ask.get("http:///items")));
    assertThat(error).isNotNull().isNotInstanceOf(NullPointerException.class);
    assertThat(error.getMessage()).containsPattern("(?i)host|items");
  }

  @Test
  void theFirstListIsWaitedFor() throws Exception {
    Listing listing = new Listing();
    Balancer balancer = kept(listing.balancer());
    Pod pod = pods.pod("127.0.0.2");
    TestClient client = opened(new Setup("cart", balancer));
    CompletableFuture<?> later =
        CompletableFuture.runAsync(
            () -> listing.publish(pod),
            CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS));
    assertThat(client.send(Ask.get("http://cart/")).body()).isEqualTo("127.0.0.2");
    later.join();
  }

  // ---- servers ----

  private Pod[] threePods() {
    return new Pod[] {pods.pod("127.0.0.2"), pods.pod("127.0.0.3"), pods.pod("127.0.0.4")};
  }

  private Pod answering(String host, int status) {
    return pods.pod(host, exchange -> Pods.answer(exchange, status, status == 204 ? "" : "said"));
  }

  /** Reads a request with its body, and closes. */
  private Pod hangingUp(String host) {
    return pods.raw(
        host,
        socket -> {
          String head = Pods.readHead(socket);
          if (head.startsWith("POST")) {
            socket.getInputStream().readNBytes(3);
          }
        });
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

  /** Sends a body byte by byte, so that none is waited for for long, and does not end it. */
  private Pod trickling() {
    return pods.pod(
        "127.0.0.2",
        exchange -> {
          exchange.sendResponseHeaders(200, 0);
          for (int i = 0; i < 400 && finish.getCount() > 0; i++) {
            exchange.getResponseBody().write('x');
            exchange.getResponseBody().flush();
            pause(Duration.ofMillis(50));
          }
        });
  }

  private static void pause(Duration duration) {
    try {
      Thread.sleep(duration.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitFinish() {
    try {
      finish.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private Balancer balancer(Pod... some) {
    return balancer(Arrays.stream(some).map(pod -> pod.endpoint).toArray(Endpoint[]::new));
  }

  private Balancer balancer(Endpoint... endpoints) {
    return kept(Listing.of(endpoints));
  }

  private Balancer kept(Balancer balancer) {
    open.push(balancer);
    return balancer;
  }

  private TestClient opened(Setup setup) throws Exception {
    TestClient client = client(setup);
    open.push(client);
    return client;
  }
}
