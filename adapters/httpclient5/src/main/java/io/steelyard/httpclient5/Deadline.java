package io.steelyard.httpclient5;

import io.steelyard.Outcome;
import io.steelyard.Platform;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.time.Duration;
import org.apache.hc.core5.http2.H2Error;
import org.apache.hc.core5.http2.H2StreamResetException;
import org.jspecify.annotations.Nullable;

/** The end of the time that a request has with all its tries, its body included. */
final class Deadline {
  private final Platform platform;
  private final @Nullable Duration policys;
  private final Runnable hangUp;

  private volatile @Nullable Exchange exchange;
  private volatile boolean expired;
  private volatile Platform.@Nullable Cancellable timer;

  /**
   * @param policys for the message
   * @param hangUp closes the connection under way
   */
  Deadline(Platform platform, @Nullable Duration policys, Runnable hangUp) {
    this.platform = platform;
    this.policys = policys;
    this.hangUp = hangUp;
  }

  void start(@Nullable Duration left) {
    if (left != null) {
      timer = platform.runAfter(left, this::expire);
    }
  }

  /** This is the try that it would end. */
  void watch(Exchange current) {
    exchange = current;
  }

  private void expire() {
    expired = true;
    Exchange current = exchange;
    if (current != null) {
      current.end(Outcome.TIMEOUT); // before the hanging up, which looks like a failure
    }
    hangUp.run();
  }

  boolean expired() {
    return expired;
  }

  /**
   * Ends a stream that goes on, as others share its connection.
   *
   * @throws H2StreamResetException if its time is over
   */
  void resetIfExpired() throws H2StreamResetException {
    if (expired) {
      throw reset();
    }
  }

  static H2StreamResetException reset() {
    return new H2StreamResetException(H2Error.CANCEL, "no longer wanted");
  }

  /** There is nothing left to end. */
  void over() {
    Platform.Cancellable pending = timer;
    if (pending != null) {
      pending.cancel();
    }
  }

  /** This error, or where the deadline has caused it, one that says so. */
  Exception asTimeout(Exception error) {
    return expired ? timeout(error) : error;
  }

  IOException timeout(Exception error) {
    SocketTimeoutException timeout =
        new SocketTimeoutException(
            "no complete answer by the deadline of the retry policy, " + policys);
    timeout.initCause(error);
    return timeout;
  }
}
