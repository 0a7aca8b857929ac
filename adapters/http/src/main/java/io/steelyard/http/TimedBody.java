package io.steelyard.http;

import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow.Subscription;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * The caller's subscriber, which gets an error when its time is over. A subscriber is told one
 * thing at a time, so an expiry during another signal is told right after it, by whoever told that
 * one. What comes from below is cancelled after that: the JDK's client may make an error of its own
 * of a cancelled body, which would then be the first.
 */
final class TimedBody<T> implements BodySubscriber<T> {
  private enum State {
    IDLE,
    TELLING,
    EXPIRED,
    OVER
  }

  private final BodySubscriber<T> reader;
  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);
  private final AtomicBoolean told = new AtomicBoolean();
  private volatile boolean subscribed;
  private volatile @Nullable Subscription subscription;
  private volatile @Nullable Throwable error;

  TimedBody(BodySubscriber<T> reader) {
    this.reader = reader;
  }

  /** The time is over: what comes from below is dropped from now on. */
  void expire(Throwable timeout) {
    error = timeout;
    State before = state.getAndUpdate(now -> now == State.OVER ? State.OVER : State.EXPIRED);
    if (before == State.OVER) {
      return;
    }
    if (before == State.IDLE && subscribed) {
      tell();
    }
  }

  private void tell() {
    Throwable timeout = error;
    if (timeout != null && told.compareAndSet(false, true)) {
      try {
        reader.onError(timeout);
      } finally {
        Subscription reading = subscription;
        if (reading != null) {
          reading.cancel();
        }
      }
    }
  }

  @Override
  public CompletionStage<T> getBody() {
    return reader.getBody();
  }

  @Override
  public void onSubscribe(Subscription subscription) {
    this.subscription = subscription;
    reader.onSubscribe(subscription);
    subscribed = true;
    if (state.get() == State.EXPIRED) {
      tell();
    }
  }

  @Override
  public void onNext(List<ByteBuffer> item) {
    if (!state.compareAndSet(State.IDLE, State.TELLING)) {
      return;
    }
    try {
      reader.onNext(item);
    } finally {
      if (!state.compareAndSet(State.TELLING, State.IDLE)) {
        tell();
      }
    }
  }

  @Override
  public void onError(Throwable error) {
    if (state.compareAndSet(State.IDLE, State.OVER)) {
      reader.onError(error);
    }
  }

  @Override
  public void onComplete() {
    if (state.compareAndSet(State.IDLE, State.OVER)) {
      reader.onComplete();
    }
  }
}
