package io.steelyard.okhttp;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.retry.RetryPolicy;
import java.io.IOException;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.MediaType;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okhttp3.ResponseBody;
import okhttp3.WebSocket;
import okhttp3.WebSocketListener;
import okio.BufferedSink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import retrofit2.Call;
import retrofit2.Retrofit;
import retrofit2.http.GET;
import retrofit2.http.Path;

final class SteelyardInterceptorTest {
  private static final OkHttpClient PLAIN = new OkHttpClient();
  private final Pods pods = new Pods();

  @AfterEach
  void stop() throws Exception {
    pods.close();
  }

  private static OkHttpClient client(Balancer balancer) {
    return SteelyardInterceptor.wrap(PLAIN).service("cart", balancer).build();
  }

  private static String body(OkHttpClient client, String url) throws IOException {
    try (Response response = client.newCall(new Request.Builder().url(url).build()).execute()) {
      return response.body().string();
    }
  }

  interface Cart {
    @GET("items/{id}")
    Call<ResponseBody> item(@Path("id") int id);
  }

  @Test
  void worksUnderRetrofit() throws Exception {
    Pod first = pods.pod("127.0.0.2");
    Pod second = pods.pod("127.0.0.3");
    Cart cart =
        new Retrofit.Builder()
            .baseUrl("http://cart/")
            .client(client(Listing.of(first, second)))
            .build()
            .create(Cart.class);
    for (int i = 0; i < 10; i++) {
      try (ResponseBody body = cart.item(i).execute().body()) {
        assertThat(body.string()).startsWith("127.0.0.");
      }
    }
    assertThat(first.requests).hasValue(5);
    assertThat(second.requests).hasValue(5);
  }

