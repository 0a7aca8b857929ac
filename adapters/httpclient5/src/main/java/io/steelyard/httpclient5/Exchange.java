package io.steelyard.httpclient5;

import io.steelyard.Attempt;
import io.steelyard.Outcome;
import io.steelyard.adapter.HttpRules;
import io.steelyard.adapter.OpenBodies;
import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.client5.http.async.AsyncExecRuntime;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.HttpResponse;
import org.apache.hc.core5.util.DeadlineTimeoutException;
import org.apache.hc.core5.util.Timeout;
import org.jspecify.annotations.Nullable;

/** One try of one request: turns what becomes of it into one verdict on the attempt. */
final class Exchange extends OpenBodies.Body {
  private static final String IN_CONTEXT = "steelyard.exchange";
  private static final Timeout THREE_MINUTES = Timeout.ofMinutes(3);

  private final SteelyardExec exec;
  private final Deadline deadline;
  private final Attempt attempt;
  private final OpenBodies openBodies;

  private volatile boolean connected;
  private volatile Outcome byStatus = Outcome.SUCCESS;
  private volatile boolean shown;
  private volatile boolean listed;
  private volatile boolean awaited;

  /** What an async try goes through; null if it is a classic one, whose thread always hears. */
  private volatile @Nullable AsyncExecRuntime runtime;

  /** When an async try is connected or has failed, unless it was dropped; set with runtime. */
  private long connectsBy;

  /** Since when nobody has waited for more; of use while nobody does. */
  private volatile long idleSince;

  Exchange(SteelyardExec exec, Deadline deadline, Attempt attempt) {
    this.exec = exec;
    this.deadline = deadline;
    this.attempt = attempt;
    this.openBodies = exec.settings().openBodies();
  }

  Attempt attempt() {
    return attempt;
  }

  /** The way to the endpoint, under the name of the service. */
  HttpRoute route(HttpRoute logical) throws UnknownHostException {
    return exec.routes().to(attempt.endpoint(), logical);
  }

  /** Has the transport of a classic request tell when it has a connection. */
  void enter(HttpClientContext context, RequestConfig config) {
    context.setAttribute(IN_CONTEXT, this);
    limit(context, config);
  }

  /** Gives the transport the time of this try. */
  @SuppressWarnings(
      "deprecation") // the connect timeout of a request is the only one to be had here
  void limit(HttpClientContext context, RequestConfig config) {
    Duration left = attempt.remaining();
    if (left == null) {
      return;
    }
    Timeout limit = Timeout.of(Math.max(1, left.toMillis()), TimeUnit.MILLISECONDS);
    context.setRequestConfig(
        RequestConfig.copy(config)
            .setConnectTimeout(least(config.getConnectTimeout(), limit))
            .setConnectionRequestTimeout(least(config.getConnectionRequestTimeout(), limit))
            .setResponseTimeout(least(config.getResponseTimeout(), limit))
            .build());
  }

  private static Timeout least(@Nullable Timeout theirs, Timeout ours) {
    return theirs == null || theirs.isDisabled() || theirs.compareTo(ours) > 0 ? ours : theirs;
  }

  /** As {@link #connected()}, for the classic request of this context. */
  static void connected(HttpClientContext context) throws IOException {
    if (context.getAttribute(IN_CONTEXT) instanceof Exchange exchange) {
      exchange.connected();
    }
  }

  /**
   * There is a connection, and the request is about to be written to it.
   *
   * @throws IOException if its time was over before the deadline had a connection to close
   */
  void connected() throws IOException {
    if (deadline.expired()) {
      throw new IOException("too late to be sent");
    }
    connected = true;
  }

  /**
   * Judges an error and ends the attempt so.
   *
   * @param cancelled whether the caller has cancelled
   * @param bodyFailed whether the request's own body could not be produced
   */
  Outcome failed(Throwable error, boolean cancelled, boolean bodyFailed) {
    Outcome outcome = outcomeOf(error, cancelled, bodyFailed);
    end(outcome);
    return outcome;
  }

