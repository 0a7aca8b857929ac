package io.steelyard.http;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.adapter.HttpRules;
import io.steelyard.retry.Tries;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * Opens WebSockets on endpoints. An attempt lasts until the WebSocket is open: how long it then
 * stays so says nothing about the endpoint.
 */
final class BalancedWebSocketBuilder implements WebSocket.Builder {
  private final BalancedHttpClient client;
  private final List<String> headers = new ArrayList<>();
  private @Nullable Duration connectTimeout;
  private @Nullable String subprotocol;
  private String[] lesserSubprotocols = {};

  BalancedWebSocketBuilder(BalancedHttpClient client) {
    this.client = client;
  }

  @Override
  public WebSocket.Builder header(String name, String value) {
    headers.add(Objects.requireNonNull(name, "name"));
    headers.add(Objects.requireNonNull(value, "value"));
    return this;
  }

  @Override
  public WebSocket.Builder connectTimeout(Duration timeout) {
    connectTimeout = Objects.requireNonNull(timeout, "timeout");
    return this;
  }

  @Override
  public WebSocket.Builder subprotocols(String mostPreferred, String... lesserPreferred) {
    subprotocol = Objects.requireNonNull(mostPreferred, "mostPreferred");
    lesserSubprotocols = lesserPreferred.clone();
    return this;
  }

  @Override
  public CompletableFuture<WebSocket> buildAsync(URI uri, WebSocket.Listener listener) {
    String scheme = Objects.requireNonNull(uri, "uri").getScheme();
    boolean tls = "wss".equalsIgnoreCase(scheme);
    if (uri.getHost() == null || !(tls || "ws".equalsIgnoreCase(scheme))) {
      return builder(client.delegates.wrapped(), null).buildAsync(uri, listener); // says why not
    }
    try {
      Balancer balancer = client.settings.balancerOf(uri.getHost(), uri);
      return balancer == null
          ? UnknownHosts.explain(
              builder(client.delegates.wrapped(), null).buildAsync(uri, listener),
              uri,
              client.settings.names())
          : new Opening(uri, tls, listener, balancer).start();
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  /** The other client's builder, with everything that this one was told. */
  private WebSocket.Builder builder(HttpClient through, @Nullable Duration atMost) {
    WebSocket.Builder builder = through.newWebSocketBuilder();
    for (int i = 0; i < headers.size(); i += 2) {
      builder.header(headers.get(i), headers.get(i + 1));
    }
    if (subprotocol != null) {
      builder.subprotocols(subprotocol, lesserSubprotocols);
    }
    Duration limit = connectTimeout;
    if (atMost != null && (limit == null || limit.compareTo(atMost) > 0)) {
      limit = atMost.isZero() ? Duration.ofMillis(1) : atMost;
    }
    if (limit != null) {
      builder.connectTimeout(limit);
    }
    return builder;
  }

  /** What the context is made of: the request for the upgrade. */
  private HttpRequest upgrade(URI uri) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create("http" + uri.toString().substring(2)));
    for (int i = 0; i < headers.size(); i += 2) {
      request.header(headers.get(i), headers.get(i + 1));
    }
    return request.build();
  }

  /** One WebSocket on its way through its tries: a step at a time, on whatever threads. */
  private final class Opening {
    private final URI uri;
    private final WebSocket.Listener listener;
    private final Balancer balancer;
    private final boolean tls;
    private final Tries tries;
    private final CompletableFuture<WebSocket> result = new CompletableFuture<>();

    // Written by a step, read by stop(). A step that finds the result done after writing stops
    // itself, so a stop that comes too early to see the step is not lost.
    private volatile @Nullable Attempt attempt;
    private volatile @Nullable CompletableFuture<WebSocket> opening;

    Opening(URI uri, boolean tls, WebSocket.Listener listener, Balancer balancer) {
      this.uri = uri;
      this.tls = tls;
      this.listener = listener;
      this.balancer = balancer;
      this.tries =
          client
              .settings
              .policyFor(balancer)
              .begin(balancer, client.settings.contextOf(upgrade(uri)));
    }

    CompletableFuture<WebSocket> start() {
      CompletableFuture<?> unused =
          result.whenComplete((socket, error) -> stop(AsyncSend.outcomeOf(error)));
      begin(true);
      return result;
    }

    /** The result is there. Who has completed it himself has ended the attempt before. */
    private void stop(Outcome outcome) {
      Attempt underWay = attempt;
      if (underWay != null) {
        underWay.end(outcome); // before the cancelling, which looks like a failure from below
      }
      CompletableFuture<WebSocket> handshake = opening;
      if (handshake != null) {
        handshake.cancel(true);
      }
    }

    private void begin(boolean mayWait) {
      Attempt first;
      try {
        first = tries.begin();
      } catch (NoEndpointException e) {
        CompletableFuture<@Nullable Void> gate =
            mayWait ? client.settings.firstList(balancer, tries, e) : null;
        if (gate == null) {
          result.completeExceptionally(Journey.asConnectException(e));
          return;
        }
        CompletableFuture<?> unused =
            gate.whenComplete(
                (nothing, error) -> {
                  if (!result.isDone()) {
                    begin(false);
                  }
                });
        return;
      }
      open(first);
    }

    private void open(Attempt attempt) {
      this.attempt = attempt;
      if (result.isDone()) {
        attempt.cancel();
        return;
      }
      CompletableFuture<WebSocket> handshake;
      try {
        handshake =
            builder(client.delegates.of(uri.getHost(), tls), attempt.remaining())
                .buildAsync(Journey.retarget(uri, attempt.endpoint()), listener);
      } catch (RuntimeException e) {
        attempt.cancel(); // it cannot be asked for, which is not the endpoint's fault
        result.completeExceptionally(e);
        return;
      }
      opening = handshake;
      if (result.isDone()) {
        attempt.cancel();
        handshake.cancel(true);
      }
      CompletableFuture<?> unused =
          handshake.whenComplete(
              (socket, error) -> {
                if (error == null) {
                  opened(attempt, socket);
                } else {
                  failed(attempt, AsyncSend.unwrap(error));
                }
              });
    }

    private void opened(Attempt attempt, WebSocket socket) {
      attempt.responded();
      attempt.success();
      if (!result.complete(socket)) {
        socket.abort(); // nobody waits any more
      }
    }

    private void failed(Attempt attempt, Throwable error) {
      Outcome outcome =
          error instanceof WebSocketHandshakeException refused
              ? HttpRules.ofStatus(refused.getResponse().statusCode())
              : client.outcomes.ofError(error);
      attempt.end(outcome);
      Duration pause = result.isDone() ? null : tries.afterError(error, outcome, true);
      if (pause == null) {
        result.completeExceptionally(error);
        return;
      }
      tries.after(
          pause,
          () -> {
            Attempt next = result.isDone() ? null : tries.tryBegin();
            if (next == null) {
              result.completeExceptionally(error);
            } else {
              open(next);
            }
          });
    }
  }
}
