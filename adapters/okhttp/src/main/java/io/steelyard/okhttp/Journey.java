package io.steelyard.okhttp;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.adapter.HttpAdapter;
import io.steelyard.adapter.HttpRules;
import io.steelyard.retry.RetryAfter;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.net.Proxy;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import okhttp3.HttpUrl;
import okhttp3.Interceptor.Chain;
import okhttp3.Request;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/** One call on its way through its tries. One thread at a time, but for its deadline. */
final class Journey {
  private static final int SHORTEST_MILLIS = 1;

  private final HttpAdapter<Request> settings;
  private final OkHttpOutcomes outcomes;
  private final Ports ports;
  private final Chain chain;
  private final Request request;
  private final Balancer balancer;
  private final RetryPolicy policy;
  private final Tries tries;
  private final boolean idempotent;
  private final long startedAt;

  private volatile @Nullable Exchange exchange;
  private volatile boolean expired;
  private volatile Platform.@Nullable Cancellable deadline;

  Journey(
      SteelyardInterceptor interceptor,
      Request request,
      Chain chain,
      Balancer balancer,
      PickContext context) {
    this.settings = interceptor.settings();
    this.outcomes = interceptor.outcomes();
    this.ports = interceptor.ports();
    this.chain = chain;
    this.request = request;
    this.balancer = balancer;
    this.policy = settings.policyFor(balancer);
    this.tries = policy.begin(balancer, context);
    this.idempotent = HttpRules.isIdempotent(request.method()) || context.isIdempotent();
    this.startedAt = SteelyardInterceptor.startOf(chain.call());
  }

  Response run() throws IOException {
    boolean answered = false;
    try {
      Attempt first = settings.beginOrWait(balancer, tries);
      Duration left = tries.remaining();
      if (left != null) {
        deadline = settings.platform().runAfter(left, this::expire);
      }
      Response answer = run(first);
      answered = true;
      return answer;
    } catch (NoEndpointException e) {
      throw asConnectException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException error = new InterruptedIOException("interrupted");
      error.initCause(e);
      throw error;
    } finally {
      if (!answered) {
        over();
      }
    }
  }

  private Response run(Attempt first) throws IOException, InterruptedException {
    Attempt attempt = first;
    while (true) {
      Exchange current = exchange(attempt);
      Response response = null;
      IOException error = null;
      Duration pause;
      try {
        response = proceed(current);
      } catch (IOException e) {
        error = e;
      } catch (Throwable e) {
        current.end(Outcome.CANCELLED); // a bug of the caller's, as of another interceptor
        throw e;
      }
      if (error != null) {
        Outcome outcome = current.failed(error);
        pause = tries.afterError(error, outcome, idempotent && current.canBeSentAgain());
        if (pause == null || chain.call().isCanceled()) {
          throw asTimeout(error);
        }
      } else {
        Response answer = Objects.requireNonNull(response);
        if (answer.networkResponse() == null) {
          current.end(Outcome.CANCELLED); // out of the cache: the endpoint was not asked
          over();
          return answer.newBuilder().request(request).build();
        }
        Outcome outcome = current.responded(answer);
        pause = afterAnswer(answer, outcome, current);
        if (pause == null) {
          return current.delivered(answer);
        }
        current.end(outcome);
        answer.close();
      }
      pause(pause, error);
      Attempt next = error == null ? tries.begin() : tries.tryBegin();
      if (next == null) {
        throw Objects.requireNonNull(error);
      }
      attempt = next;
    }
  }

  /** What is asked for, at the port of an endpoint. */
  HttpUrl at(int port) {
    return ports.at(request.url(), port);
  }

  private Exchange exchange(Attempt attempt) {
    Exchange next;
    try {
      next = new Exchange(this, attempt, request, chain.getDns(), settings.openBodies());
    } catch (RuntimeException e) {
      attempt.cancel(); // the request cannot be sent, which is not the endpoint's fault
      throw e;
    }
    exchange = next;
    return next;
  }

