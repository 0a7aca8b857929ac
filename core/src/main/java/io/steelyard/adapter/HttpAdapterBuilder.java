package io.steelyard.adapter;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.retry.RetryPolicy;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The settings that every adapter of an HTTP client has. Each is checked here, not at the first
 * request. Not thread-safe.
 *
 * @param <R> a request of that client
 * @param <B> the adapter's own builder
 */
public abstract class HttpAdapterBuilder<R, B extends HttpAdapterBuilder<R, B>> {
  /** What is safe for every request. */
  static final RetryPolicy CONNECT_FAILURES = connectFailures(2);

  final Map<String, Balancer> services = new HashMap<>();
  Function<String, @Nullable Balancer> resolver = name -> null;
  Function<R, PickContext> contextOf = request -> PickContext.none();
  boolean passThrough = true;
  @Nullable RetryPolicy retry;
  @Nullable Duration awaitFirst;
  Duration abandonBodyAfter = Duration.ofMinutes(5);
  Platform platform = Platform.system();

  /** For adapters. */
  protected HttpAdapterBuilder() {}

  /** This object, as what it is. */
  protected abstract B self();

  /**
   * Returns the settings as they are now.
   *
   * @param connectTimeout how long to wait for the first list unless {@link #awaitFirst} says so:
   *     what a connect may take; null or zero for 5 seconds
   */
  protected final HttpAdapter<R> settings(@Nullable Duration connectTimeout) {
    return new HttpAdapter<>(this, connectTimeout);
  }

  /**
   * Has requests to {@code http://name/…} and {@code https://name/…} balanced by this balancer,
   * which stays the caller's to close.
   *
   * @param name what can be the host of a URI, in any case: letters, digits, hyphens and dots
   * @throws IllegalArgumentException if it cannot, or is known already
   */
  public B service(String name, Balancer balancer) {
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
    return self();
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
  public B resolver(Function<String, @Nullable Balancer> resolver) {
    this.resolver = Objects.requireNonNull(resolver, "resolver");
    return self();
  }

  /**
   * Sets whether a request to a host that is no known service is sent as it is: true by default, so
   * that one client serves services and the rest of the world. If false it fails, which finds
   * misspelt names.
   */
  public B passThrough(boolean passThrough) {
    this.passThrough = passThrough;
    return self();
  }

  /**
   * Sets what a request tells its balancer, such as an affinity key; nothing, {@link
   * PickContext#none()}, by default. Must be quick and thread-safe; what it throws, the request
   * fails with.
   */
  public B contextOf(Function<R, PickContext> contextOf) {
    this.contextOf = Objects.requireNonNull(contextOf, "contextOf");
    return self();
  }

  /**
   * Sets what is tried again, for all services; by default that of the {@linkplain
   * io.steelyard.BalancerBuilder#retry balancer}, or where that has none, a second try when a
   * connection could not be made.
   */
  public B retry(RetryPolicy retry) {
    this.retry = Objects.requireNonNull(retry, "retry");
    return self();
  }

  /**
   * Has a request tried again only when its connection could not be made: a {@linkplain #retry
   * policy} of so many attempts on {@code UNREACHABLE}.
   *
   * @param tries how many endpoints it may be tried on, the first included: 1, for no second try,
   *     to 100
   */
  public B tries(int tries) {
    if (tries < 1) {
      throw new IllegalArgumentException("tries: " + tries + " (expected: >= 1)");
    }
    return retry(connectFailures(tries));
  }

  private static RetryPolicy connectFailures(int tries) {
    return RetryPolicy.builder().maxAttempts(tries).on(Outcome.UNREACHABLE).build();
  }

  /**
   * Sets how long a request waits for the very first list of endpoints; by default as long as the
   * client says a connect may take, or 5 seconds where it does not.
   *
   * @param atMost zero, to fail at once, to 1 day
   */
  public B awaitFirst(Duration atMost) {
    if (atMost.isNegative() || atMost.compareTo(HttpAdapter.LONGEST_WAIT) > 0) {
      throw new IllegalArgumentException("awaitFirst: " + atMost + " (expected: 0 to 1 day)");
    }
    this.awaitFirst = atMost;
    return self();
  }

  /**
   * Sets when a response body counts as abandoned: after so long without its reader asking for
   * more; 5 minutes by default. It then stops counting as in flight, and is counted itself. A
   * server that lets its reader wait, as a stream of events does, abandons nothing.
   *
   * @param idle 1 millisecond to 1 day
   */
  public B abandonBodyAfter(Duration idle) {
    if (idle.compareTo(Duration.ofMillis(1)) < 0 || idle.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "abandonBodyAfter: " + idle + " (expected: 1 ms to 1 day)");
    }
    this.abandonBodyAfter = idle;
    return self();
  }

  /** Sets time and threads for waiting; {@link Platform#system()} by default. */
  public B platform(Platform platform) {
    this.platform = Objects.requireNonNull(platform, "platform");
    return self();
  }
}
