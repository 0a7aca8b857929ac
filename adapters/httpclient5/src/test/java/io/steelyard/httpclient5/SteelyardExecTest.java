package io.steelyard.httpclient5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import io.steelyard.retry.RetryPolicy;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.classic.methods.HttpPost;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.util.Timeout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

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
}
