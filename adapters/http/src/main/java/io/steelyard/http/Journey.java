package io.steelyard.http;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.adapter.HttpRules;
import io.steelyard.adapter.OpenBodies;
import io.steelyard.retry.RetryAfter;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/** One request on its way: where it may still go, and how long it has. One thread at a time. */
final class Journey {
  private static final boolean HOST_MAY_BE_SET = hostMayBeSet();

  /** From 26 on requests have options besides, which the builder alone knows how to copy. */
  private static final boolean HAS_OPTIONS = Runtime.version().feature() >= 26;

  /** A time-out must be more than zero. */
  private static final Duration SHORTEST = Duration.ofMillis(1);

  private final BalancedHttpClient client;
  private final OpenBodies openBodies;
  private final HttpRequest request;
  private final Balancer balancer;
  private final Tries tries;
  private final boolean idempotent;
  private final @Nullable Duration deadline;
  private final long startedAt;
  private final int hops;
  private volatile @Nullable HttpRequest redirected;

  Journey(BalancedHttpClient client, HttpRequest request, Balancer balancer, int hops) {
    this.hops = hops;
    this.client = client;
    this.openBodies = client.settings.openBodies();
    this.request = request;
    this.balancer = balancer;
    PickContext context = client.settings.contextOf(request);
    RetryPolicy policy = client.settings.policyFor(balancer);
    this.tries = policy.begin(balancer, context, request.timeout().orElse(null));
    this.idempotent = HttpRules.isIdempotent(request.method()) || context.isIdempotent();
    this.deadline = policy.deadline();
    this.startedAt = deadline == null ? 0 : client.settings.platform().nanoTime();
  }

  /** Sets out, waiting for the first list if need be. */
  Exchange beginOrWait() throws ConnectException, InterruptedException {
    try {
      return exchange(client.settings.beginOrWait(balancer, tries));
    } catch (NoEndpointException e) {
      throw asConnectException(e);
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
      attempt = tries.begin();
    } catch (NoEndpointException e) {
      throw asConnectException(e);
    }
    return exchange(attempt);
  }

  static ConnectException asConnectException(NoEndpointException e) {
    return (ConnectException) new ConnectException(e.getMessage()).initCause(e);
  }

  /**
   * What opens when the first list is there, or when it has been waited for long enough; null if
   * waiting would not help.
   */
  @Nullable CompletableFuture<@Nullable Void> firstList(ConnectException error) {
    return error.getCause() instanceof NoEndpointException none
        ? client.settings.firstList(balancer, tries, none)
        : null;
  }

  /** The pause before the next try, after one that failed; null if that was the last. */
  @Nullable Duration afterError(Exchange failed, Throwable error) {
    Duration decided = failed.retryIn();
    if (decided != null && !(error instanceof InterruptedException)) {
      return decided; // the rest of an answer that is not to be seen
    }
    return tries.afterError(
        error, failed.outcomeForRetry(error), idempotent && failed.canBeSentAgain());
  }

  /** The pause before the next try, after an answer; null if it is the one to be shown. */
  @Nullable Duration afterAnswer(ResponseInfo answer, Outcome outcome, boolean canBeSentAgain) {
    if (outcome == Outcome.SUCCESS) {
      return null;
    }
    Duration retryAfter =
        RetryAfter.parse(
            answer.headers().firstValue("Retry-After").orElse(null),
            client.settings.platform().epochMillis());
    // It has answered, so it was reached.
    Outcome reached = outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
    return tries.afterAnswer(reached, idempotent && canBeSentAgain, retryAfter);
  }

  /** Whether the answer leads elsewhere; it is then not to be shown. */
  boolean redirects(ResponseInfo answer, boolean bodyIsThere) {
    if (hops < Redirects.MOST) {
      redirected = Redirects.follow(client.delegates, request, answer, bodyIsThere, timeLeft());
    }
    return redirected != null;
  }

  /** What is to be sent instead; null if the answer stands. */
  @Nullable HttpRequest redirected() {
    return redirected;
  }

  int hops() {
    return hops;
  }

  /** What is left of the request's own time; null if it has no limit. */
  private @Nullable Duration timeLeft() {
    Duration left = request.timeout().isEmpty() ? null : tries.remaining();
    return left == null || left.compareTo(SHORTEST) >= 0 ? left : SHORTEST;
  }

  /** The client to send it with. */
  HttpClient delegate() {
    URI uri = request.uri();
    return client.delegates.of(uri.getHost(), "https".equalsIgnoreCase(uri.getScheme()));
  }

  /** Waits on this thread. */
  void pause(Duration pause, @Nullable Throwable error) throws InterruptedException {
    try {
      tries.pause(pause);
    } catch (InterruptedException e) {
      if (error != null) {
        e.addSuppressed(error);
      }
      throw e;
    }
  }

  /** Goes on after a pause, on another thread if there is one. */
  Platform.Cancellable after(Duration pause, Runnable step) {
    return tries.after(pause, step);
  }

  /**
   * The next try.
   *
   * @param error what the last one failed with; null if it brought an answer
   * @return null if nobody will take it, where there is an error to be thrown instead
   * @throws ConnectException the same, where there is none
   */
  @Nullable Exchange next(@Nullable Throwable error) throws ConnectException {
    if (error == null) {
      return begin();
    }
    Attempt attempt = tries.tryBegin();
    try {
      return attempt == null ? null : exchange(attempt);
    } catch (ConnectException e) {
      error.addSuppressed(e);
      return null;
    }
  }

  Platform platform() {
    return client.settings.platform();
  }

  /** What is left of the policy's deadline; null if it has none. */
  @Nullable Duration deadlineLeft() {
    if (deadline == null) {
      return null;
    }
    Duration left = deadline.minusNanos(client.settings.platform().nanoTime() - startedAt);
    return left.isNegative() ? Duration.ZERO : left;
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
      HttpRequest copy = retargeted(uri, witness, attempt.remaining());
      return new Exchange(this, attempt, client.outcomes, openBodies, copy, witness);
    } catch (RuntimeException e) {
      attempt.cancel(); // the request cannot be sent, which is not the endpoint's fault
      throw e;
    }
  }

  private HttpRequest retargeted(URI uri, @Nullable SentWitness witness, @Nullable Duration left) {
    Duration timeout = left != null && left.compareTo(SHORTEST) < 0 ? SHORTEST : left;
    boolean hostIsToBeSet = HOST_MAY_BE_SET && request.headers().firstValue("Host").isEmpty();
    if (!hostIsToBeSet && !HAS_OPTIONS) {
      return new RetargetedRequest(request, uri, witness, timeout);
    }
    HttpRequest.Builder copy = HttpRequest.newBuilder(request, (name, value) -> true).uri(uri);
    if (witness != null) {
      copy.method(request.method(), witness);
    }
    if (hostIsToBeSet) {
      copy.setHeader("Host", hostOf(request.uri()));
    }
    if (timeout != null) {
      copy.timeout(timeout);
    }
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
