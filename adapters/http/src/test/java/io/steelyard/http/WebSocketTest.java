package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import okhttp3.WebSocketListener;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class WebSocketTest {
  private static final HttpClient JDK = HttpClient.newHttpClient();
  private static final WebSocket.Listener DEAF = new WebSocket.Listener() {};
  private final Pods pods = new Pods();

  @AfterEach
  void stop() throws Exception {
    pods.close();
  }

  private static WebSocket.Builder builder(Balancer balancer) {
    return BalancedHttpClient.wrap(JDK)
        .service("cart", balancer)
        .build()
        .newWebSocketBuilder()
        .header("X-User", "7")
        .subprotocols("chat");
  }

  private static MockWebServer server(MockResponse answer) throws Exception {
    MockWebServer server = new MockWebServer();
    server.enqueue(answer);
    server.start(InetAddress.getByName("127.0.0.2"), 0);
    return server;
  }

  @Test
  void isOpenedOnAnEndpointThatCanBeReached() throws Exception {
    BlockingQueue<String> heard = new ArrayBlockingQueue<>(1);
    WebSocketListener echo =
        new WebSocketListener() {
          @Override
          public void onMessage(okhttp3.WebSocket webSocket, String text) {
            webSocket.send(text + " again");
          }
        };
    try (MockWebServer server = server(new MockResponse.Builder().webSocketUpgrade(echo).build())) {
      Endpoint refusing = pods.refusing("127.0.0.3").endpoint;
      Balancer balancer = Listing.of(refusing, Endpoint.of("127.0.0.2", server.getPort()));
      WebSocket socket =
          builder(balancer)
              .buildAsync(
                  URI.create("ws://cart/talk"),
                  new WebSocket.Listener() {
                    @Override
                    public CompletionStage<?> onText(
                        WebSocket webSocket, CharSequence data, boolean last) {
                      heard.add(data.toString());
                      return null;
                    }
                  })
              .get(10, TimeUnit.SECONDS);
      socket.sendText("hello", true);
      assertThat(heard.poll(10, TimeUnit.SECONDS)).isEqualTo("hello again");
      socket.abort();

      assertThat(server.takeRequest().getHeaders().get("X-User")).isEqualTo("7");
      assertThat(balancer.stats().inFlight()).isZero();
      assertThat(balancer.stats().count(Outcome.SUCCESS)).isEqualTo(1);
    }
  }

  @Test
  void aHandshakeThatIsRefusedIsJudgedByItsStatus() throws Exception {
    try (MockWebServer server = server(new MockResponse.Builder().code(503).build())) {
      Balancer balancer = Listing.of(Endpoint.of("127.0.0.2", server.getPort()));
      assertThatThrownBy(() -> builder(balancer).buildAsync(URI.create("ws://cart/"), DEAF).get())
          .hasCauseInstanceOf(WebSocketHandshakeException.class);
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.OVERLOADED, 1L));
    }
  }

  @Test
  void cancellingWhileItOpensIsNeutralAndFreesTheSlot() throws Exception {
    CompletableFuture<Integer> afterTheHead = new CompletableFuture<>();
    Pods.Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              afterTheHead.complete(socket.getInputStream().read());
            });
    Balancer balancer = Listing.of(silent);
    CompletableFuture<WebSocket> opening =
        builder(balancer).buildAsync(URI.create("ws://cart/"), DEAF);
    await().until(() -> silent.requests.get() == 1);
    assertThat(balancer.stats().inFlight()).isEqualTo(1);
    opening.cancel(true);
    assertThat(balancer.stats().inFlight()).isZero();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    assertThat(afterTheHead).succeedsWithin(Duration.ofSeconds(5)).isEqualTo(-1);
  }

  @Test
  void oneThatWasCancelledWhileItWaitedForTheFirstListIsNotOpened() throws Exception {
    Listing listing = new Listing();
    Balancer balancer = listing.balancer();
    CompletableFuture<WebSocket> opening =
        builder(balancer).buildAsync(URI.create("ws://cart/"), DEAF);
    opening.cancel(true);
    Pods.Pod pod = pods.raw("127.0.0.2", Pods::readHead);
    listing.publish(pod);
    balancer.ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
    assertThat(balancer.stats().begun()).isZero();
    balancer.close();
  }

  @Test
  void withoutAnEndpointItFailsAsARequestDoes() {
    Listing listing = new Listing();
    Balancer balancer = listing.balancer();
    listing.publish();
    assertThatThrownBy(() -> builder(balancer).buildAsync(URI.create("ws://cart/"), DEAF).get())
        .hasCauseInstanceOf(ConnectException.class);
  }
}
