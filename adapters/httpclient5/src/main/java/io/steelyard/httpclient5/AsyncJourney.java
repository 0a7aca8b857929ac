package io.steelyard.httpclient5;

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
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hc.client5.http.async.AsyncExecCallback;
import org.apache.hc.client5.http.async.AsyncExecChain;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.core5.http.EntityDetails;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.http.nio.AsyncDataConsumer;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.entity.DiscardingEntityConsumer;
import org.apache.hc.core5.http.support.BasicRequestBuilder;
import org.jspecify.annotations.Nullable;

/** One async request on its way through its tries: a step at a time, on whatever threads. */
final class AsyncJourney {
  private final SteelyardExec exec;
  private final HttpAdapter<HttpRequest> settings;
  private final Balancer balancer;
  private final HttpRequest request;
  private final AsyncExecChain.Scope scope;
  private final AsyncExecChain chain;
  private final AsyncExecCallback callback;
  private final RequestConfig config;
  private final Tries tries;
  private final boolean idempotent;
  private final boolean perTryTimeout;
  private final @Nullable WatchedProducer body;

  /** The headers as they were given: what is below adds its own. */
  private final Header[] headers;

  private final Deadline deadline;
  private volatile @Nullable Answer underWay;

  AsyncJourney(
      SteelyardExec exec,
      Balancer balancer,
      HttpRequest request,
      @Nullable AsyncEntityProducer body,
      AsyncExecChain.Scope scope,
      AsyncExecChain chain,
      AsyncExecCallback callback) {
    this.exec = exec;
    this.settings = exec.settings();
    this.balancer = balancer;
    this.request = request;
    this.scope = scope;
    this.chain = chain;
    this.callback = callback;
    this.config = scope.clientContext.getRequestConfigOrDefault();
    PickContext context = settings.contextOf(request);
    RetryPolicy policy = settings.policyFor(balancer);
    this.tries = policy.begin(balancer, context);
    this.idempotent = HttpRules.isIdempotent(request.getMethod()) || context.isIdempotent();
    this.perTryTimeout = policy.perTryTimeout() != null;
    this.body = body == null ? null : new WatchedProducer(body);
    this.headers = request.getHeaders();
    this.deadline = new Deadline(settings.platform(), policy.deadline(), this::hangUp);
  }

  void start() {
    begin(true);
  }

  private void begin(boolean mayWait) {
    Attempt first;
    try {
      first = tries.begin();
    } catch (NoEndpointException e) {
      CompletableFuture<@Nullable Void> gate =
          mayWait ? settings.firstList(balancer, tries, e) : null;
      if (gate == null) {
        fail(asConnectException(e));
        return;
      }
      scope.cancellableDependency.setDependency(() -> gate.cancel(false));
      CompletableFuture<?> unused = gate.whenComplete((nothing, error) -> begin(false));
      return;
    }
    deadline.start(tries.remaining());
    run(first);
  }

  private void run(Attempt attempt) {
    Exchange current = new Exchange(exec, deadline, attempt);
    deadline.watch(current);
    if (cancelled()) {
      current.end(Outcome.CANCELLED);
      fail(new CancellationException("Request aborted"));
      return;
    }
    Cancelling cancelling = new Cancelling(scope.cancellableDependency, scope.execRuntime, current);
    Answer answer = new Answer(current, cancelling);
    underWay = answer;
    try {
      AsyncExecChain.Scope here =
          new AsyncExecChain.Scope(
              scope.exchangeId,
              current.route(scope.route),
              scope.originalRequest,
              cancelling,
              scope.clientContext,
              scope.execRuntime,
              scope.scheduler,
              scope.execCount);
      current.limit(scope.clientContext, config);
      current.watch(scope.execRuntime, config);
      Duration left = perTryTimeout ? attempt.remaining() : null;
      if (left != null) {
        answer.limit(left);
      }
      chain.proceed(tries.attempts() == 1 ? request : copy(), body, here, answer);
    } catch (IOException | HttpException | RuntimeException e) {
      answer.failed(e);
    }
  }

  private HttpRequest copy() {
    HttpRequest copy = BasicRequestBuilder.copy(request).build();
    copy.setHeaders(headers);
    return copy;
  }

  private void hangUp() {
    Answer current = underWay;
    if (current != null && !current.cancelling.hangUp()) {
      current.expire();
    }
  }

  private boolean cancelled() {
    return scope.cancellableDependency.isCancelled();
  }

  private boolean canBeSentAgain() {
    return idempotent && (body == null || body.canBeSent());
  }

  /** The next try after a pause; {@code error} is what the last one failed with, if it did. */
  private void goOn(Duration pause, @Nullable Exception error) {
    if (body != null) {
      body.releaseResources();
    }
    tries.after(pause, () -> next(error));
  }

