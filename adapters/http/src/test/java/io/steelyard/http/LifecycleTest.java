package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Balancer;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;

final class LifecycleTest {
  private static final HttpRequest REQUEST =
      HttpRequest.newBuilder(URI.create("http://cart/")).build();

  @Test
  @EnabledForJreRange(min = JRE.JAVA_21)
  void closingClosesTheWrappedClientAndNoBalancer() throws Exception {
    try (Pods pods = new Pods()) {
      Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
      HttpClient delegate = HttpClient.newHttpClient();
      HttpClient client = BalancedHttpClient.wrap(delegate).service("cart", balancer).build();
      client.send(REQUEST, BodyHandlers.ofString());
      assertThat(terminated(client)).isFalse();
      ((AutoCloseable) client).close(); // by the name it has in HttpClient since 21
      assertThat(terminated(client)).isTrue();
      assertThat(terminated(delegate)).isTrue();
      assertThatThrownBy(() -> client.send(REQUEST, BodyHandlers.ofString()))
          .isInstanceOf(IOException.class);
      assertThat(balancer.pick(io.steelyard.PickContext.none())).isNotNull();
      assertThat(balancer.stats().inFlight()).isZero();
    }
  }

  @Test
  @EnabledForJreRange(min = JRE.JAVA_21)
  void shuttingDownEndsTheWrappedClient() throws Exception {
    HttpClient delegate = HttpClient.newHttpClient();
    BalancedHttpClient client = BalancedHttpClient.wrap(delegate).build();
    client.shutdown();
    assertThat(client.awaitTermination(Duration.ofSeconds(5))).isTrue();
    assertThat(client.isTerminated()).isTrue();
    assertThat(terminated(delegate)).isTrue();

    BalancedHttpClient another = BalancedHttpClient.wrap(HttpClient.newHttpClient()).build();
    another.shutdownNow();
    assertThat(another.awaitTermination(Duration.ofSeconds(5))).isTrue();
  }

  @Test
  @EnabledForJreRange(max = JRE.JAVA_20)
  void beforeTwentyOneThereIsNothingToClose() throws Exception {
    BalancedHttpClient client = BalancedHttpClient.wrap(HttpClient.newHttpClient()).build();
    client.shutdown();
    client.shutdownNow();
    client.close();
    assertThat(client.isTerminated()).isFalse();
    assertThat(client.awaitTermination(Duration.ofSeconds(1))).isFalse();
  }

  private static boolean terminated(HttpClient client) throws ReflectiveOperationException {
    return (boolean) HttpClient.class.getMethod("isTerminated").invoke(client);
  }
}