  private Outcome outcomeOf(Throwable error, boolean cancelled, boolean bodyFailed) {
    if (deadline.expired()) {
      return Outcome.TIMEOUT;
    }
    if (cancelled || bodyFailed || isOurs(error)) {
      return Outcome.CANCELLED;
    }
    if (!connected && error instanceof IOException) {
      return Outcome.UNREACHABLE;
    }
    Outcome outcome = exec.ofError(error);
    return outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
  }

  /**
   * Whether it comes from this side: the thread was interrupted, the client's pool is busy or
   * closed, or something in the way of the request, such as another interceptor, has thrown.
   */
  private boolean isOurs(Throwable error) {
    return HttpRules.isInterruption(error) // ConnectionRequestTimeoutException included
        || (error instanceof DeadlineTimeoutException && !connected) // as the async pool has it
        || (error instanceof RuntimeException && !HttpRules.isConnectFailure(error));
  }

  /**
   * Looks after an async try from its start: a client that is closed meanwhile drops it without
   * telling anybody.
   */
  void watch(AsyncExecRuntime through, RequestConfig config) {
    // One connect for the socket, and as much for TLS.
    connectsBy =
        openBodies.nanoTime()
            + nanos(config.getConnectionRequestTimeout())
            + 2 * nanos(connectTimeout(config));
    runtime = through;
    awaited = true; // by the client, until there is a reader
    listed = true;
    openBodies.add(this);
  }

  @SuppressWarnings("deprecation") // as in limit
  private static @Nullable Timeout connectTimeout(RequestConfig config) {
    return config.getConnectTimeout();
  }

  /** A limit of the client's; where there is none, what it is by default. */
  private static long nanos(@Nullable Timeout limit) {
    return (limit == null || limit.isDisabled() ? THREE_MINUTES : limit).toNanoseconds();
  }

  /** An answer's headers are here. */
  Outcome responded(HttpResponse response) {
    attempt.responded();
    Outcome outcome = exec.ofResponse(response);
    byStatus = outcome;
    // It has answered, so it was reached.
    return outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
  }

  /** The answer is shown, and has a body that is still to come. */
  void shown(boolean body) {
    shown = true;
    if (!body) {
      endByStatus();
      return;
    }
    idleSince = openBodies.nanoTime();
    awaited = false;
    if (!listed) {
      listed = true;
      openBodies.add(this);
    }
  }

  void endByStatus() {
    end(byStatus);
  }

  void end(Outcome outcome) {
    attempt.end(outcome);
    if (listed) {
      openBodies.remove(this);
    }
    if (shown) {
      deadline.over();
    }
  }

  /** The body broke off. */
  void bodyFailed(Throwable error, boolean cancelled) {
    if (deadline.expired()) {
      end(Outcome.TIMEOUT);
    } else {
      end(
          cancelled || HttpRules.isInterruption(error)
              ? Outcome.CANCELLED
              : HttpRules.isConnectFailure(error) ? Outcome.FAILURE : exec.ofError(error));
    }
  }

  /** Somebody waits for more of the body, or does no longer. */
  void awaited(boolean waiting) {
    if (!waiting) {
      idleSince = openBodies.nanoTime();
    }
    awaited = waiting;
  }

  // ---- abandoned bodies ----

  @Override
  public boolean ended() {
    AsyncExecRuntime through = runtime;
    if (through != null && !attempt.ended() && isDropped(through)) {
      end(Outcome.CANCELLED);
    }
    return attempt.ended();
  }

  /** The connection has gone, or one that should have been made or refused by now was not. */
  private boolean isDropped(AsyncExecRuntime through) {
    return connected ? !through.isEndpointConnected() : openBodies.nanoTime() - connectsBy > 0;
  }

  @Override
  public boolean idleFor(long nanos, long now) {
    return !awaited && now - idleSince >= nanos;
  }

  /** Stops counting; the body itself is left alone. */
  @Override
  public void abandon() {
    endByStatus();
  }
}
