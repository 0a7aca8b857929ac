package io.steelyard.http;

import io.steelyard.contract.Ask;
import io.steelyard.contract.HttpAdapterContract;
import io.steelyard.contract.Setup;
import io.steelyard.contract.TestClient;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/** The contract, through {@code send} and, for what is cancelled, {@code sendAsync}. */
final class BalancedHttpClientContractTest extends HttpAdapterContract {
  @Override
  protected Class<? extends Throwable> unknownService() {
    return IllegalArgumentException.class;
  }

  @Override
  protected boolean closesConnections() {
    return Runtime.version().feature() >= 21;
  }

  @Override
  protected TestClient client(Setup setup) {
    HttpClient.Builder plain =
        HttpClient.newBuilder()
            .followRedirects(Redirect.NORMAL)
            .version(setup.http2 ? Version.HTTP_2 : Version.HTTP_1_1);
    if (setup.trust != null) {
      plain.sslContext(setup.trust.client());
    }
    BalancedHttpClientBuilder builder =
        BalancedHttpClient.wrap(plain.build())
            .service(setup.service, setup.balancer)
            .passThrough(setup.passThrough)
            .platform(setup.platform)
            .abandonBodyAfter(setup.abandonBodyAfter);
    if (setup.retry != null) {
      builder.retry(setup.retry);
    }
    return new Client(builder.build());
  }

  private record Client(BalancedHttpClient client) implements TestClient {
    @Override
    public Reply send(Ask ask) throws Exception {
      return reply(client.send(request(ask), BodyHandlers.ofString()));
    }

    @Override
    public Opened open(Ask ask) throws Exception {
      HttpResponse<InputStream> response = client.send(request(ask), BodyHandlers.ofInputStream());
      return new Opened(response.statusCode(), response.body());
    }

    @Override
    public Future<Reply> start(Ask ask) {
      CompletableFuture<HttpResponse<String>> sent =
          client.sendAsync(request(ask), BodyHandlers.ofString());
      return sent.thenApply(Client::reply);
    }

    @Override
    public long abandonedBodies() {
      return client.abandonedBodies();
    }

    @Override
    public void close() {
      client.shutdownNow();
    }

    private static Reply reply(HttpResponse<String> response) {
      return new Reply(response.statusCode(), response.body());
    }

    private static HttpRequest request(Ask ask) {
      return HttpRequest.newBuilder(URI.create(ask.url())).method(ask.method(), body(ask)).build();
    }

    private static BodyPublisher body(Ask ask) {
      if (ask.body() == null) {
        return BodyPublishers.noBody();
      }
      return ask.oneShot()
          ? BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(ask.body().getBytes()))
          : BodyPublishers.ofString(ask.body());
    }
  }
}
