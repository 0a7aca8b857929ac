package io.steelyard.discovery;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A virtual platform whose executor refuses work while it is told to, or keeps it for later. */
final class MoodyPlatform implements Platform {
  private final VirtualPlatform platform;

  /** What the executor throws; null for nothing. */
  @Nullable Throwable refusal;

  /** Where work goes that is not run at once; null if it is. */
  @Nullable Queue<Runnable> later;

  MoodyPlatform(VirtualPlatform platform) {
    this.platform = platform;
  }

  void runLater() {
    Queue<Runnable> tasks = later == null ? new ArrayDeque<>() : later;
    later = null;
    tasks.forEach(Runnable::run);
  }

  @Override
  public long nanoTime() {
    return platform.nanoTime();
  }

  @Override
  public long epochMillis() {
    return platform.epochMillis();
  }

  @Override
  public RandomSource random() {
    return platform.random();
  }

  @Override
  public Executor executor() {
    return task -> {
      if (refusal instanceof Error error) {
        throw error;
      }
      if (refusal instanceof RuntimeException exception) {
        throw exception;
      }
      if (later != null) {
        later.add(task);
      } else {
        platform.executor().execute(task);
      }
    };
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    return platform.schedule(task, delay);
  }
}