  private void next(@Nullable Exception error) {
    Attempt attempt;
    if (error != null) {
      attempt = tries.tryBegin();
      if (attempt == null) {
        fail(error);
        return;
      }
    } else {
      try {
        attempt = tries.begin();
      } catch (NoEndpointException e) {
        fail(asConnectException(e));
        return;
      }
    }
    run(attempt);
  }

  private void fail(Exception error) {
    deadline.over();
    scope.clientContext.setRequestConfig(config);
    callback.failed(deadline.asTimeout(error));
  }

  private static ConnectException asConnectException(NoEndpointException e) {
    ConnectException error = new ConnectException(e.getMessage());
    error.initCause(e);
    return error;
  }

  /** What becomes of one try. */
  private final class Answer implements AsyncExecCallback {
    private final Exchange current;
    private final Cancelling cancelling;
    private final AtomicBoolean over = new AtomicBoolean();

    /** Whether headers have come, or it was settled that they come too late. */
    private final AtomicBoolean answered = new AtomicBoolean();

    private volatile Platform.@Nullable Cancellable timer;
    private volatile @Nullable Duration pause;

    Answer(Exchange current, Cancelling cancelling) {
      this.current = current;
      this.cancelling = cancelling;
    }

    /** The deadline has come, and the client goes on. */
    void expire() {
      if (over.compareAndSet(false, true)) {
        leaveStream();
        fail(new InterruptedIOException("given up"));
      }
    }

    /**
     * Has the headers of a stream come in time: the client's response timeout is for connections.
     */
    void limit(Duration left) {
      timer = settings.platform().runAfter(left, () -> late(left));
    }

    private void late(Duration after) {
      if (!cancelling.isStream()
          || !answered.compareAndSet(false, true)
          || !over.compareAndSet(false, true)) {
        return;
      }
      leaveStream();
      SocketTimeoutException error =
          new SocketTimeoutException("no answer within " + after.toMillis() + " ms");
      Outcome outcome = current.failed(error, cancelled(), false);
      // The stream may still be asking for the request's body.
      Duration next =
          cancelled() ? null : tries.afterError(error, outcome, idempotent && body == null);
      if (next == null) {
        fail(error);
      } else {
        goOn(next, error);
      }
    }

    /** Gives the connection back: the others' streams go on, and this one is reset if it speaks. */
    private void leaveStream() {
      scope.execRuntime.markConnectionReusable(null, config.getConnectionKeepAlive());
      scope.execRuntime.releaseEndpoint();
    }

    private void stopTimer() {
      Platform.Cancellable pending = timer;
      if (pending != null) {
        pending.cancel();
      }
    }

    @Override
    public @Nullable AsyncDataConsumer handleResponse(
        HttpResponse response, @Nullable EntityDetails details) throws HttpException, IOException {
      deadline.resetIfExpired();
      if (!answered.compareAndSet(false, true)) {
        throw Deadline.reset();
      }
      stopTimer();
      Outcome outcome = current.responded(response);
      if (outcome != Outcome.SUCCESS) {
        Header header = response.getFirstHeader("Retry-After");
        Duration retryAfter =
            RetryAfter.parse(
                header == null ? null : header.getValue(), settings.platform().epochMillis());
        Duration decided = tries.afterAnswer(outcome, canBeSentAgain(), retryAfter);
        if (decided != null) {
          pause = decided;
          current.end(outcome);
          return details == null ? null : new DiscardingEntityConsumer<>();
        }
      }
      current.shown(details != null);
      AsyncDataConsumer reader;
      try {
        reader = callback.handleResponse(response, details);
      } catch (Throwable e) {
        current.endByStatus(); // the caller does not want to read it
        throw e;
      }
      return details == null || reader == null
          ? reader
          : new WatchedConsumer(reader, current, deadline);
    }

    @Override
    public void handleInformationResponse(HttpResponse response) throws HttpException, IOException {
      callback.handleInformationResponse(response);
    }

    @Override
    public void completed() {
      if (!over.compareAndSet(false, true)) {
        return;
      }
      Duration decided = pause;
      if (decided != null) {
        scope.execRuntime.releaseEndpoint(); // can be used again
        goOn(decided, null);
        return;
      }
      scope.clientContext.setRequestConfig(config);
      current.endByStatus();
      callback.completed();
    }

    @Override
    public void failed(Exception error) {
      if (!over.compareAndSet(false, true)) {
        return;
      }
      stopTimer();
      scope.execRuntime.discardEndpoint();
      Duration decided = pause;
      if (decided != null && !cancelled()) {
        goOn(decided, null); // the rest of an answer that is not to be seen
        return;
      }
      if (answered.getAndSet(true)) {
        current.bodyFailed(error, cancelled());
        fail(error);
        return;
      }
      Outcome outcome = current.failed(error, cancelled(), body != null && body.failed());
      Duration next = cancelled() ? null : tries.afterError(error, outcome, canBeSentAgain());
      if (next == null) {
        fail(error);
      } else {
        goOn(next, error);
      }
    }
  }
}
