package io.steelyard.okhttp;

import io.steelyard.Balancer;
import io.steelyard.PickContext;
import io.steelyard.adapter.HttpAdapter;
import io.steelyard.adapter.HttpAdapterBuilder;
import java.io.IOException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Objects;
import okhttp3.Call;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends each call for a known service to an endpoint its {@link Balancer} chooses, and every other
 * call as it is. It works wherever an {@link OkHttpClient} does: in Retrofit, for instance.
 *
 * <pre>{@code
 * OkHttpClient client =
 *     SteelyardInterceptor.wrap(new OkHttpClient()).service("cart", cart).build();
 * }</pre>
 *
 * <p>The client that comes out shares connections and threads with the one wrapped, as those of
 * {@link OkHttpClient#newBuilder()} do, and is shut down with it. <b>Its pool keeps 5 idle
 * connections by default</b>, for all endpoints together: give it room for one to each.
 * Interceptors that it had see calls as before: those of the application once, those of the network
 * for each try.
 *
 * <p><b>The URL.</b> Its host names the service. Its port is ignored: the endpoint's own counts.
 * {@code Host} and {@link Response#request()} say what was asked for. A call to a service goes
 * around any proxy. <b>https</b> verifies the certificate against the name of the service.
 *
 * <p><b>Redirects</b> are followed if the wrapped client follows them, by its rules, and each step
 * is balanced for itself. {@link Response#priorResponse()} is then empty.
 *
 * <p><b>In flight.</b> A call counts as in flight until its body has been read to the end, has
 * broken off, or was closed, which is judged by the status. Its latency is the time to the headers.
 * {@link OkHttpOutcomes} judges. A call that was cancelled is neutral; one that took longer than
 * its {@code callTimeout} counts as {@code TIMEOUT}. A body that nobody reads or closes stops
 * counting after {@linkplain Builder#abandonBodyAfter five minutes}, and {@link #abandonedBodies()}
 * counts it. An answer out of the cache is neutral, and a WebSocket counts until it is open.
 *
 * <p><b>Another try.</b> A call whose connection could not be made, TLS included, goes to another
 * endpoint, whatever its method: nothing was sent. By default there are two tries at most. A
 * {@linkplain Builder#retry retry policy}, of this client or else of the balancer, may go further:
 * it tries idempotent requests again, never a body that {@code isOneShot()} or {@code isDuplex()}
 * once it was asked for. A policy's time for one try limits the connect and each read and write, of
 * the body too; its deadline covers everything and ends in {@link java.net.SocketTimeoutException}.
 * OkHttp's own {@code retryOnConnectionFailure} stays on the same endpoint: it is off for what is
 * not idempotent, and as it was set for the rest, where it mends a pooled connection that turned
 * out to be dead. OkHttp also repeats by itself, once, a 503 that says {@code Retry-After: 0}, and
 * a 408 unless that is off.
 *
 * <p><b>No endpoint.</b> The call fails with {@link java.net.ConnectException}, whose cause is the
 * {@link io.steelyard.NoEndpointException} that says why; at once, except that it waits for the
 * very first list as long as a connect may take. A cancel is heard after that wait, and after a
 * pause between tries.
 *
 * <p>Thread-safe. It never closes a balancer.
 */
public final class SteelyardInterceptor implements Interceptor {
  static final Logger log = LoggerFactory.getLogger(SteelyardInterceptor.class);

  private final HttpAdapter<Request> settings;
  private final OkHttpOutcomes outcomes;
  private final @Nullable Redirects redirects;
  private final Ports ports = new Ports();

  private SteelyardInterceptor(
      Builder builder, HttpAdapter<Request> settings, @Nullable Redirects redirects) {
    this.settings = settings;
    this.outcomes = builder.outcomes;
    this.redirects = redirects;
  }

  /** Starts a client that sends through this one. */
  public static Builder wrap(OkHttpClient client) {
    return new Builder(client);
  }

  /**
   * The interceptor of a client that {@link Builder#build} has made.
   *
   * @throws IllegalArgumentException if it has none
   */
  public static SteelyardInterceptor of(OkHttpClient client) {
    for (Interceptor each : client.interceptors()) {
      if (each instanceof SteelyardInterceptor ours) {
        return ours;
      }
    }
    throw new IllegalArgumentException(
        "client: " + client + " (expected: one built by SteelyardInterceptor.wrap)");
  }

  /** For OkHttp. */
  @Override
  public Response intercept(Chain chain) throws IOException {
    Request request = chain.request();
    for (int hops = 0; true; hops++) {
      Response response = send(request, chain);
      Request next = redirects == null ? null : redirects.follow(request, response);
      if (next == null) {
        return response;
      }
      response.close();
      if (hops == Redirects.MOST) {
        throw new ProtocolException("Too many follow-up requests: " + (hops + 1));
      }
      request = next;
    }
  }

  /** When this call was begun, interceptors above and earlier steps of a redirect included. */
  static long startOf(Call call) {
    if (call.timeout().timeoutNanos() == 0) {
      return 0; // nobody will ask
    }
    return call.tag(Start.class, () -> new Start(System.nanoTime())).nanoTime();
  }

  private record Start(long nanoTime) {}

  private Response send(Request request, Chain chain) throws IOException {
    Balancer balancer;
    try {
      balancer = settings.balancerOf(request.url().host(), request.url());
    } catch (IllegalArgumentException e) {
      UnknownHostException unknown = new UnknownHostException(e.getMessage());
      unknown.initCause(e);
      throw unknown;
    }
    if (balancer == null) {
      return chain.proceed(request);
    }
    PickContext context;
    try {
      context = settings.contextOf(request);
    } catch (RuntimeException e) {
      throw new IOException("contextOf: " + e, e); // anything else ends a thread of OkHttp's
    }
    return new Journey(this, request, chain, balancer, context).run();
  }

  HttpAdapter<Request> settings() {
    return settings;
  }

  OkHttpOutcomes outcomes() {
    return outcomes;
  }

  Ports ports() {
    return ports;
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
    return "SteelyardInterceptor(" + settings.names() + ")";
  }

  /** Notes when a call is begun. It runs above all others. */
  private static final class Begun implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
      long unused = startOf(chain.call());
      return chain.proceed(chain.request());
    }
  }

  /** Notes that a try has a connection. It runs below, just before the request is written. */
  private static final class Connected implements Interceptor {
    @Override
    public Response intercept(Chain chain) throws IOException {
      if (chain.getDns() instanceof EndpointDns dns) {
        dns.connect();
      }
      return chain.proceed(chain.request());
    }
  }

  /** Puts a balanced client together. Not thread-safe. */
  public static final class Builder extends HttpAdapterBuilder<Request, Builder> {
    private final OkHttpClient client;
    private OkHttpOutcomes outcomes = OkHttpOutcomes.standard();

    private Builder(OkHttpClient client) {
      this.client = Objects.requireNonNull(client, "client");
    }

    @Override
    protected Builder self() {
      return this;
    }

    /** Sets how responses and errors are judged; {@link OkHttpOutcomes#standard()} by default. */
    public Builder outcomes(OkHttpOutcomes outcomes) {
      this.outcomes = Objects.requireNonNull(outcomes, "outcomes");
      return this;
    }

    /** Returns the client. */
    public OkHttpClient build() {
      boolean follows = client.followRedirects();
      SteelyardInterceptor balancing =
          new SteelyardInterceptor(
              this,
              settings(Duration.ofMillis(client.connectTimeoutMillis())),
              follows ? new Redirects(client.followSslRedirects()) : null);
      OkHttpClient.Builder balanced = client.newBuilder().followRedirects(false);
      if (!client.interceptors().isEmpty()) {
        balanced.interceptors().add(0, new Begun());
      }
      return balanced.addInterceptor(balancing).addNetworkInterceptor(new Connected()).build();
    }
  }
}
