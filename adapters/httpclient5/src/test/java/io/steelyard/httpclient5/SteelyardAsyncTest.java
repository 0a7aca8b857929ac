package io.steelyard.httpclient5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleHttpResponse;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.async.methods.SimpleRequestProducer;
import org.apache.hc.client5.http.async.methods.SimpleResponseConsumer;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequestInterceptor;
import org.apache.hc.core5.http.nio.AsyncEntityConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.apache.hc.core5.http.nio.entity.FileEntityProducer;
import org.apache.hc.core5.http.nio.entity.StringAsyncEntityConsumer;
import org.apache.hc.core5.http.nio.support.BasicRequestProducer;
import org.apache.hc.core5.http.nio.support.BasicResponseConsumer;
import org.apache.hc.core5.io.CloseMode;
import org.apache.hc.core5.util.Timeout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Corners of the async client alone. */
final class SteelyardAsyncTest {
  private static final Duration SOON = Duration.ofSeconds(20);

  private final Pods pods = new Pods();
  private final CountDownLatch finish = new CountDownLatch(1);

  @AfterEach
  void stop() throws Exception {
    finish.countDown();
    pods.close();
  }

  private static CloseableHttpAsyncClient client(
      SteelyardExec balancing, HttpAsyncClientBuilder plain) {
    CloseableHttpAsyncClient client = balancing.addTo(plain).build();
    client.start();
    return client;
  }

  private static CloseableHttpAsyncClient client(Balancer balancer) {
    return client(
        SteelyardExec.builder().service("cart", balancer).build(), HttpAsyncClients.custom());
  }

  private static SimpleHttpRequest get(String url) {
    return SimpleRequestBuilder.get(url).build();
  }

  private Pod silent(String host, CountDownLatch asked) {
    return pods.raw(
        host,
        socket -> {
          socket.getInputStream().read(); // of a request, or of a handshake
          asked.countDown();
          finish.await(60, TimeUnit.SECONDS);
        });
  }

