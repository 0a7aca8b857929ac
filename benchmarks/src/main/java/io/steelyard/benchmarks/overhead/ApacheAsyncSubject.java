package io.steelyard.benchmarks.overhead;

import io.steelyard.httpclient5.SteelyardExec;
import java.io.IOException;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;

/** Apache HttpClient 5, async. */
final class ApacheAsyncSubject extends HttpSubject {
  private final int threads;
  private final int endpoints;

  ApacheAsyncSubject(int threads, int endpoints) throws IOException {
    super(endpoints);
    this.threads = threads;
    this.endpoints = endpoints;
  }

  private HttpAsyncClientBuilder client() {
    return HttpAsyncClients.custom()
        .disableAutomaticRetries()
        .setConnectionManager(
            PoolingAsyncClientConnectionManagerBuilder.create()
                .setMaxConnPerRoute(threads)
                .setMaxConnTotal(threads * endpoints)
                .build());
  }

  private CloseableHttpAsyncClient started(HttpAsyncClientBuilder builder) {
    CloseableHttpAsyncClient client = closing(builder.build());
    client.start();
    return client;
  }

  @Override
  public Sender bare() {
    CloseableHttpAsyncClient client = started(client());
    return anyOf(address -> sender(client, address));
  }

  @Override
  public Sender balanced() {
    SteelyardExec balancing = SteelyardExec.builder().service(SERVICE, balancer).build();
    return sender(started(balancing.addTo(client())), BY_NAME);
  }

  private static Sender sender(CloseableHttpAsyncClient client, String url) {
    return () -> {
      SimpleHttpRequest request = SimpleRequestBuilder.get(url).build();
      client.execute(request, null).get();
    };
  }
}
