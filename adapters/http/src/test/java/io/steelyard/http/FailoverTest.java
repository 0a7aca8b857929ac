package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FailoverTest {
  private static final HttpClient JDK =
      HttpClient.newBuilder().connectTimeout(Duration.ofMillis(400)).build();
  private final Pods pods = new Pods();

  @AfterEach
  void stop() throws Exception {
    pods.close();
  }

  enum Way {
    SEND {
      @Override
      String body(HttpClient client, HttpRequest request) throws Exception {
        return client.send(request, BodyHandlers.ofString()).body();
      }
    },
    SEND_ASYNC {
      @Override
      String body(HttpClient client, HttpRequest request) throws Exception {
        try {
          return client.sendAsync(request, BodyHandlers.ofString()).get().body();
        } catch (ExecutionException e) {
          throw (Exception) e.getCause();
        }
      }
    };

    abstract String body(HttpClient client, HttpRequest request) throws Exception;
  }

  private static BalancedHttpClientBuilder cart(Balancer balancer) {
    return BalancedHttpClient.wrap(JDK).service("cart", balancer);
  }

  private static HttpRequest.Builder request() {
    return HttpRequest.newBuilder(URI.create("http://cart/"));
  }

  private static HttpRequest post() {
    return request().POST(BodyPublishers.ofString("once")).build();
  }

  @ParameterizedTest
  @EnumSource
  void aRefusedConnectionSendsAPostElsewhere(Way way) throws Exception {
    Pod good = pods.pod("127.0.0.3");
    Balancer balancer = Listing.of(pods.refusing("127.0.0.2"), good);
    HttpClient client = cart(balancer).build();
    for (int i = 0; i < 6; i++) {
      assertThat(way.body(client, post())).isEqualTo("127.0.0.3");
    }
    assertThat(good.requests).hasValue(6);
    assertThat(Listing.outcomes(balancer))
        .containsEntry(Outcome.SUCCESS, 6L)
        .containsKey(Outcome.UNREACHABLE)
        .hasSize(2);
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aConnectionThatHangsSendsItElsewhereAfterTheConnectTimeout(Way way) throws Exception {
    Balancer balancer = Listing.of(pods.hanging("127.0.0.2"), pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).build();
    assertThat(way.body(client, post())).isEqualTo("127.0.0.3");
    assertThat(way.body(client, post())).isEqualTo("127.0.0.3");
    assertThat(Listing.outcomes(balancer))
        .containsEntry(Outcome.SUCCESS, 2L)
        .containsKey(Outcome.UNREACHABLE)
        .hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void aNameThatDoesNotResolveIsUnreachable(Way way) throws Exception {
    Pod nowhere = new Pod("no-such-host.invalid", 80);
    Balancer balancer = Listing.of(nowhere, pods.pod("127.0.0.3"));
    HttpClient client = cart(balancer).build();
    assertThat(way.body(client, post())).isEqualTo("127.0.0.3");
    assertThat(way.body(client, post())).isEqualTo("127.0.0.3");
    assertThat(Listing.outcomes(balancer))
        .containsEntry(Outcome.SUCCESS, 2L)
        .containsKey(Outcome.UNREACHABLE)
        .hasSize(2);
  }

  @ParameterizedTest
  @EnumSource
  void triesAreLimitedAndTheEarlierRefusalIsSuppressed(Way way) {
    Balancer balancer =
        Listing.of(
            pods.refusing("127.0.0.2"), pods.refusing("127.0.0.3"), pods.refusing("127.0.0.4"));
    Throwable two = catchThrowable(() -> way.body(cart(balancer).build(), post()));
    assertThat(two).isInstanceOf(ConnectException.class);
    assertThat(two.getSuppressed()).hasSize(1);
    assertThat(List.of(two.getMessage(), two.getSuppressed()[0].getMessage()))
        .as("each says where")
        .doesNotHaveDuplicates()
        .allSatisfy(
            message -> assertThat(message).matches("no connection to 127\\.0\\.0\\.[234]:\\d+"));
    assertThat(balancer.stats().begun()).isEqualTo(2);

    assertThatThrownBy(() -> way.body(cart(balancer).tries(1).build(), post()))
        .isInstanceOf(ConnectException.class);
    assertThat(balancer.stats().begun()).isEqualTo(3);

    assertThatThrownBy(() -> way.body(cart(balancer).tries(9).build(), post()))
        .isInstanceOf(ConnectException.class);
    assertThat(balancer.stats().begun()).isEqualTo(6);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.UNREACHABLE, 6L));
  }

  @ParameterizedTest
  @EnumSource
  void whatWasSentIsNotSentAgain(Way way) {
    Pods.Conversation readAndClose =
        socket -> {
          Pods.readHead(socket);
          socket.getInputStream().read();
        };
    Pod first = pods.raw("127.0.0.2", readAndClose);
    Pod second = pods.raw("127.0.0.3", readAndClose);
    Balancer balancer = Listing.of(first, second);
    HttpClient client = cart(balancer).tries(5).build();
    assertThatThrownBy(() -> way.body(client, post()))
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(ConnectException.class);
    assertThat(first.requests.get() + second.requests.get()).isEqualTo(1);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.FAILURE, 1L));
  }

  @ParameterizedTest
  @EnumSource
  void aConnectFailureBehindARedirectDoesNotRepeatThePost(Way way) {
    String dead = "http://" + pods.refusing("127.0.0.9").endpoint.authority() + "/";
    com.sun.net.httpserver.HttpHandler redirect =
        exchange -> {
          exchange.getResponseHeaders().set("Location", dead);
          Pods.answer(exchange, 307, "");
        };
    Pod first = pods.pod("127.0.0.2", redirect);
    Pod second = pods.pod("127.0.0.3", redirect);
    HttpClient following =
        HttpClient.newBuilder().followRedirects(HttpClient.Redirect.ALWAYS).build();
    HttpClient client =
        BalancedHttpClient.wrap(following).service("cart", Listing.of(first, second)).build();
    assertThatThrownBy(() -> way.body(client, post())).isInstanceOf(ConnectException.class);
    assertThat(first.requests.get() + second.requests.get()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void theRequestsTimeoutCoversAllTries(Way way) {
    Balancer balancer =
        Listing.of(
            pods.hanging("127.0.0.2"),
            pods.hanging("127.0.0.3"),
            pods.hanging("127.0.0.4"),
            pods.hanging("127.0.0.5"));
    HttpClient client = cart(balancer).tries(9).build();
    HttpRequest request = request().timeout(Duration.ofMillis(1000)).build();
    // Connects take 400 ms to time out, so the third is cut short; without that there would be
    // four, of 1.6 s.
    assertTimeout(
        Duration.ofMillis(1500),
        () ->
            assertThatThrownBy(() -> way.body(client, request))
                .isInstanceOf(HttpConnectTimeoutException.class));
    // A timer that goes by milliseconds may leave the rest of one to a fourth.
    assertThat(balancer.stats().begun()).isBetween(1L, 4L);
    assertThat(Listing.outcomes(balancer)).containsOnlyKeys(Outcome.UNREACHABLE);
  }

  @ParameterizedTest
  @EnumSource
  void anEndpointThatNoUriCanNameIsUnreachable(Way way) throws Exception {
    Balancer balancer = Balancer.of(Endpoint.of("no_such_host", 80));
    assertThatThrownBy(() -> way.body(cart(balancer).build(), post()))
        .isInstanceOf(ConnectException.class)
        .hasMessageContaining("host: \"no_such_host\" (expected: ");
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.UNREACHABLE, 1L));
  }
}
