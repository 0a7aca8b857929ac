package io.steelyard.benchmarks.overhead;

import io.steelyard.okhttp.SteelyardInterceptor;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import okhttp3.ConnectionPool;
import okhttp3.OkHttpClient;
import okhttp3.Response;

/** OkHttp, by {@code execute}. */
final class OkHttpSubject extends HttpSubject {
  private final int connections;

  OkHttpSubject(int threads, int endpoints) throws IOException {
    super(endpoints);
    this.connections = threads * endpoints;
  }

  private OkHttpClient client() {
    return new OkHttpClient.Builder()
        .connectionPool(new ConnectionPool(connections, 5, TimeUnit.MINUTES))
        .build();
  }

  @Override
  public Sender bare() {
    OkHttpClient client = client();
    return toAny(client.connectionPool()::evictAll, address -> request(client, address));
  }

  @Override
  public Sender balanced() {
    OkHttpClient client = SteelyardInterceptor.wrap(client()).service(SERVICE, balancer).build();
    return toService(client.connectionPool()::evictAll, address -> request(client, address));
  }

  private static Request request(OkHttpClient client, String url) {
    okhttp3.Request request = new okhttp3.Request.Builder().url(url).build();
    return () -> {
      try (Response response = client.newCall(request).execute()) {
        response.body().string();
      }
    };
  }
}
