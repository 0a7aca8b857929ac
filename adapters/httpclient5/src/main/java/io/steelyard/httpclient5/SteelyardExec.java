package io.steelyard.httpclient5;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.adapter.HttpAdapter;
import io.steelyard.adapter.HttpAdapterBuilder;
import java.io.IOException;
import java.net.URISyntaxException;
import java.net.UnknownHostException;
import java.util.Objects;
import org.apache.hc.client5.http.async.AsyncExecCallback;
import org.apache.hc.client5.http.async.AsyncExecChain;
import org.apache.hc.client5.http.impl.ChainElement;
import org.apache.hc.client5.http.impl.async.HttpAsyncClientBuilder;
import org.apache.hc.client5.http.impl.classic.HttpClientBuilder;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Has clients of Apache HttpClient send each request for a known service to an endpoint its {@link
 * Balancer} chooses, and every other request as it is.
 *
 * <pre>{@code
 * SteelyardExec balancing = SteelyardExec.builder().service("cart", cart).build();
 * CloseableHttpClient client = balancing.addTo(HttpClients.custom()).build();
 * CloseableHttpAsyncClient async = balancing.addTo(HttpAsyncClients.custom()).build();
 * }</pre>
 *
 * <p><b>The URI.</b> Its host names the service. Its port is ignored: the endpoint's own counts.
 * {@code Host} says what was asked for. A request to a service goes around any proxy. An endpoint
 * whose host is a name is looked up by the JVM, and its first address is taken.
 *
 * <p><b>HTTP/2.</b> The async client speaks it, and with message multiplexing switched on in its
 * connection manager requests share a connection. The client that speaks HTTP/2 alone ({@code
 * H2AsyncClientBuilder}) does not go by the address of a route and cannot be balanced so.
 *
 * <p><b>https</b> verifies the certificate against the name of the service. Each step of a
 * <b>redirect</b> is balanced for itself.
 *
 * <p><b>In flight.</b> A request counts as in flight until its body has been read to the end, has
 * broken off, or was closed, which is judged by the status. Its latency is the time to the headers.
 * {@link HttpClientOutcomes} judges. A request that was cancelled is neutral. A body that nobody
 * reads or closes stops counting after {@linkplain Builder#abandonBodyAfter five minutes}, and
 * {@link #abandonedBodies()} counts it.
 *
 * <p><b>Another try.</b> A request whose connection could not be made, TLS included, goes to
 * another endpoint, whatever its method: nothing was sent. By default there are two tries at most.
 * A {@linkplain Builder#retry retry policy}, of this object or else of the balancer, may go
 * further: it tries idempotent requests again, unless their entity is not repeatable and was asked
 * for. A policy's time for one try is its connect timeout and response timeout, where those are not
 * less already; its deadline covers everything and ends in {@link java.net.SocketTimeoutException}.
 * {@code addTo} turns the client's automatic retries off: they would come on top, outside the
 * budget. Do not turn them on again.
 *
 * <p><b>No endpoint.</b> The request fails with {@link java.net.ConnectException}, whose cause is
 * the {@link io.steelyard.NoEndpointException} that says why; at once, except that it waits up to
 * {@linkplain Builder#awaitFirst five seconds} for the very first list. A classic request hears of
 * a cancel after that wait, and after a pause between tries.
 *
 * <p><b>The pool.</b> Its limit per route is a limit per endpoint: 5 by default. Waiting for a
 * connection in vain is neutral: it is this client that is busy.
 *
 * <p>Thread-safe. It never closes a balancer.
 */
public final class SteelyardExec {
  static final Logger log = LoggerFactory.getLogger(SteelyardExec.class);

  private static final String BALANCE = "steelyard";
  private static final String CONNECTED = "steelyard-connected";

  private final HttpAdapter<HttpRequest> settings;
  private final HttpClientOutcomes outcomes;
  private final Routes routes = new Routes();

  private SteelyardExec(Builder builder) {
    this.settings = builder.settings();
    this.outcomes = builder.outcomes;
  }

  /** Starts one. */
  public static Builder builder() {
    return new Builder();
  }

  /** Has the client that this builder builds balance; call it once for each. */
  public HttpClientBuilder addTo(HttpClientBuilder client) {
    return client
        .disableAutomaticRetries()
        .addExecInterceptorBefore(
            ChainElement.PROTOCOL.name(),
            BALANCE,
            (request, scope, chain) -> {
              Balancer balancer = balancerOf(scope.route.getTargetHost().getHostName(), request);
              return balancer == null
                  ? chain.proceed(request, scope)
                  : new ClassicJourney(this, balancer, request, scope, chain).run();
            })
        .addExecInterceptorBefore(
            ChainElement.MAIN_TRANSPORT.name(),
            CONNECTED,
            (request, scope, chain) -> {
              Exchange.connected(scope.clientContext);
              return chain.proceed(request, scope);
            });
  }

  /** Has the client that this builder builds balance; call it once for each. */
  public HttpAsyncClientBuilder addTo(HttpAsyncClientBuilder client) {
    return client
        .disableAutomaticRetries()
        .addExecInterceptorBefore(ChainElement.PROTOCOL.name(), BALANCE, this::executeAsync)
        .addExecInterceptorBefore(
            ChainElement.MAIN_TRANSPORT.name(), CONNECTED, SteelyardExec::connected);
  }

  private void executeAsync(
      HttpRequest request,
      @Nullable AsyncEntityProducer body,
      AsyncExecChain.Scope scope,
      AsyncExecChain chain,
      AsyncExecCallback callback)
      throws HttpException, IOException {
    AsyncJourney journey;
    try {
      Balancer balancer = balancerOf(scope.route.getTargetHost().getHostName(), request);
      journey =
          balancer == null
              ? null
              : new AsyncJourney(this, balancer, request, body, scope, chain, callback);
    } catch (RuntimeException e) {
      callback.failed(e); // in a redirect nobody would hear of it, were it thrown
      return;
    }
    if (journey == null) {
      chain.proceed(request, body, scope, callback);
    } else {
      journey.start();
    }
  }

  private static void connected(
      HttpRequest request,
      @Nullable AsyncEntityProducer body,
      AsyncExecChain.Scope scope,
      AsyncExecChain chain,
      AsyncExecCallback callback)
      throws HttpException, IOException {
    if (scope.cancellableDependency instanceof Cancelling ours) {
      ours.connected();
    }
    chain.proceed(request, body, scope, callback);
  }

  private @Nullable Balancer balancerOf(String host, HttpRequest request)
      throws UnknownHostException {
    try {
      return settings.balancerOf(host, uriOf(request));
    } catch (IllegalArgumentException e) {
      UnknownHostException unknown = new UnknownHostException(e.getMessage());
      unknown.initCause(e);
      throw unknown;
    }
  }

  private static Object uriOf(HttpRequest request) {
    try {
      return request.getUri();
    } catch (URISyntaxException e) {
      return request.getRequestUri();
    }
  }

  HttpAdapter<HttpRequest> settings() {
    return settings;
  }

  Routes routes() {
    return routes;
  }

  Outcome ofResponse(HttpResponse response) {
    try {
      return Objects.requireNonNull(outcomes.ofResponse(response), "outcome");
    } catch (RuntimeException e) {
      log.warn("outcomes threw on a response; judged by the standard ones", e);
      return HttpClientOutcomes.standard().ofResponse(response);
    }
  }

  Outcome ofError(Throwable error) {
    try {
      return Objects.requireNonNull(outcomes.ofError(error), "outcome");
    } catch (RuntimeException e) {
      log.warn("outcomes threw on {}; judged by the standard ones", error, e);
      return HttpClientOutcomes.standard().ofError(error);
    }
  }

  /**
   * Response bodies, so far, that nobody read to the end or closed: each held a connection and was
   * counted in flight until it was given up. More than none is a bug of the caller's.
   */
  public long abandonedBodies() {
    return settings.openBodies().abandoned();
  }

  @Override
  public String toString() {
    return "SteelyardExec(" + settings.names() + ")";
  }

  /** Puts one together. Not thread-safe. */
  public static final class Builder extends HttpAdapterBuilder<HttpRequest, Builder> {
    private HttpClientOutcomes outcomes = HttpClientOutcomes.standard();

    private Builder() {}

    @Override
    protected Builder self() {
      return this;
    }

    private HttpAdapter<HttpRequest> settings() {
      return settings(null);
    }

    /**
     * Sets how responses and errors are judged; {@link HttpClientOutcomes#standard()} by default.
     */
    public Builder outcomes(HttpClientOutcomes outcomes) {
      this.outcomes = Objects.requireNonNull(outcomes, "outcomes");
      return this;
    }

    /** Returns it. */
    public SteelyardExec build() {
      return new SteelyardExec(this);
    }
  }
}
