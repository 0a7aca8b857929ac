package io.steelyard.benchmarks.overhead;

import io.steelyard.httpclient5.SteelyardExec;
import java.io.IOException;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.core5.http.io.entity.EntityUtils;

/** Apache HttpClient 5, classic. */
final class ApacheSubject extends HttpSubject {
  private final int threads;
  private final int endpoints;

  ApacheSubject(int threads, int endpoints) throws IOException {
    super(endpoints);
    this.threads = threads;
    this.endpoints = endpoints;
  }

  private HttpClientBuilder client() {
    return HttpClients.custom()
        .disableAutomaticRetries()
        .setConnectionManager(
            PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnPerRoute(threads)
                .setMaxConnTotal(threads * endpoints)
                .build());
  }

  @Override
  public Sender bare() {
    CloseableHttpClient client = client().build();
    return toAny(client, address -> request(client, address));
  }

  @Override
  public Sender balanced() {
    SteelyardExec balancing = SteelyardExec.builder().service(SERVICE, balancer).build();
    CloseableHttpClient client = balancing.addTo(client()).build();
    return toService(client, address -> request(client, address));
  }

  private static Request request(CloseableHttpClient client, String url) {
    return () ->
        client.execute(new HttpGet(url), response -> EntityUtils.toString(response.getEntity()));
  }
}
