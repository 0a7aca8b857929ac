package io.steelyard.internal;

import io.steelyard.Platform;
import java.util.concurrent.RejectedExecutionException;

/** Hands over what must be run, whatever has become of the platform's executor. */
final class Workers {
  private Workers() {}

  /** Runs it on a worker; on this thread if none can be had, such as after a shutdown. */
  static void run(Platform platform, Runnable step) {
    try {
      platform.executor().execute(step);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // no worker, no thread for one
      step.run();
    }
  }
}
