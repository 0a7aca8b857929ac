package io.steelyard.testkit;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;

/**
 * A platform that passes everything on to another one: to be extended by a test that wants a single
 * thing to be otherwise, such as an executor that refuses work.
 *
 * <pre>{@code
 * Platform noWorkers =
 *     new ForwardingPlatform(Platform.system()) {
 *       @Override
 *       public Executor executor() {
 *         return task -> {
 *           throw new RejectedExecutionException("no worker");
 *         };
 *       }
 *     };
 * }</pre>
 *
 * <p>As thread-safe as the other one.
 */
public class ForwardingPlatform implements Platform {
  private final Platform delegate;

  /** Creates one that does as this one does. */
  protected ForwardingPlatform(Platform delegate) {
    this.delegate = Objects.requireNonNull(delegate, "delegate");
  }

  @Override
  public long nanoTime() {
    return delegate.nanoTime();
  }

  @Override
  public long epochMillis() {
    return delegate.epochMillis();
  }

  @Override
  public RandomSource random() {
    return delegate.random();
  }

  @Override
  public Executor executor() {
    return delegate.executor();
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    return delegate.schedule(task, delay);
  }
}
