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

  @Override
  public Sender bare() {
    CloseableHttpAsyncClient client = client().build();
    client.start();
    return toAny(client, address -> request(client, address));
  }

  @Override
  public Sender balanced() {
    SteelyardExec balancing = SteelyardExec.builder().service(SERVICE, balancer).build();
    CloseableHttpAsyncClient client = balancing.addTo(client()).build();
    client.start();
    return toService(client, address -> request(client, address));
  }

  private static Request request(CloseableHttpAsyncClient client, String url) {
    return () -> {
      SimpleHttpRequest request = SimpleRequestBuilder.get(url).build();
      client.execute(request, null).get();
    };
  }
}