  @Test
  void aPoolThatIsBusyIsNotTheEndpointsFault() throws Exception {
    CountDownLatch answer = new CountDownLatch(1);
    CountDownLatch asked = new CountDownLatch(1);
    Balancer balancer =
        Listing.of(
            pods.pod(
                "127.0.0.2",
                exchange -> {
                  asked.countDown();
                  awaitQuietly(answer);
                  Pods.answer(exchange, 200, "OK");
                }));
    HttpAsyncClientBuilder plain =
        HttpAsyncClients.custom()
            .setDefaultRequestConfig(
                RequestConfig.custom()
                    .setConnectionRequestTimeout(Timeout.ofMilliseconds(50))
                    .build())
            .setConnectionManager(
                PoolingAsyncClientConnectionManagerBuilder.create().setMaxConnPerRoute(1).build());
    SteelyardExec balancing = SteelyardExec.builder().service("cart", balancer).build();
    try (CloseableHttpAsyncClient client = client(balancing, plain)) {
      Future<SimpleHttpResponse> first = client.execute(get("http://cart/"), null);
      asked.await();
      Future<SimpleHttpResponse> second = client.execute(get("http://cart/"), null);
      Thread.sleep(100); // the pool looks at its waiters when it gets a connection back
      answer.countDown();
      assertThat(first).succeedsWithin(SOON);
      assertThat(second).failsWithin(SOON);
      await().until(() -> balancer.stats().inFlight() == 0);
      assertThat(Listing.outcomes(balancer))
          .isEqualTo(Map.of(Outcome.SUCCESS, 1L, Outcome.CANCELLED, 1L));
    }
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await(20, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void aRequestBodyThatFailsIsNotTheEndpointsFault() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    try (CloseableHttpAsyncClient client = client(balancer)) {
      Future<SimpleHttpResponse> sent =
          client.execute(
              new BasicRequestProducer(
                  SimpleRequestBuilder.post("http://cart/").build(),
                  new FileEntityProducer(new File("/there/is/none"), ContentType.TEXT_PLAIN)),
              SimpleResponseConsumer.create(),
              null);
      assertThat(sent).failsWithin(SOON);
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    }
  }

  @Test
  void aReaderThatFailsIsNotTheEndpointsFault() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    AsyncEntityConsumer<String> choosy =
        new Delegating(new StringAsyncEntityConsumer()) {
          @Override
          public void streamStart(EntityDetails details, FutureCallback<String> callback)
              throws IOException {
            throw new IOException("not in this language");
          }
        };
    AsyncEntityConsumer<String> full =
        new Delegating(new StringAsyncEntityConsumer()) {
          @Override
          public void consume(ByteBuffer source) throws IOException {
            throw new IOException("disk full");
          }
        };
    try (CloseableHttpAsyncClient client = client(balancer)) {
      for (AsyncEntityConsumer<String> reader : List.of(choosy, full)) {
        assertThat(
                client.execute(
                    SimpleRequestProducer.create(get("http://cart/")),
                    new BasicResponseConsumer<>(reader),
                    null))
            .failsWithin(SOON);
      }
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.SUCCESS, 2L));
    }
  }

  @Test
  void anInterceptorThatThrowsIsNotTheEndpointsFault() throws Exception {
    Balancer balancer = Listing.of(pods.pod("127.0.0.2"));
    HttpRequestInterceptor broken =
        (request, entity, context) -> {
          throw new IllegalStateException("no token");
        };
    SteelyardExec balancing = SteelyardExec.builder().service("cart", balancer).build();
    try (CloseableHttpAsyncClient client =
        client(balancing, HttpAsyncClients.custom().addRequestInterceptorLast(broken))) {
      assertThat(client.execute(get("http://cart/"), null)).failsWithin(SOON);
      assertThat(Listing.outcomes(balancer)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    }
  }

  @Test
  void aContextThatThrowsFailsTheRequestEvenAfterARedirect() throws Exception {
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              exchange.getResponseHeaders().set("Location", "/there");
              Pods.answer(exchange, 302, "");
            });
    SteelyardExec balancing =
        SteelyardExec.builder()
            .service("cart", Listing.of(pod))
            .contextOf(
                request -> {
                  if (request.getPath().equals("/there")) {
                    throw new IllegalStateException("no user");
                  }
                  return PickContext.none();
                })
            .build();
    try (CloseableHttpAsyncClient client = client(balancing, HttpAsyncClients.custom())) {
      for (String path : List.of("there", "here")) {
        assertThat(client.execute(get("http://cart/" + path), null))
            .failsWithin(SOON)
            .withThrowableThat()
            .withMessageContaining("no user");
      }
    }
  }

  /** The client tells nobody: neither who waits for a connection nor who is in a handshake. */
  @Test
  void whatHadNoConnectionWhenTheClientWasClosedIsGivenUp() throws Exception {
    CountDownLatch asked = new CountDownLatch(2);
    Balancer cart = Listing.of(silent("127.0.0.2", asked));
    Balancer secure = Listing.of(silent("127.0.0.3", asked));
    SteelyardExec balancing =
        SteelyardExec.builder()
            .service("cart", cart)
            .service("secure", secure)
            .abandonBodyAfter(Duration.ofMillis(200))
            .build();
    HttpAsyncClientBuilder plain =
        HttpAsyncClients.custom()
            .setDefaultRequestConfig(impatient())
            .setConnectionManager(
                PoolingAsyncClientConnectionManagerBuilder.create().setMaxConnPerRoute(1).build());
    CloseableHttpAsyncClient client = client(balancing, plain);
    client.execute(get("http://cart/"), null);
    client.execute(get("https://secure/"), null);
    assertThat(asked.await(20, TimeUnit.SECONDS)).isTrue();
    client.execute(get("http://cart/"), null);
    assertThat(cart.stats().inFlight()).isEqualTo(2);
    assertThat(secure.stats().inFlight()).isEqualTo(1);
    client.close(CloseMode.IMMEDIATE);
    await().until(() -> cart.stats().inFlight() == 0 && secure.stats().inFlight() == 0);
    assertThat(Listing.outcomes(cart)).isEqualTo(Map.of(Outcome.CANCELLED, 2L));
    assertThat(Listing.outcomes(secure)).isEqualTo(Map.of(Outcome.CANCELLED, 1L));
    assertThat(balancing.abandonedBodies()).isZero();
  }

  @SuppressWarnings("deprecation") // as long as a request can have it
  private static RequestConfig impatient() {
    return RequestConfig.custom()
        .setConnectionRequestTimeout(Timeout.ofSeconds(1))
        .setConnectTimeout(Timeout.ofSeconds(1))
        .build();
  }

  /** A reader that another one does the work for. */
  private static class Delegating implements AsyncEntityConsumer<String> {
    private final AsyncEntityConsumer<String> reader;

    Delegating(AsyncEntityConsumer<String> reader) {
      this.reader = reader;
    }

    @Override
    public void streamStart(EntityDetails details, FutureCallback<String> callback)
        throws HttpException, IOException {
      reader.streamStart(details, callback);
    }

    @Override
    public void failed(Exception cause) {
      reader.failed(cause);
    }

    @Override
    public String getContent() {
      return reader.getContent();
    }

    @Override
    public void updateCapacity(CapacityChannel channel) throws IOException {
      reader.updateCapacity(channel);
    }

    @Override
    public void consume(ByteBuffer source) throws IOException {
      reader.consume(source);
    }

    @Override
    public void streamEnd(List<? extends Header> trailers) throws HttpException, IOException {
      reader.streamEnd(trailers);
    }

    @Override
    public void releaseResources() {
      reader.releaseResources();
    }
  }
}
