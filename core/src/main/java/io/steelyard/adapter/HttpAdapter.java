package io.steelyard.adapter;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What the settings of an adapter come to, for its requests to go by. Thread-safe.
 *
 * @param <R> a request of the client
 */
public final class HttpAdapter<R> {
  private static final Duration AWAIT_FIRST = Duration.ofSeconds(5);

  /** Clients may have connect timeouts of centuries, which no timer takes. */
  static final Duration LONGEST_WAIT = Duration.ofDays(1);

  private final Map<String, Balancer> services;
  private final Function<String, @Nullable Balancer> resolver;
  private final boolean passThrough;
  private final Function<R, PickContext> contextOf;
  private final @Nullable RetryPolicy retry;
  private final Duration awaitFirst;
  private final Platform platform;
  private final FirstLists firstLists;
  private final OpenBodies openBodies;

  HttpAdapter(HttpAdapterBuilder<R, ?> builder, @Nullable Duration connectTimeout) {
    this.services = Map.copyOf(builder.services);
    this.resolver = builder.resolver;
    this.passThrough = builder.passThrough;
    this.contextOf = builder.contextOf;
    this.retry = builder.retry;
    this.awaitFirst = firstNonNull(builder.awaitFirst, connectTimeout);
    this.platform = builder.platform;
    this.firstLists = new FirstLists(platform);
    this.openBodies = new OpenBodies(platform, builder.abandonBodyAfter);
  }

  private static Duration firstNonNull(
      @Nullable Duration given, @Nullable Duration connectTimeout) {
    if (given != null) {
      return given;
    }
    if (connectTimeout == null || connectTimeout.isZero()) {
      return AWAIT_FIRST;
    }
    return connectTimeout.compareTo(LONGEST_WAIT) < 0 ? connectTimeout : LONGEST_WAIT;
  }

  /**
   * The balancer of this host; null if its requests are to be passed through.
   *
   * @param uri for the message
   * @throws IllegalArgumentException if there is none and nothing is passed through
   */
  public @Nullable Balancer balancerOf(String host, Object uri) {
    String name = host.toLowerCase(Locale.ROOT);
    Balancer balancer = services.get(name);
    if (balancer == null) {
      balancer = resolver.apply(name);
    }
    if (balancer == null && !passThrough) {
      throw new IllegalArgumentException(
          "request URI: " + uri + ": no such service: " + name + " (known: " + names() + ")");
    }
    return balancer;
  }

  /** The names of the services, sorted, for messages. */
  public String names() {
    return services.isEmpty()
        ? "none"
        : String.join(", ", services.keySet().stream().sorted().toList());
  }

  /** The builder's policy, or the balancer's, or a second try after a connect failure. */
  public RetryPolicy policyFor(Balancer balancer) {
    if (retry != null) {
      return retry;
    }
    RetryPolicy theirs = RetryPolicy.of(balancer);
    return theirs != null ? theirs : HttpAdapterBuilder.CONNECT_FAILURES;
  }

  /** What the request tells its balancer. */
  public PickContext contextOf(R request) {
    return Objects.requireNonNull(contextOf.apply(request), "contextOf");
  }

  /**
   * Begins a request's first attempt, waiting on this thread for the first list if need be.
   *
   * @throws NoEndpointException if there is no endpoint, or none in time
   */
  public Attempt beginOrWait(Balancer balancer, Tries tries) throws InterruptedException {
    try {
      return tries.begin();
    } catch (NoEndpointException e) {
      CompletableFuture<@Nullable Void> gate = firstList(balancer, tries, e);
      if (gate == null) {
        throw e;
      }
      try {
        gate.get();
      } catch (ExecutionException impossible) {
        throw new AssertionError(impossible);
      } finally {
        gate.cancel(false);
      }
      return tries.begin();
    }
  }

  /**
   * What opens when the first list is there, or when it has been waited for long enough; null if
   * waiting would not help. Cancelling it ends the wait.
   */
  public @Nullable CompletableFuture<@Nullable Void> firstList(
      Balancer balancer, Tries tries, NoEndpointException none) {
    if (none.why() != NoEndpointException.Why.WAITING) {
      return null;
    }
    Duration wait = awaitFirst;
    Duration left = tries.remaining();
    if (left != null && left.compareTo(wait) < 0) {
      wait = left;
    }
    return wait.isZero() || wait.isNegative() ? null : firstLists.gate(balancer, wait);
  }

  /** Time and threads. */
  public Platform platform() {
    return platform;
  }

  /** The bodies that this adapter has handed out. */
  public OpenBodies openBodies() {
    return openBodies;
  }
}
