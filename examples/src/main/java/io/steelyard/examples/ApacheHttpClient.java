package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.httpclient5.SteelyardExec;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.impl.classic.BasicHttpClientResponseHandler;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.client5.http.impl.classic.HttpClients;

/** Apache HttpClient 5: the same object serves the async client. */
public final class ApacheHttpClient {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    try (Hello first = new Hello("first");
        Hello second = new Hello("second");
        Balancer cart = Balancer.of(first.endpoint(), second.endpoint())) {
      SteelyardExec balancing = SteelyardExec.builder().service("cart", cart).build();
      try (CloseableHttpClient client = balancing.addTo(HttpClients.custom()).build()) {
        HttpGet request = new HttpGet("http://cart/items");
        System.out.println(client.execute(request, new BasicHttpClientResponseHandler()));
      }
    }
  }

  private ApacheHttpClient() {}
}
