package io.steelyard.http;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.retry.RetryPolicy;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link BalancedHttpClient} together. Every setting is checked here, not at the first
 * request. Not thread-safe.
 */
public final class BalancedHttpClientBuilder {
  /** What a connect may take where the wrapped client sets no limit. */
  static final Duration AWAIT_FIRST = Duration.ofSeconds(5);

  /** What is safe for every request. */
  static final RetryPolicy CONNECT_FAILURES = connectFailures(2);

  final HttpClient delegate;
  final Map<String, Balancer> services = new HashMap<>();
  Function<String, @Nullable Balancer> resolver = name -> null;
  Function<HttpRequest, PickContext> contextOf = request -> PickContext.none();
  HttpOutcomes outcomes = HttpOutcomes.standard();
  boolean passThrough = true;
  @Nullable RetryPolicy retry;
  @Nullable Duration awaitFirst;
  Duration abandonBodyAfter = Duration.ofMinutes(5);
  Platform platform = Platform.system();

  BalancedHttpClientBuilder(HttpClient delegate) {
    this.delegate = Objects.requireNonNull(delegate, "delegate");
  }

  /**
   * Has requests to {@code http://name/…} balanced by this balancer, which stays the caller's to
   * close.
   *
   * @param name what can be the host of a URI, in any case: letters, digits, hyphens and dots
   * @throws IllegalArgumentException if it cannot, or is known already
   */
  public BalancedHttpClientBuilder service(String name, Balancer balancer) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(balancer, "balancer");
    if (!canBeHost(name)) {
      throw new IllegalArgumentException(
          "service: \""
              + name
              + "\" (expected: the host of a URI, as cart in http://cart/; letters, digits, '-' and"
              + " '.')");
    }
    if (services.putIfAbsent(name.toLowerCase(Locale.ROOT), balancer) != null) {
      throw new IllegalArgumentException("service: \"" + name + "\" is known already");
    }
    return this;
  }

  private static boolean canBeHost(String name) {
    try {
      return name.equals(URI.create("http://" + name + "/").getHost());
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Sets what is asked for the balancer of a host that no {@link #service} names; it answers null
   * where there is none, as it always does by default. It is asked for every such request, with the
   * host in lower case, and must be quick and thread-safe.
   */
  public BalancedHttpClientBuilder resolver(Function<String, @Nullable Balancer> resolver) {
    this.resolver = Objects.requireNonNull(resolver, "resolver");
    return this;
  }

  /**
   * Sets whether a request to a host that is no known service is sent as it is: true by default, so
   * that one client serves services and the rest of the world. If false it fails with {@link
   * IllegalArgumentException}, which finds misspelt names.
   */
  public BalancedHttpClientBuilder passThrough(boolean passThrough) {
    this.passThrough = passThrough;
    return this;
  }

  /**
   * Sets what a request tells its balancer, such as an affinity key; nothing, {@link
   * PickContext#none()}, by default. Must be quick and thread-safe; what it throws, the request
   * fails with.
   *
   * <pre>{@code
   * .contextOf(request -> request.headers().firstValue("X-User")
   *     .map(PickContext::key).orElse(PickContext.none()))
   * }</pre>
   */
  public BalancedHttpClientBuilder contextOf(Function<HttpRequest, PickContext> contextOf) {
    this.contextOf = Objects.requireNonNull(contextOf, "contextOf");
    return this;
  }

  /** Sets how responses and errors are judged; {@link HttpOutcomes#standard()} by default. */
  public BalancedHttpClientBuilder outcomes(HttpOutcomes outcomes) {
    this.outcomes = Objects.requireNonNull(outcomes, "outcomes");
    return this;
  }

  /**
   * Sets what is tried again, for all services; by default that of the {@linkplain
   * io.steelyard.BalancerBuilder#retry balancer}, or where that has none, a second try when a
   * connection could not be made.
   */
  public BalancedHttpClientBuilder retry(RetryPolicy retry) {
    this.retry = Objects.requireNonNull(retry, "retry");
    return this;
  }

  /**
   * Has a request tried again only when its connection could not be made: a {@linkplain #retry
   * policy} of so many attempts on {@code UNREACHABLE}.
   *
   * @param tries how many endpoints it may be tried on, the first included: 1, for no second try,
   *     to 100
   */
  public BalancedHttpClientBuilder tries(int tries) {
    if (tries < 1) {
      throw new IllegalArgumentException("tries: " + tries + " (expected: >= 1)");
    }
    return retry(connectFailures(tries));
  }

  private static RetryPolicy connectFailures(int tries) {
    return RetryPolicy.builder().maxAttempts(tries).on(Outcome.UNREACHABLE).build();
  }

  /**
   * Sets how long a request waits for the very first list of endpoints; the connect timeout of the
   * wrapped client by default, or 5 seconds where it has none.
   *
   * @param atMost zero, to fail at once, or more
   */
  public BalancedHttpClientBuilder awaitFirst(Duration atMost) {
    if (atMost.isNegative()) {
      throw new IllegalArgumentException("awaitFirst: " + atMost + " (expected: >= 0)");
    }
    this.awaitFirst = atMost;
    return this;
  }

  /**
   * Sets when a response body counts as abandoned: after so long without its reader asking for
   * more; 5 minutes by default. It then stops counting as in flight, {@link
   * BalancedHttpClient#abandonedBodies()} grows, and a reader that comes back after all may read
   * on. A server that lets its reader wait, as a stream of events does, abandons nothing.
   *
   * @param idle 1 millisecond to 1 day
   */
  public BalancedHttpClientBuilder abandonBodyAfter(Duration idle) {
    if (idle.compareTo(Duration.ofMillis(1)) < 0 || idle.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "abandonBodyAfter: " + idle + " (expected: 1 ms to 1 day)");
    }
    this.abandonBodyAfter = idle;
    return this;
  }

  /** Sets time and threads for waiting; {@link Platform#system()} by default. */
  public BalancedHttpClientBuilder platform(Platform platform) {
    this.platform = Objects.requireNonNull(platform, "platform");
    return this;
  }

  /** Returns the client. */
  public BalancedHttpClient build() {
    return new BalancedHttpClient(this);
  }
}
