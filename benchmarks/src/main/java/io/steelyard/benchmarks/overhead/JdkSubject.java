package io.steelyard.benchmarks.overhead;

import io.steelyard.http.BalancedHttpClient;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;

/**
 * The JDK's client, by {@code send} or by {@code sendAsync}. Before 21 its clients close when they
 * are garbage.
 */
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
    // One that balances nothing knows how to close it, where it can be closed.
    return toAny(
        BalancedHttpClient.wrap(client).build()::close, address -> request(client, address));
  }

  @Override
  public Sender balanced() {
    BalancedHttpClient client =
        BalancedHttpClient.wrap(client()).service(SERVICE, balancer).build();
    return toService(client::close, address -> request(client, address));
  }

  private Request request(HttpClient client, String url) {
    HttpRequest request = HttpRequest.newBuilder(URI.create(url)).build();
    return async
        ? () -> client.sendAsync(request, BodyHandlers.ofString()).get()
        : () -> client.send(request, BodyHandlers.ofString());
  }
}
