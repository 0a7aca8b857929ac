package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.junit.jupiter.api.Assertions.assertTimeout;

import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.NoEndpointException.Why;
import io.steelyard.Topology;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.http.FailoverTest.Way;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class FirstListTest {
  private static final HttpClient JDK = HttpClient.newHttpClient();
  private static final HttpRequest REQUEST =
      HttpRequest.newBuilder(URI.create("http://cart/")).build();
  private final Pods pods = new Pods();
  private final Listing listing = new Listing();
  private final Balancer balancer = listing.balancer();

  @AfterEach
  void stop() throws Exception {
    balancer.close();
    pods.close();
  }

  private BalancedHttpClientBuilder cart() {
    return BalancedHttpClient.wrap(JDK).service("cart", balancer);
  }

  private void later(Runnable task) {
    CompletableFuture.delayedExecutor(200, TimeUnit.MILLISECONDS).execute(task);
  }

  private static Why whyOf(Throwable error) {
    assertThat(error)
        .isInstanceOf(ConnectException.class)
        .hasCauseInstanceOf(NoEndpointException.class);
    assertThat(error).hasMessage(error.getCause().getMessage());
    return ((NoEndpointException) error.getCause()).why();
  }

  @ParameterizedTest
  @EnumSource
  void theFirstListIsWaitedFor(Way way) throws Exception {
    Pods.Pod pod = pods.pod("127.0.0.2");
    later(() -> listing.publish(pod));
    assertThat(way.body(cart().build(), REQUEST)).isEqualTo("127.0.0.2");
  }

  @ParameterizedTest
  @EnumSource
  void itIsNotWaitedForLongerThanSaid(Way way) {
    HttpClient client = cart().awaitFirst(Duration.ofMillis(200)).build();
    long start = System.nanoTime();
    assertThat(whyOf(catchThrowable(() -> way.body(client, REQUEST)))).isEqualTo(Why.WAITING);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofMillis(190));
  }

  @ParameterizedTest
  @EnumSource
  void theConnectTimeoutAndTheRequestsOwnLimitTheWait(Way way) {
    HttpClient quick = HttpClient.newBuilder().connectTimeout(Duration.ofMillis(100)).build();
    HttpClient byConnect = BalancedHttpClient.wrap(quick).service("cart", balancer).build();
    HttpRequest impatient =
        HttpRequest.newBuilder(REQUEST.uri()).timeout(Duration.ofMillis(100)).build();
    assertTimeout(
        Duration.ofSeconds(3),
        () -> {
          assertThat(whyOf(catchThrowable(() -> way.body(byConnect, REQUEST))))
              .isEqualTo(Why.WAITING);
          assertThat(whyOf(catchThrowable(() -> way.body(cart().build(), impatient))))
              .isEqualTo(Why.WAITING);
        });
  }

  @ParameterizedTest
  @EnumSource
  void aConnectTimeoutOfCenturiesIsAWaitToo(Way way) throws Exception {
    HttpClient patient = HttpClient.newBuilder().connectTimeout(Duration.ofDays(365_000)).build();
    HttpClient client = BalancedHttpClient.wrap(patient).service("cart", balancer).build();
    later(balancer::close);
    assertThat(whyOf(catchThrowable(() -> way.body(client, REQUEST)))).isEqualTo(Why.CLOSED);
  }

  @ParameterizedTest
  @EnumSource
  void anEmptyListIsAnErrorAtOnce(Way way) {
    listing.publish();
    Awaitility.await().until(() -> balancer.candidates().topology().state() == Topology.State.LIVE);
    assertTimeout(
        Duration.ofSeconds(2),
        () ->
            assertThat(whyOf(catchThrowable(() -> way.body(cart().build(), REQUEST))))
                .isEqualTo(Why.EMPTY));
  }

  @ParameterizedTest
  @EnumSource
  void zeroFailsAtOnce(Way way) {
    HttpClient client = cart().awaitFirst(Duration.ZERO).build();
    assertThat(whyOf(catchThrowable(() -> way.body(client, REQUEST)))).isEqualTo(Why.WAITING);
  }

  @ParameterizedTest
  @EnumSource
  void aBalancerThatIsClosedEndsTheWait(Way way) {
    later(balancer::close);
    assertTimeout(
        Duration.ofSeconds(3),
        () ->
            assertThat(whyOf(catchThrowable(() -> way.body(cart().build(), REQUEST))))
                .isEqualTo(Why.CLOSED));
  }

  @Test
  void sendAsyncDoesNotBlockItsCaller() throws Exception {
    HttpClient client = cart().build();
    CompletableFuture<HttpResponse<String>> future =
        client.sendAsync(REQUEST, BodyHandlers.ofString());
    assertThat(future).isNotDone();
    listing.publish(pods.pod("127.0.0.2"));
    assertThat(future.get(5, TimeUnit.SECONDS).body()).isEqualTo("127.0.0.2");
  }

  @Test
  void aRequestCancelledWhileItWaitsIsNeverSent() throws Exception {
    HttpClient client = cart().build();
    CompletableFuture<HttpResponse<String>> future =
        client.sendAsync(REQUEST, BodyHandlers.ofString());
    future.cancel(true);
    Pods.Pod pod = pods.pod("127.0.0.2");
    listing.publish(pod);
    balancer.ready().toCompletableFuture().get(5, TimeUnit.SECONDS);
    assertThat(client.send(REQUEST, BodyHandlers.ofString()).body()).isEqualTo("127.0.0.2");
    assertThat(pod.requests).hasValue(1);
    assertThat(balancer.stats().begun()).isEqualTo(1);
  }

  @Test
  void interruptingTheWaitIsHeard() throws Exception {
    HttpClient client = cart().build();
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> client.send(REQUEST, BodyHandlers.ofString()))
        .isInstanceOf(InterruptedException.class);
    assertThat(Thread.interrupted()).isFalse();
  }
}
