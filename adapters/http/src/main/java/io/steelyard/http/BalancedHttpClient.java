package io.steelyard.http;

import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.PickContext;
import io.steelyard.adapter.HttpAdapter;
import java.io.IOException;
import java.net.Authenticator;
import java.net.ConnectException;
import java.net.CookieHandler;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandler;
import java.net.http.HttpResponse.PushPromiseHandler;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * An {@link HttpClient} that sends each request for a known service to an endpoint its {@link
 * Balancer} chooses, and every other request as it is.
 *
 * <pre>{@code
 * HttpClient client = BalancedHttpClient.wrap(HttpClient.newHttpClient())
 *     .service("cart", cart)
 *     .build();
 * client.send(
 *     HttpRequest.newBuilder(URI.create("http://cart/items?user=7")).build(),
 *     HttpResponse.BodyHandlers.ofString());
 * }</pre>
 *
 * <p><b>The URI.</b> Its host names the service, in any case. Its port is ignored: the endpoint's
 * own counts. The request that is sent has the endpoint's address in its URI, so {@link
 * HttpResponse#uri()} says who answered, cookies belong to that address, and {@code Host} is that
 * address too; only a JVM started with {@code -Djdk.httpclient.allowRestrictedHeaders=host} lets
 * this client keep the service's name in {@code Host}.
 *
 * <p><b>Redirects</b> are followed if the wrapped client follows them, by its rules, and each step
 * is balanced for itself: five at most. The answer's {@code previousResponse()} is then empty. What
 * a host that is no service leads to, the wrapped client follows alone.
 *
 * <p><b>https.</b> The endpoint's certificate is verified against the name of the service, which is
 * also what SNI says; one made out to the endpoint's own address passes too. The JDK binds that
 * name to a client, so the first https request to a service makes a copy of the wrapped client for
 * it, with the same executor, limits and TLS settings; so does a wrapped client that follows
 * redirects. What a client does not tell, its copy has not: the priority of HTTP/2 and the local
 * address.
 *
 * <p><b>In flight.</b> A request counts as in flight until its body has been read to the end, has
 * broken off, or was cancelled. Its latency is the time to the headers. {@link HttpOutcomes} says
 * how a response or an error is judged; closing an {@code InputStream} early, or a handler that
 * throws, is judged by the status, since the endpoint did its part. A body that nobody reads stops
 * counting after {@linkplain BalancedHttpClientBuilder#abandonBodyAfter five minutes} without
 * anyone asking for more of it, and {@link #abandonedBodies()} counts it.
 *
 * <p><b>Another try.</b> A request whose connection could not be made goes to another endpoint,
 * whatever its method: nothing was sent. By default there are {@linkplain
 * BalancedHttpClientBuilder#tries two tries} at most, and any other failure is the caller's to deal
 * with. A {@linkplain BalancedHttpClientBuilder#retry retry policy}, of this client or else of the
 * balancer, may go further: after other outcomes, answers such as 503 among them (whose {@code
 * Retry-After} it respects), it tries idempotent requests again: GET, HEAD, OPTIONS, PUT, DELETE,
 * TRACE, and what {@linkplain BalancedHttpClientBuilder#contextOf the context} says to be {@link
 * PickContext#idempotent()}. A request body that was asked for is sent again only if it is one of
 * the JDK's from strings or byte arrays; any other may be there once only. Once the caller's body
 * handler has seen an answer there is no other try.
 *
 * <p>The request's own {@linkplain HttpRequest#timeout() timeout} covers all tries, the pauses and
 * any wait for the first list together, up to the headers; a policy's {@linkplain
 * io.steelyard.retry.RetryPolicy.Builder#deadline deadline} covers the body too, which then fails
 * with {@link java.net.http.HttpTimeoutException}. The JDK's client itself repeats a failed connect
 * once on the same address, which {@code -Djdk.httpclient.disableRetryConnect} turns off, and
 * repeats idempotent requests on a pooled connection that turned out to be dead.
 *
 * <p><b>No endpoint.</b> The request fails with {@link ConnectException}, whose cause is the {@link
 * NoEndpointException} that says why; at once, except that it waits for the very first list as long
 * as a {@linkplain BalancedHttpClientBuilder#awaitFirst connect may take}.
 *
 * <p><b>Cancelling.</b> When the future of {@code sendAsync} is completed from outside ({@code
 * cancel}, {@code orTimeout}, {@code completeOnTimeout}), the request under way is cancelled: a
 * time-out counts as {@code TIMEOUT} against the endpoint, everything else is neutral. So is
 * interrupting a thread in {@code send}. The JDK's client closes the connection of a request that
 * it cancels, even where the answer has just ended and another request has the connection already:
 * that one breaks off and counts as a {@code FAILURE}. What can be seen to have ended is therefore
 * not cancelled there any more; a moment remains, which is the JDK's.
 *
 * <p><b>Life cycle.</b> {@link #close()} and its kin close the wrapped client where the JDK has
 * such methods (21 and later) and do nothing before. They never close a balancer: whoever built it
 * closes it. HTTP/2 push promises are not counted.
 *
 * <p>Thread-safe. The static {@code newBuilder()} and {@code newHttpClient()} that this class
 * inherits make plain clients of the JDK.
 */
public final class BalancedHttpClient extends HttpClient {
  private final HttpClient delegate;
  final Delegates delegates;
  final HttpAdapter<HttpRequest> settings;
  final HttpOutcomes outcomes;

  BalancedHttpClient(BalancedHttpClientBuilder builder) {
    this.delegate = builder.delegate;
    this.delegates = new Delegates(delegate);
    this.settings = builder.settings();
    this.outcomes = builder.outcomes;
  }

  /**
   * Starts a client that sends through this one.
   *
   * @param delegate does the work: connections, HTTP versions, executor, redirects
   */
  public static BalancedHttpClientBuilder wrap(HttpClient delegate) {
    return new BalancedHttpClientBuilder(delegate);
  }

  /**
   * Sends a request and waits for its answer, as {@link HttpClient#send}.
   *
   * @throws ConnectException if no connection could be had; if that is for want of an endpoint, its
   *     cause is a {@link NoEndpointException}; if a host is no service and has no address, it
   *     names both the host and the services
   * @throws IllegalArgumentException if the URI has no host, or names no known service and such
   *     requests are not {@linkplain BalancedHttpClientBuilder#passThrough passed through}
   */
  @Override
  public <T> HttpResponse<T> send(HttpRequest request, BodyHandler<T> responseBodyHandler)
      throws IOException, InterruptedException {
    Objects.requireNonNull(responseBodyHandler, "responseBodyHandler");
    HttpRequest next = request;
    for (int hops = 0; true; hops++) {
      Balancer balancer = balancerFor(next);
      if (balancer == null) {
        return passThrough(next, responseBodyHandler);
      }
      Journey journey = new Journey(this, next, balancer, hops);
      HttpResponse<T> response = send(journey, responseBodyHandler);
      HttpRequest redirected = journey.redirected();
      if (redirected == null) {
        return response;
      }
      next = redirected;
    }
  }

  private <T> HttpResponse<T> passThrough(HttpRequest request, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    try {
      return delegates.wrapped().send(request, handler);
    } catch (ConnectException e) {
      throw UnknownHosts.explain(e, request.uri(), settings.names());
    }
  }

  private <T> HttpResponse<T> send(Journey journey, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    Exchange exchange = journey.beginOrWait();
    while (true) {
      HttpResponse<T> response;
      try {
        response = send(journey.delegate(), exchange, handler);
      } catch (Throwable error) {
        exchange.failed(error);
        Duration pause = journey.afterError(exchange, error);
        if (pause == null) {
          throw error;
        }
        journey.pause(pause, error);
        Exchange next = journey.next(error);
        if (next == null) {
          throw error;
        }
        exchange = next;
        continue;
      }
      Duration pause = exchange.retryIn();
      if (pause == null) {
        exchange.delivered();
        return response;
      }
      journey.pause(pause, null);
      exchange = Objects.requireNonNull(journey.next(null));
    }
  }

  private static <T> HttpResponse<T> send(
      HttpClient through, Exchange exchange, BodyHandler<T> handler)
      throws IOException, InterruptedException {
    try {
      return through.send(exchange.request(), exchange.watch(handler));
    } catch (ConnectException e) {
      throw ConnectFailures.named(e, exchange.endpoint());
    }
  }

  /**
   * Sends a request, as {@link HttpClient#sendAsync(HttpRequest, BodyHandler)}: never blocks, not
   * even for the first list. What {@link #send} throws, the future fails with.
   */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request, BodyHandler<T> responseBodyHandler) {
    return sendAsync(request, responseBodyHandler, null);
  }

  /**
   * As {@link #sendAsync(HttpRequest, BodyHandler)}; the handler of push promises, which may be
   * null, goes to the wrapped client as it is.
   */
  @Override
  public <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      BodyHandler<T> responseBodyHandler,
      @Nullable PushPromiseHandler<T> pushPromiseHandler) {
    Objects.requireNonNull(request, "request");
    Objects.requireNonNull(responseBodyHandler, "responseBodyHandler");
    return sendAsync(request, responseBodyHandler, pushPromiseHandler, 0);
  }

  <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpRequest request,
      BodyHandler<T> handler,
      @Nullable PushPromiseHandler<T> pushes,
      int hops) {
    Journey journey;
    try {
      Balancer balancer = balancerFor(request);
      if (balancer == null) {
        return UnknownHosts.explain(
            sendAsync(delegates.wrapped(), request, handler, pushes),
            request.uri(),
            settings.names());
      }
      journey = new Journey(this, request, balancer, hops);
    } catch (RuntimeException e) {
      return CompletableFuture.failedFuture(e);
    }
    return new AsyncSend<>(this, journey, handler, pushes).start();
  }

  static <T> CompletableFuture<HttpResponse<T>> sendAsync(
      HttpClient through,
      HttpRequest request,
      BodyHandler<T> handler,
      @Nullable PushPromiseHandler<T> pushes) {
    return pushes == null
        ? through.sendAsync(request, handler)
        : through.sendAsync(request, handler, pushes);
  }

  /** The balancer in charge; null if the request is to be passed through. */
  private @Nullable Balancer balancerFor(HttpRequest request) {
    Objects.requireNonNull(request, "request");
    URI uri = request.uri();
    String host = uri == null ? null : uri.getHost();
    if (host == null) {
      throw new IllegalArgumentException(
          "request URI: " + uri + " (expected: a host, as in http://cart/)");
    }
    return settings.balancerOf(host, uri);
  }

  /**
   * Response bodies, so far, that nobody read to the end, failed or closed: each held a connection
   * and was counted in flight until it was given up. More than none is a bug of the caller's.
   */
  public long abandonedBodies() {
    return settings.openBodies().abandoned();
  }

  // ---- what the wrapped client says ----

  @Override
  public Optional<CookieHandler> cookieHandler() {
    return delegate.cookieHandler();
  }

  @Override
  public Optional<Duration> connectTimeout() {
    return delegate.connectTimeout();
  }

  @Override
  public Redirect followRedirects() {
    return delegate.followRedirects();
  }

  @Override
  public Optional<ProxySelector> proxy() {
    return delegate.proxy();
  }

  @Override
  public SSLContext sslContext() {
    return delegate.sslContext();
  }

  @Override
  public SSLParameters sslParameters() {
    return delegate.sslParameters();
  }

  @Override
  public Optional<Authenticator> authenticator() {
    return delegate.authenticator();
  }

  @Override
  public Version version() {
    return delegate.version();
  }

  @Override
  public Optional<Executor> executor() {
    return delegate.executor();
  }

  /**
   * Starts a WebSocket: one to {@code ws://name/…} or {@code wss://name/…} is opened on an
   * endpoint, or where it cannot connect on another. It counts as in flight until it is open.
   */
  @Override
  public WebSocket.Builder newWebSocketBuilder() {
    return new BalancedWebSocketBuilder(this);
  }

  // ---- methods that HttpClient has since 21, hence no @Override ----

  /** Closes the wrapped client, waiting for requests under way; balancers stay open. */
  public void close() {
    delegates.close();
  }

  /** Lets the wrapped client finish what it has and take nothing new. */
  public void shutdown() {
    delegates.shutdown();
  }

  /** Stops the wrapped client, requests under way included. */
  public void shutdownNow() {
    delegates.shutdownNow();
  }

  /** Whether the wrapped client has ended; false before JDK 21. */
  public boolean isTerminated() {
    return delegates.isTerminated();
  }

  /**
   * Waits for the wrapped client to end after {@link #shutdown()}.
   *
   * @return whether it has ended; false, at once, before JDK 21
   */
  public boolean awaitTermination(Duration duration) throws InterruptedException {
    return delegates.awaitTermination(duration);
  }

  @Override
  public String toString() {
    return "BalancedHttpClient(" + settings.names() + ") over " + delegate;
  }
}