  @Test
  void theServerAndTheCallerSeeTheServicesName() throws Exception {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> Pods.answer(exchange, 200, exchange.getRequestHeaders().getFirst("Host")));
    OkHttpClient client = client(Listing.of(pod));
    assertThat(body(client, "http://cart/")).isEqualTo("cart");
    assertThat(body(client, "http://cart:81/")).isEqualTo("cart:81");
    Request request = new Request.Builder().url("http://cart/items").build();
    try (Response response = client.newCall(request).execute()) {
      assertThat(response.request().url()).hasToString("http://cart/items");
    }
  }

  @Test
  void aRedirectLeadsOutOfTheServiceAndTheirsDoNotGoWithIt() throws Exception {
    Pod outside =
        pods.pod(
            "127.0.0.3",
            exchange ->
                Pods.answer(
                    exchange, 200, "" + exchange.getRequestHeaders().getFirst("Authorization")));
    Pod inside =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              exchange
                  .getResponseHeaders()
                  .set("Location", "http://" + outside.endpoint.authority() + "/");
              Pods.answer(exchange, 302, "");
            });
    Request request =
        new Request.Builder().url("http://cart/").header("Authorization", "Bearer x").build();
    try (Response response = client(Listing.of(inside)).newCall(request).execute()) {
      assertThat(response.body().string()).isEqualTo("null");
    }
  }

  @Test
  void aClientThatFollowsNoRedirectsShowsThem() throws Exception {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              exchange.getResponseHeaders().set("Location", "/there");
              Pods.answer(exchange, 302, "");
            });
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN.newBuilder().followRedirects(false).build())
            .service("cart", Listing.of(pod))
            .build();
    try (Response response =
        client.newCall(new Request.Builder().url("http://cart/").build()).execute()) {
      assertThat(response.code()).isEqualTo(302);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {300, 301, 302, 303, 307, 308})
  void redirectsAreFollowedByTheRulesOfOkHttp(int status) throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              if (exchange.getRequestURI().getPath().equals("/here")) {
                exchange.getResponseHeaders().set("Location", "/there");
                Pods.answer(exchange, status, "");
              } else {
                String body = new String(exchange.getRequestBody().readAllBytes());
                seen.add(exchange.getRequestMethod() + " " + body);
                Pods.answer(exchange, 200, "there");
              }
            });
    OkHttpClient balanced = client(Listing.of(pod));
    for (String method : List.of("GET", "POST", "PUT", "DELETE", "PATCH", "PROPFIND", "HEAD")) {
      boolean withBody = method.startsWith("P") && !method.equals("PROPFIND");
      RequestBody body = withBody ? RequestBody.create("x".getBytes()) : null;
      Request.Builder request = new Request.Builder().method(method, body);
      String plain = "http://" + pod.endpoint.authority() + "/here";
      PLAIN.newCall(request.url(plain).build()).execute().close();
      balanced.newCall(request.url("http://cart/here").build()).execute().close();
      assertThat(seen).as(method).hasSize(2);
      assertThat(seen.get(1)).as(method).isEqualTo(seen.get(0));
      seen.clear();
    }
  }

  @Test
  void aRequestBodyThatFailsIsNotTheEndpointsFault() {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    Request request =
        new Request.Builder()
            .url("http://cart/")
            .post(
                new RequestBody() {
                  @Override
                  public MediaType contentType() {
                    return null;
                  }

                  @Override
                  public void writeTo(BufferedSink sink) throws IOException {
                    throw new IOException("disk gone");
                  }
                })
            .build();
    assertThatThrownBy(() -> client(balancer).newCall(request).execute()).hasMessage("disk gone");
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
  }

  @Test
  void theCallsOwnTimeoutCountsAsTimeout() {
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              Thread.sleep(5_000);
            });
    Balancer balancer = Listing.of(silent);
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN.newBuilder().callTimeout(Duration.ofSeconds(1)).build())
            .service("cart", balancer)
            .build();
    assertThatThrownBy(() -> body(client, "http://cart/")).isInstanceOf(IOException.class);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
  }

  /** The time of a call runs before the last step of a redirect, and above other interceptors. */
  @ParameterizedTest
  @ValueSource(strings = {"/redirect", "/silent"})
  void theCallsOwnTimeoutCountsAsTimeoutHoweverItWasSpent(String path) {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              pause(exchange.getRequestURI().getPath().equals("/redirect") ? 500 : 5_000);
              exchange.getResponseHeaders().set("Location", "/silent");
              Pods.answer(exchange, 302, "");
            });
    Balancer balancer = Listing.of(pod);
    OkHttpClient.Builder plain = PLAIN.newBuilder().callTimeout(Duration.ofSeconds(1));
    if (path.equals("/silent")) {
      plain.addInterceptor(
          chain -> {
            pause(500); // fetches a token
            return chain.proceed(chain.request());
          });
    }
    OkHttpClient client =
        SteelyardInterceptor.wrap(plain.build()).service("cart", balancer).build();
    assertThatThrownBy(() -> body(client, "http://cart" + path)).isInstanceOf(IOException.class);
    await().until(() -> balancer.stats().inFlight() == 0);
    assertThat(balancer.stats().count(Outcome.TIMEOUT)).isEqualTo(1);
    assertThat(balancer.stats().count(Outcome.CANCELLED)).isZero();
  }

  /** It loses its socket, which looks as if the server had closed it. */
  @ParameterizedTest
  @ValueSource(strings = {"http://cart/", "https://cart/"})
  void anInterruptedVirtualThreadIsNotTheEndpointsFault(String url) throws Exception {
    assumeTrue(Runtime.version().feature() >= 21, "no virtual threads here");
    CountDownLatch asked = new CountDownLatch(1);
    Pods.Conversation silent =
        socket -> {
          socket.getInputStream().read(); // of a request, or of a handshake
          asked.countDown();
          Thread.sleep(20_000);
        };
    Balancer balancer = Listing.of(pods.raw("127.0.0.2", silent), pods.raw("127.0.0.3", silent));
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN)
            .service("cart", balancer)
            .retry(RetryPolicy.standard())
            .build();
    Thread thread =
        (Thread)
            Thread.class
                .getMethod("startVirtualThread", Runnable.class)
                .invoke(null, (Runnable) () -> assertThatThrownBy(() -> body(client, url)));
    asked.await();
    thread.interrupt();
    thread.join();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aJudgeThatSaysNothingIsReplacedByTheStandardOne() throws Exception {
    Pod busy = pods.pod("127.0.0.2", exchange -> Pods.answer(exchange, 503, "busy"));
    Balancer balancer = Listing.of(busy, pods.refusing("127.0.0.3"));
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN)
            .service("cart", balancer)
            .outcomes(
                new OkHttpOutcomes() {
                  @Override
                  public Outcome ofResponse(Response response) {
                    return null;
                  }

                  @Override
                  public Outcome ofError(Throwable error) {
                    return null;
                  }
                })
            .build();
    for (int i = 0; i < 2; i++) {
      assertThat(body(client, "http://cart/")).isEqualTo("busy");
    }
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(balancer.stats().count(Outcome.OVERLOADED)).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void thePortOfTheServiceMayBeThatOfTheEndpoint(boolean same) throws Exception {
    List<String> seen = new CopyOnWriteArrayList<>();
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              seen.add(exchange.getRequestHeaders().getFirst("Host"));
              Pods.answer(exchange, 200, "OK");
            });
    int port = same ? pod.endpoint.port() : 8080;
    OkHttpClient client = client(Listing.of(pod));
    for (String path : List.of("a?b=%26", "a?b=%26", "c")) {
      String url = "http://cart:" + port + "/" + path;
      try (Response response = client.newCall(new Request.Builder().url(url).build()).execute()) {
        assertThat(response.request().url()).hasToString(url);
        assertThat(response.body().string()).isEqualTo("OK");
      }
    }
    assertThat(seen).containsOnly("cart:" + port).hasSize(3);
    assertThat(pod.clients).hasSize(1);
  }

  @Test
  void theContextComesFromTheRequest() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    BlockingQueue<String> paths = new ArrayBlockingQueue<>(1);
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN)
            .service("cart", balancer)
            .contextOf(
                request -> {
                  paths.add(request.url().encodedPath());
                  return PickContext.none();
                })
            .build();
    body(client, "http://cart/items");
    assertThat(paths.poll()).isEqualTo("/items");
  }

  @Test
  void aContextThatThrowsFailsTheCallInOkHttpsOwnWay() {
    OkHttpClient client =
        SteelyardInterceptor.wrap(PLAIN)
            .service("cart", Listing.of(pods.pod("127.0.0.2")))
            .contextOf(
                request -> {
                  throw new IllegalStateException("no user");
                })
            .build();
    assertThatThrownBy(() -> body(client, "http://cart/"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no user");
  }

  @Test
  void aWebSocketGoesToAnEndpoint() throws Exception {
    BlockingQueue<String> heard = new ArrayBlockingQueue<>(1);
    try (MockWebServer server = new MockWebServer()) {
      server.enqueue(
          new MockResponse.Builder()
              .webSocketUpgrade(
                  new WebSocketListener() {
                    @Override
                    public void onMessage(WebSocket webSocket, String text) {
                      heard.add(text);
                      webSocket.close(1000, null);
                    }
                  })
              .build());
      server.start(InetAddress.getByName("127.0.0.2"), 0);
      Balancer balancer = Listing.of(Endpoint.of("127.0.0.2", server.getPort()));
      client(balancer)
          .newWebSocket(
              new Request.Builder().url("ws://cart/").build(),
              new WebSocketListener() {
                @Override
                public void onOpen(WebSocket webSocket, Response response) {
                  webSocket.send("hello");
                }
              });
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello");
      assertThat(balancer.stats().inFlight()).isZero();
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 1L));
    }
  }

  @Test
  void onlyABalancedClientHasAnInterceptor() {
    assertThatThrownBy(() -> SteelyardInterceptor.of(PLAIN))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("SteelyardInterceptor.wrap");
    assertThat(SteelyardInterceptor.of(client(Listing.of(pods.pod("127.0.0.2")))))
        .hasToString("SteelyardInterceptor(cart)");
  }
}
