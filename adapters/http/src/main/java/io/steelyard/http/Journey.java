package io.steelyard.http;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;

/** One request on its way: where it may still go, and how long it has. One thread at a time. */
final class Journey {
  private static final boolean HOST_MAY_BE_SET = hostMayBeSet();

  private final BalancedHttpClient client;
  private final OpenBodies openBodies;
  private final HttpRequest request;
  private final Balancer balancer;
  private final @Nullable Duration timeout;
  private final long startedAt;
  private PickContext context;
  private int triesLeft;
  private boolean setOut;
  private @Nullable Throwable refusal;

  Journey(
      BalancedHttpClient client, OpenBodies openBodies, HttpRequest request, Balancer balancer) {
    this.client = client;
    this.openBodies = openBodies;
    this.request = request;
    this.balancer = balancer;
    this.timeout = request.timeout().orElse(null);
    this.startedAt = timeout == null ? 0 : client.platform.nanoTime();
    this.context = Objects.requireNonNull(client.contextOf.apply(request), "contextOf");
    this.triesLeft = client.tries;
  }

  /** Sets out, waiting for the first list if need be. */
  Exchange beginOrWait() throws ConnectException, InterruptedException {
    try {
      return begin();
    } catch (ConnectException e) {
      CompletableFuture<@Nullable Void> gate = firstList(e);
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
      return begin();
    }
  }

  /**
   * Sets out.
   *
   * @throws ConnectException if there is no endpoint to go to
   */
  Exchange begin() throws ConnectException {
    Attempt attempt;
    try {
      attempt = balancer.begin(context);
    } catch (NoEndpointException e) {
      throw (ConnectException) new ConnectException(e.getMessage()).initCause(e);
    }
    return exchange(attempt);
  }

  /**
   * What opens when the first list is there, or when it has been waited for long enough; null if
   * waiting would not help.
   */
  @Nullable CompletableFuture<@Nullable Void> firstList(ConnectException error) {
    if (!(error.getCause() instanceof NoEndpointException none)
        || none.why() != NoEndpointException.Why.WAITING) {
      return null;
    }
    Duration wait = client.awaitFirst;
    Duration left = timeLeft();
    if (left != null && left.compareTo(wait) < 0) {
      wait = left;
    }
    return wait.isZero() || wait.isNegative() ? null : client.firstLists.gate(balancer, wait);
  }

  /** The next try after one that failed; null if that was the last. */
  @Nullable Exchange elsewhere(Exchange failed, Throwable error) {
    Exchange next = ConnectFailures.is(error) && failed.nothingSent() ? nextOrNull(failed) : null;
    if (refusal != null && refusal != error) {
      error.addSuppressed(refusal);
    }
    refusal = error;
    return next;
  }

  private @Nullable Exchange nextOrNull(Exchange failed) {
    if (--triesLeft < 1) {
      return null;
    }
    Duration left = timeLeft();
    if (left != null && (left.isZero() || left.isNegative())) {
      return null;
    }
    context = context.avoiding(failed.endpoint());
    Attempt attempt = balancer.tryBegin(context);
    try {
      return attempt == null ? null : exchange(attempt);
    } catch (ConnectException e) {
      return null;
    }
  }

  private @Nullable Duration timeLeft() {
    return timeout == null ? null : timeout.minusNanos(client.platform.nanoTime() - startedAt);
  }

  private Exchange exchange(Attempt attempt) throws ConnectException {
    try {
      URI uri = retarget(request.uri(), attempt.endpoint());
      if (uri.getHost() == null) {
        attempt.end(Outcome.UNREACHABLE);
        throw new ConnectException(
            "endpoint "
                + attempt.endpoint()
                + ": host: \""
                + attempt.endpoint().host()
                + "\" (expected: what can be the host of a URI)");
      }
      SentWitness witness = request.bodyPublisher().map(SentWitness::new).orElse(null);
      return new Exchange(attempt, client.outcomes, openBodies, retargeted(uri, witness), witness);
    } catch (RuntimeException e) {
      attempt.cancel(); // the request cannot be sent, which is not the endpoint's fault
      throw e;
    }
  }

  private HttpRequest retargeted(URI uri, @Nullable SentWitness witness) {
    HttpRequest.Builder copy = HttpRequest.newBuilder(request, (name, value) -> true).uri(uri);
    if (witness != null) {
      copy.method(request.method(), witness);
    }
    if (HOST_MAY_BE_SET && request.headers().firstValue("Host").isEmpty()) {
      copy.setHeader("Host", hostOf(request.uri()));
    }
    if (timeout != null && setOut) {
      copy.timeout(Objects.requireNonNull(timeLeft()));
    }
    setOut = true;
    return copy.build();
  }

  /** This URI at this endpoint, from its raw parts: nothing is decoded and encoded again. */
  static URI retarget(URI logical, Endpoint endpoint) {
    StringBuilder text = new StringBuilder(96).append(logical.getScheme()).append("://");
    text.append(endpoint.authority());
    if (logical.getRawPath() != null) {
      text.append(logical.getRawPath());
    }
    if (logical.getRawQuery() != null) {
      text.append('?').append(logical.getRawQuery());
    }
    return URI.create(text.toString());
  }

  private static String hostOf(URI uri) {
    return uri.getPort() < 0 ? uri.getHost() : uri.getHost() + ":" + uri.getPort();
  }

  @SuppressWarnings("ReturnValueIgnored")
  private static boolean hostMayBeSet() {
    try {
      HttpRequest.newBuilder().setHeader("Host", "service");
      return true;
    } catch (IllegalArgumentException e) {
      return false;
    }
  }
}
