package io.steelyard.internal;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs one piece of work again and again, never twice at once: when woken, and when the time comes
 * that the work itself named. Wakes that come together are one run. After a run there is a pause of
 * at least {@link #GAP_NANOS}, and twenty times as long as the run took, so that control work takes
 * at most a twentieth of a core; but at most {@link #LONGEST_GAP_NANOS}, so that a burst of changes
 * is in force within a quarter of a second: a run may have been long for other reasons (a listener,
 * a busy machine, a garbage collection). The first run after a pause is immediate.
 */
final class SerialLoop {
  private static final Logger log = LoggerFactory.getLogger(SerialLoop.class);

  static final long GAP_NANOS = 10_000_000;
  static final int GAP_RUNS = 20;
  static final long LONGEST_GAP_NANOS = 150_000_000;

  /** When to try again to hand over what no thread could be had for. */
  static final Duration AGAIN = Duration.ofSeconds(1);

  private enum State {
    IDLE,
    /** A run has been handed to the executor or the timer. */
    DUE,
    RUNNING,
    /** Woken while running: it is not known what the run has seen, so another follows. */
    RUNNING_AND_DUE,
    CLOSED
  }

  private final Platform platform;
  private final LongSupplier work;
  private final AtomicReference<State> state = new AtomicReference<>(State.IDLE);

  // Written by the run in progress, read by whoever hands over the next one: ordered by the state.
  private volatile long notBefore;
  private volatile Platform.@Nullable Cancellable timer;
  private volatile boolean refused; // the last hand-over
  private volatile @Nullable Runnable last;

  /**
   * @param work returns in how many nanoseconds to run again, 0 for not until woken; does not throw
   */
  SerialLoop(Platform platform, LongSupplier work) {
    this.platform = platform;
    this.work = work;
    this.notBefore = platform.nanoTime();
  }

  /** Asks for a run. Quick; any thread. */
  void wake() {
    while (true) {
      State now = Objects.requireNonNull(state.get());
      switch (now) {
        case DUE, RUNNING_AND_DUE, CLOSED -> {
          return;
        }
        case RUNNING -> {
          if (state.compareAndSet(State.RUNNING, State.RUNNING_AND_DUE)) {
            return;
          }
        }
        case IDLE -> {
          if (state.compareAndSet(State.IDLE, State.DUE)) {
            handOver();
            return;
          }
        }
      }
    }
  }

  /**
   * Runs once on the calling thread, without a pause and in place of a run that is due; returns
   * false if a run is under way.
   */
  boolean runHere() {
    state.compareAndSet(State.IDLE, State.DUE);
    return run();
  }

  /**
   * Ends it; a run under way is the last. Idempotent.
   *
   * @param last handed over once no run is under way: nothing that a run uses is taken from under
   *     it
   */
  void close(Runnable last) {
    this.last = last;
    State before = state.getAndSet(State.CLOSED);
    cancelTimer();
    if (before == State.IDLE || before == State.DUE) {
      platform.run(last);
    }
  }

  private void handOver() {
    cancelTimer(); // the run that is due will say anew when to run again
    long wait = notBefore - platform.nanoTime();
    try {
      if (wait > 0) {
        timer = platform.schedule(this::runOnExecutor, Duration.ofNanos(wait));
        if (state.get() == State.CLOSED) {
          cancelTimer();
        }
      } else {
        platform.executor().execute(this::run);
      }
    } catch (Throwable error) {
      notHandedOver(error);
    }
  }

  private void runOnExecutor() {
    try {
      platform.executor().execute(this::run);
    } catch (Throwable error) {
      notHandedOver(error);
    }
  }

  /**
   * No thread could be had (there may be none left at the moment): tries again in a while, and with
   * the next wake. That may never come, and what was due may be the end of an endpoint's time out.
   */
  private void notHandedOver(Throwable error) {
    if (!refused) { // once, for as long as it lasts
      refused = true;
      log.error("A change could not be handed to a thread; tries again", error);
    }
    if (state.compareAndSet(State.DUE, State.IDLE)) {
      schedule(AGAIN);
      if (state.get() == State.CLOSED) {
        cancelTimer();
      }
    }
  }

  private void schedule(Duration delay) {
    try {
      timer = platform.schedule(this::wake, delay);
    } catch (Throwable error) {
      log.error("A change could not be scheduled; the next wake will see to it", error);
    }
  }

  /** Returns false if there was nothing to run: another thread has taken it, or runs it. */
  private boolean run() {
    if (!state.compareAndSet(State.DUE, State.RUNNING)) {
      return false;
    }
    cancelTimer();
    refused = false;
    long began = platform.nanoTime();
    long next = work.getAsLong();
    long ended = platform.nanoTime();
    notBefore =
        ended + Math.min(LONGEST_GAP_NANOS, Math.max(GAP_NANOS, GAP_RUNS * (ended - began)));
    if (next > 0) {
      schedule(Duration.ofNanos(next));
    }
    if (!state.compareAndSet(State.RUNNING, State.IDLE)) {
      if (state.compareAndSet(State.RUNNING_AND_DUE, State.DUE)) {
        handOver();
      } else {
        cancelTimer(); // closed meanwhile
        platform.run(Objects.requireNonNull(last));
      }
    }
    return true;
  }

  private void cancelTimer() {
    Platform.Cancellable pending = timer;
    timer = null;
    if (pending != null) {
      pending.cancel();
    }
  }
}
