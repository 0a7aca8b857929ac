package io.steelyard.benchmarks.overhead;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.httpclient5.SteelyardExec;
import io.steelyard.okhttp.SteelyardInterceptor;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.core5.http.io.entity.EntityUtils;

/** The clients, each bare and balanced, and otherwise configured alike. */
final class Subjects {
  /** Sends one request and reads its answer. */
  interface Sender {
    void send() throws Exception;
  }

  /** One client, both ways. */
  record Subject(String name, Sender bare, Sender balanced) {}

  private Subjects() {}

  static List<Subject> of(String direct, String byName, Balancer balancer, int threads) {
    return List.of(
        jdk(direct, byName, balancer),
        okHttp(direct, byName, balancer, threads),
        apache(direct, byName, balancer, threads),
        apacheAsync(direct, byName, balancer, threads));
  }

  private static Subject jdk(String direct, String byName, Balancer balancer) {
    HttpClient bare = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    HttpClient balanced =
        BalancedHttpClient.wrap(
                HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build())
            .service("cart", balancer)
            .build();
    return new Subject("java.net.http", jdk(bare, direct), jdk(balanced, byName));
  }

  private static Sender jdk(HttpClient client, String url) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return () -> client.send(request, BodyHandlers.ofString());
  }

  private static Subject okHttp(String direct, String byName, Balancer balancer, int threads) {
    OkHttpClient bare = okHttp(threads);
    OkHttpClient balanced =
        SteelyardInterceptor.wrap(okHttp(threads)).service("cart", balancer).build();
    return new Subject("OkHttp", okHttp(bare, direct), okHttp(balanced, byName));
  }

  private static OkHttpClient okHttp(int threads) {
    return new OkHttpClient.Builder()
        .connectionPool(new ConnectionPool(threads, 5, TimeUnit.MINUTES))
        .build();
  }

  private static Sender okHttp(OkHttpClient client, String url) {
    Request request = new Request.Builder().url(url).build();
    return () -> {
      try (Response response = client.newCall(request).execute()) {
        response.body().string();
      }
    };
  }

  private static SteelyardExec exec(Balancer balancer) {
    return SteelyardExec.builder().service("cart", balancer).build();
  }

  private static Subject apache(String direct, String byName, Balancer balancer, int threads) {
    CloseableHttpClient bare = apache(threads).disableAutomaticRetries().build();
    CloseableHttpClient balanced = exec(balancer).addTo(apache(threads)).build();
    return new Subject("HttpClient 5", apache(bare, direct), apache(balanced, byName));
  }

  private static HttpClientBuilder apache(int threads) {
    return HttpClients.custom()
        .setConnectionManager(
            PoolingHttpClientConnectionManagerBuilder.create()
                .setMaxConnPerRoute(threads)
                .setMaxConnTotal(threads)
                .build());
  }

  private static Sender apache(CloseableHttpClient client, String url) {
    return () ->
        client.execute(new HttpGet(url), response -> EntityUtils.toString(response.getEntity()));
  }

  private static Subject apacheAsync(String direct, String byName, Balancer balancer, int threads) {
    CloseableHttpAsyncClient bare = apacheAsync(threads).disableAutomaticRetries().build();
    CloseableHttpAsyncClient balanced = exec(balancer).addTo(apacheAsync(threads)).build();
    bare.start();
    balanced.start();
    return new Subject(
        "HttpClient 5, async", apacheAsync(bare, direct), apacheAsync(balanced, byName));
  }

  private static HttpAsyncClientBuilder apacheAsync(int threads) {
    return HttpAsyncClients.custom()
        .setConnectionManager(
            PoolingAsyncClientConnectionManagerBuilder.create()
                .setMaxConnPerRoute(threads)
                .setMaxConnTotal(threads)
                .build());
  }

  private static Sender apacheAsync(CloseableHttpAsyncClient client, String url) {
    return () -> {
      SimpleHttpRequest request = SimpleRequestBuilder.get(url).build();
      client.execute(request, null).get();
    };
  }
}
