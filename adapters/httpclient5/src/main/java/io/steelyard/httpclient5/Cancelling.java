package io.steelyard.httpclient5;

import io.steelyard.Outcome;
import org.apache.hc.core5.concurrent.Cancellable;
import org.apache.hc.core5.concurrent.CancellableDependency;

/**
 * Ends a try when the caller cancels, whatever is under way then: the client does not always tell
 * the callback of a request that is cancelled while its body arrives.
 */
final class Cancelling implements CancellableDependency {
  private final CancellableDependency request;
  private final Exchange exchange;

  Cancelling(CancellableDependency request, Exchange exchange) {
    this.request = request;
    this.exchange = exchange;
  }

  @Override
  public void setDependency(Cancellable step) {
    request.setDependency(
        () -> {
          exchange.end(Outcome.CANCELLED); // before the cancelling, which looks like a failure
          return step.cancel();
        });
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
