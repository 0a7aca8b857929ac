package io.steelyard.httpclient5;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.adapter.HttpAdapter;
import io.steelyard.adapter.HttpRules;
import io.steelyard.retry.RetryAfter;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ConnectException;
import java.time.Duration;
import java.util.Objects;
import org.apache.hc.client5.http.classic.ExecChain;
import org.apache.hc.client5.http.classic.ExecRuntime;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.core5.http.ClassicHttpRequest;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.HttpRequest;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.support.ClassicRequestBuilder;
import org.jspecify.annotations.Nullable;

/** One classic request on its way through its tries. One thread at a time, but for its deadline. */
final class ClassicJourney {
  /** What is cheaper to read than to open a new connection. */
  private static final long MOST_BYTES = 64 * 1024;

  private final SteelyardExec exec;
  private final HttpAdapter<HttpRequest> settings;
  private final Balancer balancer;
  private final ClassicHttpRequest request;
  private final ExecChain.Scope scope;
  private final ExecChain chain;
  private final ExecRuntime runtime;
  private final RequestConfig config;
  private final Tries tries;
  private final boolean idempotent;
  private final @Nullable WatchedRequestEntity body;

  /** The headers as they were given: what is below adds its own. */
  private final Header[] headers;

  private final Deadline deadline;

  ClassicJourney(
      SteelyardExec exec,
      Balancer balancer,
      ClassicHttpRequest request,
      ExecChain.Scope scope,
      ExecChain chain) {
    this.exec = exec;
    this.settings = exec.settings();
    this.balancer = balancer;
    this.request = request;
    this.scope = scope;
    this.chain = chain;
    this.runtime = scope.execRuntime;
    this.config = scope.clientContext.getRequestConfigOrDefault();
    PickContext context = settings.contextOf(request);
    RetryPolicy policy = settings.policyFor(balancer);
    this.tries = policy.begin(balancer, context);
    this.idempotent = HttpRules.isIdempotent(request.getMethod()) || context.isIdempotent();
    HttpEntity entity = request.getEntity();
    this.body = entity == null ? null : new WatchedRequestEntity(entity);
    this.headers = request.getHeaders();
    this.deadline = new Deadline(settings.platform(), policy.deadline(), runtime::discardEndpoint);
  }

  ClassicHttpResponse run() throws IOException, HttpException {
    boolean answered = false;
    try {
      Attempt first = settings.beginOrWait(balancer, tries);
      deadline.start(tries.remaining());
      ClassicHttpResponse answer = run(first);
      answered = true;
      return answer;
    } catch (NoEndpointException e) {
      ConnectException error = new ConnectException(e.getMessage());
      error.initCause(e);
      throw error;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException error = new InterruptedIOException("interrupted");
      error.initCause(e);
      throw error;
    } finally {
      if (!answered) {
        deadline.over();
      }
      if (scope.clientContext.getRequestConfig() != config) {
        scope.clientContext.setRequestConfig(config);
      }
    }
  }

  private ClassicHttpResponse run(Attempt first)
      throws IOException, HttpException, InterruptedException {
    Attempt attempt = first;
    while (true) {
      Exchange current = new Exchange(exec, deadline, attempt);
      deadline.watch(current);
      ClassicHttpResponse response = null;
      Exception error = null;
      Duration pause;
      try {
        response = proceed(current);
      } catch (IOException | HttpException e) {
        error = e;
      } catch (Throwable e) {
        if (!(e instanceof RuntimeException taken) || !deadline.expired()) {
          runtime.discardEndpoint();
          current.end(Outcome.CANCELLED); // a bug of the caller's, as of another interceptor
          throw e;
        }
        error = taken; // the client misses the connection that the deadline has taken away
      }
      if (error != null) {
        boolean cancelled = runtime.isExecutionAborted();
        Outcome outcome = current.failed(error, cancelled, body != null && body.failed());
        runtime.discardEndpoint();
        pause = cancelled ? null : tries.afterError(error, outcome, canBeSentAgain());
        if (pause == null) {
          throw thrown(error);
        }
      } else {
        ClassicHttpResponse answer = Objects.requireNonNull(response);
        Outcome outcome = current.responded(answer);
        pause =
            outcome == Outcome.SUCCESS
                ? null
                : tries.afterAnswer(outcome, canBeSentAgain(), retryAfter(answer));
        if (pause == null) {
          return shown(current, answer);
        }
        current.end(outcome);
        letGo(answer);
      }
      tries.pause(pause);
      if (runtime.isExecutionAborted()) {
        throw error != null ? thrown(error) : new InterruptedIOException("Request aborted");
      }
      Attempt next = error == null ? tries.begin() : tries.tryBegin();
      if (next == null) {
        throw thrown(Objects.requireNonNull(error));
      }
      attempt = next;
    }
  }

  private ClassicHttpResponse proceed(Exchange current) throws IOException, HttpException {
    ExecChain.Scope here =
        new ExecChain.Scope(
            scope.exchangeId,
            current.route(scope.route),
            scope.originalRequest,
            runtime,
            scope.clientContext);
    current.enter(scope.clientContext, config);
    return chain.proceed(tries.attempts() == 1 ? first() : copy(), here);
  }

  /** The request itself, which is this client's own copy of the caller's. */
  private ClassicHttpRequest first() {
    if (body != null) {
      request.setEntity(body);
    }
    return request;
  }

  private ClassicHttpRequest copy() {
    ClassicHttpRequest copy = ClassicRequestBuilder.copy(request).build();
    copy.setHeaders(headers);
    if (body != null) {
      copy.setEntity(body);
    }
    return copy;
  }

  private boolean canBeSentAgain() {
    return idempotent && (body == null || body.canBeSent());
  }

  private @Nullable Duration retryAfter(ClassicHttpResponse answer) {
    Header header = answer.getFirstHeader("Retry-After");
    return RetryAfter.parse(
        header == null ? null : header.getValue(), settings.platform().epochMillis());
  }

  private ClassicHttpResponse shown(Exchange current, ClassicHttpResponse answer) {
    HttpEntity entity = answer.getEntity();
    boolean toCome = entity != null && entity.isStreaming() && entity.getContentLength() != 0;
    if (entity != null && toCome) {
      answer.setEntity(new WatchedResponseEntity(entity, this, current));
    }
    current.shown(toCome);
    return answer;
  }

  /** Has the connection of an answer that nobody will see used again, if that is cheap. */
  private void letGo(ClassicHttpResponse answer) throws IOException {
    HttpEntity entity = answer.getEntity();
    long length = entity == null ? 0 : entity.getContentLength();
    if (length >= 0 && length <= MOST_BYTES) {
      try {
        EntityUtils.consume(entity);
      } catch (IOException e) {
        SteelyardExec.log.debug("the rest of an answer that is not shown did not come", e);
      }
    }
    if (runtime.isEndpointAcquired()) {
      runtime.discardEndpoint();
    }
  }

  /** The body broke off; returns what its reader is to hear. */
  IOException bodyFailed(Exchange current, IOException error) {
    current.bodyFailed(error, runtime.isExecutionAborted());
    return deadline.expired() ? deadline.timeout(error) : error;
  }

  private IOException thrown(Exception error) throws HttpException {
    Exception thrown = deadline.asTimeout(error);
    if (thrown instanceof HttpException http) {
      throw http;
    }
    return (IOException) thrown;
  }
}