  private Response proceed(Exchange current) throws IOException {
    Chain here = chain.withDns(current.dns()).withProxy(Proxy.NO_PROXY);
    if (!idempotent) {
      here = here.withRetryOnConnectionFailure(false); // may repeat what was sent
    }
    Duration left = current.attempt().remaining();
    if (left != null) {
      int millis = (int) Math.min(Math.max(left.toMillis(), SHORTEST_MILLIS), Integer.MAX_VALUE);
      here =
          here.withConnectTimeout(least(here.connectTimeoutMillis(), millis), TimeUnit.MILLISECONDS)
              .withReadTimeout(least(here.readTimeoutMillis(), millis), TimeUnit.MILLISECONDS)
              .withWriteTimeout(least(here.writeTimeoutMillis(), millis), TimeUnit.MILLISECONDS);
    }
    return here.proceed(current.request());
  }

  /** Of OkHttp's limits 0 is none. */
  private static int least(int theirs, int ours) {
    return theirs == 0 ? ours : Math.min(theirs, ours);
  }

  private @Nullable Duration afterAnswer(Response response, Outcome outcome, Exchange current) {
    if (outcome == Outcome.SUCCESS) {
      return null;
    }
    Duration retryAfter =
        RetryAfter.parse(response.header("Retry-After"), settings.platform().epochMillis());
    // It has answered, so it was reached.
    Outcome reached = outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
    return tries.afterAnswer(reached, idempotent && current.canBeSentAgain(), retryAfter);
  }

  private void pause(Duration pause, @Nullable IOException error)
      throws IOException, InterruptedException {
    tries.pause(pause);
    if (chain.call().isCanceled()) {
      IOException cancelled = asTimeout(new IOException("Canceled"));
      if (error != null) {
        cancelled.addSuppressed(error);
      }
      throw cancelled;
    }
  }

  private static ConnectException asConnectException(NoEndpointException e) {
    ConnectException error = new ConnectException(e.getMessage());
    error.initCause(e);
    return error;
  }

  // ---- its end ----

  /** The time of the whole is over: cancels the call, which ends its body too. */
  private void expire() {
    expired = true;
    Exchange current = exchange;
    if (current != null) {
      current.end(Outcome.TIMEOUT); // before the cancelling, which looks like the caller's doing
    }
    chain.call().cancel();
  }

  /** The verdict on whatever was under way when the call was ended from outside; else null. */
  @Nullable Outcome givenUp() {
    if (expired) {
      return Outcome.TIMEOUT;
    }
    if (!chain.call().isCanceled()) {
      return null;
    }
    long limit = chain.call().timeout().timeoutNanos();
    // OkHttp does not say who has cancelled; its clock was started a little before ours.
    boolean itsOwn = limit > 0 && System.nanoTime() - startedAt >= limit - limit / 10;
    return itsOwn ? Outcome.TIMEOUT : Outcome.CANCELLED;
  }

  /** This error, or where the deadline has caused it, one that says so. */
  IOException asTimeout(IOException error) {
    if (!expired) {
      return error;
    }
    SocketTimeoutException timeout =
        new SocketTimeoutException(
            "no complete answer by the deadline of the retry policy, " + policy.deadline());
    timeout.initCause(error);
    return timeout;
  }

  /** The call has failed, or the answer that was shown has ended. */
  void over() {
    Platform.Cancellable pending = deadline;
    if (pending != null) {
      pending.cancel();
    }
  }

  Outcome ofResponse(Response response) {
    try {
      return Objects.requireNonNull(outcomes.ofResponse(response), "outcome");
    } catch (RuntimeException e) {
      SteelyardInterceptor.log.warn("outcomes threw on a response; judged by the standard ones", e);
      return OkHttpOutcomes.standard().ofResponse(response);
    }
  }

  Outcome ofError(Throwable error) {
    try {
      return Objects.requireNonNull(outcomes.ofError(error), "outcome");
    } catch (RuntimeException e) {
      SteelyardInterceptor.log.warn("outcomes threw on {}; judged by the standard ones", error, e);
      return OkHttpOutcomes.standard().ofError(error);
    }
  }
}
