package io.steelyard.benchmarks.overhead;

import io.steelyard.okhttp.SteelyardInterceptor;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** OkHttp, by {@code execute}. */
final class OkHttpSubject extends HttpSubject {
  private final int connections;

  OkHttpSubject(int threads, int endpoints) throws IOException {
    super(endpoints);
    this.connections = threads * endpoints;
  }

  private OkHttpClient client() {
    ConnectionPool pool = new ConnectionPool(connections, 5, TimeUnit.MINUTES);
    closing(pool::evictAll);
    return new OkHttpClient.Builder().connectionPool(pool).build();
  }

  @Override
  public Sender bare() {
    OkHttpClient client = client();
    return anyOf(address -> sender(client, address));
  }

  @Override
  public Sender balanced() {
    return sender(SteelyardInterceptor.wrap(client()).service(SERVICE, balancer).build(), BY_NAME);
  }

  private static Sender sender(OkHttpClient client, String url) {
    Request request = new Request.Builder().url(url).build();
    return () -> {
      try (Response response = client.newCall(request).execute()) {
        response.body().string();
      }
    };
  }
}
