package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import java.io.IOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class OutcomesTest {
  private static final HttpClient JDK = HttpClient.newHttpClient();
  private final Pods pods = new Pods();

  @AfterEach
  void stop() throws Exception {
    pods.close();
  }

  private static HttpRequest.Builder request(String uri) {
    return HttpRequest.newBuilder(URI.create(uri));
  }

  @ParameterizedTest
  @CsvSource({
    "200, SUCCESS",
    "204, SUCCESS",
    "301, SUCCESS",
    "304, SUCCESS",
    "400, SUCCESS",
    "401, SUCCESS",
    "404, SUCCESS",
    "408, TIMEOUT",
    "429, OVERLOADED",
    "500, FAILURE",
    "501, SUCCESS",
    "502, FAILURE",
    "503, OVERLOADED",
    "504, FAILURE",
    "505, SUCCESS",
  })
  void aStatusIsJudged(int status, Outcome outcome) throws Exception {
    Balancer balancer =
        Listing.of(pods.pod("127.0.0.2", exchange -> Pods.answer(exchange, status, "")));
    HttpClient client = BalancedHttpClient.wrap(JDK).service("cart", balancer).build();
    assertThat(client.send(request("http://cart/").build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(status);
    client.sendAsync(request("http://cart/").build(), BodyHandlers.ofString()).get();
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(outcome, 2L));
    assertThat(balancer.stats().inFlight()).isZero();
  }

  @Test
  void errorsAreJudged() {
    HttpOutcomes outcomes = HttpOutcomes.standard();
    assertThat(outcomes.ofError(new ConnectException())).isEqualTo(Outcome.UNREACHABLE);
    assertThat(outcomes.ofError(new java.net.http.HttpConnectTimeoutException("")))
        .isEqualTo(Outcome.UNREACHABLE);
    assertThat(outcomes.ofError(new UnresolvedAddressException())).isEqualTo(Outcome.UNREACHABLE);
    assertThat(outcomes.ofError(new HttpTimeoutException(""))).isEqualTo(Outcome.TIMEOUT);
    assertThat(outcomes.ofError(new CancellationException())).isEqualTo(Outcome.CANCELLED);
    assertThat(outcomes.ofError(new InterruptedException())).isEqualTo(Outcome.CANCELLED);
    assertThat(outcomes.ofError(new IllegalArgumentException())).isEqualTo(Outcome.CANCELLED);
    assertThat(outcomes.ofError(new IOException("reset"))).isEqualTo(Outcome.FAILURE);
  }

  @Test
  void theJudgeCanBeReplaced() throws Exception {
    Balancer balancer =
        Listing.of(pods.pod("127.0.0.2", exchange -> Pods.answer(exchange, 404, "")));
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", balancer)
            .outcomes(
                info ->
                    info.headers().firstValue("Content-Length").isPresent()
                            && info.statusCode() == 404
                        ? Outcome.FAILURE
                        : HttpOutcomes.standard().ofResponse(info))
            .build();
    client.send(request("http://cart/").build(), BodyHandlers.ofString());
    assertThat(Listing.outcomes(balancer)).hasSize(1).containsKey(Outcome.FAILURE);
  }

  @Test
  void aJudgeThatThrowsIsReplacedByTheStandardOne() throws Exception {
    Balancer balancer =
        Listing.of(pods.pod("127.0.0.2", exchange -> Pods.answer(exchange, 503, "")));
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", balancer)
            .outcomes(
                info -> {
                  throw new IllegalStateException("no opinion (this test wants it)");
                })
            .build();
    assertThat(client.send(request("http://cart/").build(), BodyHandlers.ofString()).statusCode())
        .isEqualTo(503);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.OVERLOADED, 1L));
  }

  @Test
  void noAnswerInTimeIsATimeout() {
    Balancer balancer =
        Listing.of(pods.raw("127.0.0.2", socket -> socket.getInputStream().readAllBytes()));
    HttpClient client = BalancedHttpClient.wrap(JDK).service("cart", balancer).build();
    HttpRequest request = request("http://cart/").timeout(Duration.ofMillis(200)).build();
    assertThatThrownBy(() -> client.send(request, BodyHandlers.ofString()))
        .isInstanceOf(HttpTimeoutException.class);
    assertThatThrownBy(() -> client.sendAsync(request, BodyHandlers.ofString()).get())
        .hasCauseInstanceOf(HttpTimeoutException.class);
    assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 2L));
  }
}
