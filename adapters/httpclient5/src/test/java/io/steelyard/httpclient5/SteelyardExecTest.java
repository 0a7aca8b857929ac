package io.steelyard.httpclient5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.retry.RetryPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.routing.DefaultRoutePlanner;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.HttpHost;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.http.protocol.HttpContext;
import org.apache.hc.core5.util.Timeout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class SteelyardExecTest {
  private final Pods pods = new Pods();
  private final CountDownLatch finish = new CountDownLatch(1);

  @AfterEach
  void stop() throws Exception {
    finish.countDown();
    pods.close();
  }

  private static CloseableHttpClient client(Balancer balancer, HttpClientBuilder plain) {
    return SteelyardExec.builder().service("cart", balancer).build().addTo(plain).build();
  }

  private static String body(CloseableHttpClient client, String url) throws IOException {
    return client.execute(new HttpGet(url), response -> EntityUtils.toString(response.getEntity()));
  }

  @Test
  void theServerSeesTheServicesName() throws Exception {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> Pods.answer(exchange, 200, exchange.getRequestHeaders().getFirst("Host")));
    try (CloseableHttpClient client = client(Listing.of(pod), HttpClients.custom())) {
      assertThat(body(client, "http://cart/")).isEqualTo("cart");
      assertThat(body(client, "http://cart:81/")).isEqualTo("cart:81");
    }
  }

  @Test
  void theResponseTimeoutCountsAsTimeout() throws Exception {
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              finish.await(20, TimeUnit.SECONDS);
            });
    Balancer balancer = Listing.of(silent);
    RequestConfig patience =
        RequestConfig.custom().setResponseTimeout(Timeout.ofMilliseconds(200)).build();
    try (CloseableHttpClient client =
        client(balancer, HttpClients.custom().setDefaultRequestConfig(patience))) {
      assertThatThrownBy(() -> body(client, "http://cart/")).isInstanceOf(IOException.class);
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
    }
  }

  @Test
  void aTryHasATimeOfItsOwn() throws Exception {
    Pod silent =
        pods.raw(
            "127.0.0.2",
            socket -> {
              Pods.readHead(socket);
              finish.await(20, TimeUnit.SECONDS);
            });
    Balancer balancer = Listing.of(silent, pods.pod("127.0.0.3"));
    SteelyardExec balancing =
        SteelyardExec.builder()
            .service("cart", balancer)
            .retry(RetryPolicy.builder().perTryTimeout(Duration.ofMillis(200)).build())
            .build();
    try (CloseableHttpClient client = balancing.addTo(HttpClients.custom()).build()) {
      for (int i = 0; i < 2; i++) {
        assertThat(body(client, "http://cart/")).isEqualTo("127.0.0.3");
      }
      assertThat(balancer.stats().count(Outcome.TIMEOUT)).isPositive();
    }
  }

  @Test
  void aPoolThatIsBusyIsNotTheEndpointsFault() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    RequestConfig hurry =
        RequestConfig.custom().setConnectionRequestTimeout(Timeout.ofMilliseconds(100)).build();
    try (CloseableHttpClient client =
        client(
            balancer,
            HttpClients.custom()
                .setDefaultRequestConfig(hurry)
                .setConnectionManager(
                    PoolingHttpClientConnectionManagerBuilder.create()
                        .setMaxConnPerRoute(1)
                        .build()))) {
      var held = client.executeOpen(null, new HttpGet("http://cart/"), null);
      assertThatThrownBy(() -> body(client, "http://cart/")).isInstanceOf(IOException.class);
      assertThat(Listing.outcomes(balancer)).containsEntry(Outcome.CANCELLED, 1L);
      assertThat(balancer.stats().count(Outcome.UNREACHABLE)).isZero();
      held.close();
    }
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
          finish.await(20, TimeUnit.SECONDS);
        };
    Balancer balancer = Listing.of(pods.raw("127.0.0.2", silent), pods.raw("127.0.0.3", silent));
    SteelyardExec balancing =
        SteelyardExec.builder().service("cart", balancer).retry(RetryPolicy.standard()).build();
    try (CloseableHttpClient client = balancing.addTo(HttpClients.custom()).build()) {
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
  }

  @Test
  void aRequestBodyThatFailsIsNotTheEndpointsFault() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpPost post = new HttpPost("http://cart/");
    post.setEntity(
        new InputStreamEntity(
            new InputStream() {
              @Override
              public int read() throws IOException {
                throw new IOException("disk gone");
              }
            },
            ContentType.TEXT_PLAIN));
    try (CloseableHttpClient client = client(balancer, HttpClients.custom())) {
      assertThatThrownBy(() -> client.execute(post, response -> null)).hasMessage("disk gone");
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    }
  }

  @Test
  void aDeadlineThatPassesInAnotherInterceptorIsATimeout() throws Exception {
    Pod pod = pods.pod("127.0.0.2");
    for (boolean connected : new boolean[] {true, false}) {
      Balancer balancer = Listing.of(pod);
      SteelyardExec balancing =
          SteelyardExec.builder()
              .service("cart", balancer)
              .retry(RetryPolicy.builder().deadline(Duration.ofMillis(200)).build())
              .build();
      ChainElement before = connected ? ChainElement.MAIN_TRANSPORT : ChainElement.CONNECT;
      HttpClientBuilder slow =
          balancing
              .addTo(HttpClients.custom())
              .addExecInterceptorBefore(
                  before.name(),
                  "slow",
                  (request, scope, chain) -> {
                    await().until(() -> balancer.stats().count(Outcome.TIMEOUT) == 1);
                    return chain.proceed(request, scope);
                  });
      try (CloseableHttpClient client = slow.build()) {
        assertThatThrownBy(() -> body(client, "http://cart/"))
            .isInstanceOf(SocketTimeoutException.class)
            .hasMessageContaining("deadline of the retry policy");
        assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.TIMEOUT, 1L));
      }
    }
    assertThat(pod.requests).hasValue(0);
  }

  @Test
  void theLocalAddressIsTheOneThatTheClientPlans() throws Exception {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange ->
                Pods.answer(exchange, 200, exchange.getRemoteAddress().getAddress().toString()));
    HttpClientBuilder plain =
        HttpClients.custom()
            .setRoutePlanner(
                new DefaultRoutePlanner(null) {
                  @Override
                  protected InetAddress determineLocalAddress(HttpHost host, HttpContext context) {
                    return address("127.0.0.77");
                  }
                });
    try (CloseableHttpClient client = client(Listing.of(pod), plain)) {
      assertThat(body(client, "http://cart/")).isEqualTo("/127.0.0.77");
      assertThat(body(client, "http://cart/")).isEqualTo("/127.0.0.77");
    }
    assertThat(pod.clients).hasSize(1);
  }

  private static InetAddress address(String text) {
    try {
      return InetAddress.getByName(text);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
