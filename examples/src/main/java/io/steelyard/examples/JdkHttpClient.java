package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** The JDK's client: one more line than without a balancer. */
public final class JdkHttpClient {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    try (Hello first = new Hello("first");
        Hello second = new Hello("second");
        Balancer cart = Balancer.of(first.endpoint(), second.endpoint())) {
      HttpClient client =
          BalancedHttpClient.wrap(HttpClient.newHttpClient()).service("cart", cart).build();

      HttpRequest request = HttpRequest.newBuilder(URI.create("http://cart/items")).build();
      System.out.println(client.send(request, BodyHandlers.ofString()).body());
    }
  }

  private JdkHttpClient() {}
}
