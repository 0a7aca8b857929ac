package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The list or watch that a reflector is busy with: one at a time, each with a number of its own.
 * Whatever arrives for an attempt that is no longer the current one (an event behind a close, an
 * answer behind a time-out) is dropped, so there is never more than one voice.
 *
 * <p>Guarded by the lock of its reflector; calls run beside it.
 */
final class Attempts {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  /** Something that blocks. */
  interface Call<R> {
    R run(long mine) throws Exception;
  }

  private final Reflector<?> reflector;
  private final Platform platform;
  private final ExecutorService io;
  private final Duration limit;

  private long current;
  private boolean stopped;
  private @Nullable AutoCloseable watch;
  private Platform.@Nullable Cancellable deadline; // of a call, then of a watch's silence
  private Platform.@Nullable Cancellable settling;

  /**
   * Creates the attempts of a reflector.
   *
   * @param limit the longest that one call may take
   */
  Attempts(Reflector<?> reflector, Platform platform, ExecutorService io, Duration limit) {
    this.reflector = reflector;
    this.platform = platform;
    this.io = io;
    this.limit = limit;
  }

  /** The number of the one that has the word. */
  long current() {
    return current;
  }

  /** Whether a watch is open. */
  boolean isOpen() {
    return watch != null;
  }

  /** Runs a step of this attempt, if it still has the word. */
  void stepOf(long mine, Runnable step) {
    reflector.step(
        () -> {
          if (mine == current) {
            step.run();
          }
        });
  }

  /**
   * Runs a blocking call as the next attempt. At most one of the others follows: {@code late} if
   * the answer is for nobody any more, and outside the lock.
   */
  <R> void begin(Call<R> call, Consumer<R> done, Consumer<R> late, Consumer<Throwable> failed) {
    end();
    if (stopped) {
      return; // by whoever was told what came before
    }
    long mine = current;
    Future<?> future;
    try {
      future =
          io.submit(
              () -> {
                R result;
                try {
                  result = call.run(mine);
                } catch (Throwable t) { // an Error too: nothing may end watching
                  stepOf(mine, () -> failed.accept(t));
                  return;
                }
                answered(mine, result, done, late);
              });
    } catch (RejectedExecutionException e) {
      failed.accept(e);
      return;
    }
    if (mine == current && deadline == null && watch == null) { // else it ran already
      after(
          limit,
          () -> {
            future.cancel(true);
            String message = "no answer within " + limit.toSeconds() + " s";
            failed.accept(new TimeoutException(message));
          });
    }
  }

  private <R> void answered(long mine, R result, Consumer<R> done, Consumer<R> late) {
    boolean[] taken = {false};
    stepOf(
        mine,
        () -> {
          taken[0] = true;
          cancel(deadline);
          deadline = null;
          done.accept(result);
        });
    if (!taken[0]) {
      late.accept(result);
    }
  }

  /** The current attempt is a watch that is open now. */
  void open(AutoCloseable opened) {
    watch = opened;
  }

  /** Runs this step after a while, unless the attempt is over then; in place of the one before. */
  void after(Duration delay, Runnable step) {
    long mine = current;
    cancel(deadline);
    deadline =
        platform.schedule(
            () ->
                stepOf(
                    mine,
                    () -> {
                      deadline = null;
                      step.run();
                    }),
            delay);
  }

  /** The same beside the other. */
  void whenSettled(Duration delay, Runnable step) {
    long mine = current;
    cancel(settling);
    settling = platform.schedule(() -> stepOf(mine, step), delay);
  }

  /** Whatever the current attempt still has to say is dropped from here on. */
  void end() {
    current++;
    cancel(deadline);
    deadline = null;
    cancel(settling);
    settling = null;
    AutoCloseable open = watch;
    watch = null;
    if (open != null) {
      closeQuietly(open);
    }
  }

  /** The same, and there are no more. */
  void stop() {
    stopped = true;
    end();
  }

  static void closeQuietly(AutoCloseable watch) {
    try {
      watch.close();
    } catch (Exception e) {
      log.debug("Kubernetes: closing a watch", e);
    }
  }

  private static void cancel(Platform.@Nullable Cancellable timer) {
    if (timer != null) {
      timer.cancel();
    }
  }
}
