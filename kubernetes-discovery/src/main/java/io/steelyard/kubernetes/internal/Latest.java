package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BinaryOperator;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands values to one listener, one at a time: the latest, if the listener is slower than they. One
 * that throws is called again all the same. Thread-safe; offering does not block.
 *
 * @param <T> what is handed over
 */
public final class Latest<T> {
  private static final Logger log = LoggerFactory.getLogger(Latest.class);
  private static final Duration NO_WORKER = Duration.ofSeconds(1);

  private final Platform platform;
  private final String name;
  private final BinaryOperator<T> merge;
  private final Consumer<T> listener;
  private final ReentrantLock calling = new ReentrantLock();

  private @Nullable T pending; // guarded by this
  private boolean running; // guarded by this: a worker drains, or will be asked to
  private Platform.@Nullable Cancellable retry; // guarded by this
  private boolean told; // guarded by this
  private volatile boolean closed;

  /**
   * Creates a hand-over of the later of two values.
   *
   * @param name for messages
   */
  public Latest(Platform platform, String name, Consumer<T> listener) {
    this(platform, name, (earlier, later) -> later, listener);
  }

  Latest(Platform platform, String name, BinaryOperator<T> merge, Consumer<T> listener) {
    this.platform = platform;
    this.name = name;
    this.merge = merge;
    this.listener = listener;
  }

  /** Hands this over soon, on a worker. */
  public void offer(T value) {
    if (take(value)) {
      handOver();
    }
  }

  /**
   * Takes this as the latest value. Returns whether the caller is now to have it handed over, by
   * {@link #handOver} or {@link #drain}, as nobody else is about to.
   */
  synchronized boolean take(T value) {
    if (closed) {
      return false;
    }
    pending = pending == null ? value : merge.apply(pending, value);
    if (running) {
      return false;
    }
    running = true;
    return true;
  }

  private void handOver() {
    try {
      platform.executor().execute(this::drain);
    } catch (RejectedExecutionException | OutOfMemoryError e) { // no worker, or no thread for one
      synchronized (this) {
        if (!told) {
          log.error("{}: news cannot be handed on at the moment", name, e);
          told = true;
        }
        if (!closed) {
          retry = platform.schedule(this::handOver, NO_WORKER);
        }
      }
    }
  }

  /** Hands over what there is, on the calling thread. */
  void drain() {
    while (true) {
      T next;
      synchronized (this) {
        next = pending;
        pending = null;
        told = false;
        if (next == null || closed) {
          running = false;
          return;
        }
      }
      calling.lock();
      try {
        if (!closed) {
          listener.accept(next);
        }
      } catch (Throwable t) { // the listener's affair; the next value is still its due
        log.error("{}: a listener failed", name, t);
      } finally {
        calling.unlock();
      }
    }
  }

  /**
   * Afterwards the listener is called no more. A call that is under way is waited for, except by
   * itself, and for a second at most: a listener need not return.
   */
  public void close() {
    synchronized (this) {
      closed = true;
      pending = null;
      if (retry != null) {
        retry.cancel();
      }
    }
    boolean interrupted = Thread.interrupted();
    try {
      if (calling.tryLock(1, TimeUnit.SECONDS)) {
        calling.unlock();
      }
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
