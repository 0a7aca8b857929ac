package io.steelyard.http;

import io.steelyard.Platform;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import org.jspecify.annotations.Nullable;

/**
 * The body of an answer that nobody will see, as the request is sent elsewhere. It is read to its
 * end, so that the connection can be used again, unless that would take long: then it is cancelled.
 */
final class DiscardedBody<T> implements BodySubscriber<T> {
  /** What is cheaper to read than to open a new connection. */
  private static final long MOST_BYTES = 64 * 1024;

  private static final Duration MOST_TIME = Duration.ofSeconds(1);

  private final Platform platform;
  private volatile Platform.@Nullable Cancellable timer;
  private volatile @Nullable Subscription subscription;
  private long bytes;

  DiscardedBody(Platform platform) {
    this.platform = platform;
  }

  /** Is there at once, so that nothing waits for the rest. */
  @Override
  public CompletionStage<T> getBody() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    timer = platform.runAfter(MOST_TIME, subscription::cancel);
    subscription.request(Long.MAX_VALUE);
  }

  @Override
  public void onNext(List<ByteBuffer> item) {
    for (ByteBuffer buffer : item) {
      bytes += buffer.remaining();
    }
    Subscription reading = subscription;
    if (bytes > MOST_BYTES && reading != null) {
      stopTimer();
      reading.cancel();
    }
  }

  @Override
  public void onError(Throwable error) {
    stopTimer();
  }

  @Override
  public void onComplete() {
    stopTimer();
  }

  private void stopTimer() {
    Platform.Cancellable pending = timer;
    if (pending != null) {
      pending.cancel();
    }
  }
}
