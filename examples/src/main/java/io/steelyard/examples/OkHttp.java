package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.okhttp.SteelyardInterceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;

/** OkHttp: what is built here can be handed to Retrofit, too. */
public final class OkHttp {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    try (Hello first = new Hello("first");
        Hello second = new Hello("second");
        Balancer cart = Balancer.of(first.endpoint(), second.endpoint())) {
      OkHttpClient client =
          SteelyardInterceptor.wrap(new OkHttpClient()).service("cart", cart).build();

      Request request = new Request.Builder().url("http://cart/items").build();
      try (Response response = client.newCall(request).execute()) {
        System.out.println(response.body().string());
      }
    }
  }

  private OkHttp() {}
}
