package io.steelyard.kubernetes.internal.policy;

import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Hands values to one listener, one at a time: the latest, if the listener is slower than they. */
final class Latest<T> {
  private static final Logger log = LoggerFactory.getLogger(Latest.class);

  private final Consumer<T> listener;
  private final Executor executor;
  private final ReentrantLock calling = new ReentrantLock();
  private @Nullable T pending; // guarded by this
  private boolean running; // guarded by this
  private volatile boolean closed;

  Latest(Consumer<T> listener, Executor executor) {
    this.listener = listener;
    this.executor = executor;
  }

  void offer(T value) {
    synchronized (this) {
      pending = value;
      if (running || closed) {
        return;
      }
      running = true;
    }
    try {
      executor.execute(this::drain);
    } catch (RejectedExecutionException e) {
      synchronized (this) {
        running = false;
      }
      log.error("Kubernetes: a policy could not be handed on", e);
    }
  }

  private void drain() {
    while (true) {
      T next;
      synchronized (this) {
        next = pending;
        pending = null;
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
        log.error("Kubernetes: a listener of policies failed", t);
      } finally {
        calling.unlock();
      }
    }
  }

  /** Afterwards the listener is called no more; a call under way is waited for, for a second. */
  void close() {
    closed = true;
    try {
      if (calling.tryLock(1, TimeUnit.SECONDS)) {
        calling.unlock();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
