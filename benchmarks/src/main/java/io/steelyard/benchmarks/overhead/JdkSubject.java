package io.steelyard.benchmarks.overhead;

import io.steelyard.http.BalancedHttpClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/** The JDK's client, by {@code send} or by {@code sendAsync}. Before 21 there is no closing it. */
final class JdkSubject extends HttpSubject {
  private final boolean async;

  JdkSubject(int endpoints, boolean async) throws IOException {
    super(endpoints);
    this.async = async;
  }

  private static HttpClient client() {
    return HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  }

  @Override
  public Sender bare() {
    HttpClient client = client();
    return anyOf(address -> sender(client, address));
  }

  @Override
  public Sender balanced() {
    BalancedHttpClient client =
        BalancedHttpClient.wrap(client()).service(SERVICE, balancer).build();
    closing(client::close);
    return sender(client, BY_NAME);
  }

  private Sender sender(HttpClient client, String url) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return async
        ? () -> client.sendAsync(request, BodyHandlers.ofString()).get()
        : () -> client.send(request, BodyHandlers.ofString());
  }
}
