package io.steelyard.httpclient5;

import io.steelyard.Outcome;
import java.io.IOException;
import org.apache.hc.client5.http.EndpointInfo;
import org.apache.hc.client5.http.async.AsyncExecRuntime;
import org.apache.hc.core5.concurrent.Cancellable;
import org.apache.hc.core5.concurrent.CancellableDependency;
import org.apache.hc.core5.http.HttpVersion;
import org.jspecify.annotations.Nullable;

/**
 * Ends a try when the caller cancels, whatever is under way then: the client does not always call
 * off a request that is cancelled while its answer is awaited or arrives, nor tell its callback.
 */
final class Cancelling implements CancellableDependency {
  private final CancellableDependency request;
  private final AsyncExecRuntime runtime;
  private final Exchange exchange;
  private volatile @Nullable Cancellable underWay;

  Cancelling(CancellableDependency request, AsyncExecRuntime runtime, Exchange exchange) {
    this.request = request;
    this.runtime = runtime;
    this.exchange = exchange;
  }

  /** There is a connection, and the request is about to be written to it. */
  void connected() throws IOException {
    exchange.connected();
  }

  @Override
  public void setDependency(Cancellable step) {
    underWay = step;
    request.setDependency(
        () -> {
          exchange.end(Outcome.CANCELLED); // before the hanging up, which looks like a failure
          hangUp();
          return true;
        });
  }

  /**
   * Calls off what is under way, and closes its connection unless others share that.
   *
   * @return whether the client will tell of the end: of a stream among others it does not
   */
  boolean hangUp() {
    Cancellable step = underWay;
    if (step != null) {
      step.cancel();
    }
    if (isStream()) {
      return false;
    }
    runtime.discardEndpoint();
    return true;
  }

  /** Whether it is under way as a stream of HTTP/2, on a connection that others may share. */
  boolean isStream() {
    EndpointInfo endpoint = runtime.getEndpointInfo();
    return endpoint != null && endpoint.getProtocol().greaterEquals(HttpVersion.HTTP_2);
  }

  @Override
  public boolean isCancelled() {
    return request.isCancelled();
  }

  @Override
  public boolean cancel() {
    return request.cancel();
  }
}
