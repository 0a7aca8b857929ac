package io.steelyard.discovery;

import io.steelyard.testkit.ForwardingPlatform;
import io.steelyard.testkit.VirtualPlatform;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/** A virtual platform whose executor refuses work while it is told to, or keeps it for later. */
final class MoodyPlatform extends ForwardingPlatform {
  /** What the executor throws; null for nothing. */
  @Nullable Throwable refusal;

  /** Where work goes that is not run at once; null if it is. */
  @Nullable Queue<Runnable> later;

  MoodyPlatform(VirtualPlatform platform) {
    super(platform);
  }

  void runLater() {
    Queue<Runnable> tasks = later == null ? new ArrayDeque<>() : later;
    later = null;
    tasks.forEach(Runnable::run);
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
        super.executor().execute(task);
      }
    };
  }
}
