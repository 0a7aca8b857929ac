package io.steelyard.kubernetes.internal;

import io.steelyard.Discovery;
import io.steelyard.Topology;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Hands topologies to one listener, one at a time. A listener that is slow holds up nobody else and
 * sees the latest topology next, not every one; one that throws is called again all the same.
 */
final class Delivery {
  private static final Logger log = LoggerFactory.getLogger(Delivery.class);

  private final Discovery.Listener listener;
  private final Executor executor;
  private final String name;
  private final ReentrantLock calling = new ReentrantLock();

  private @Nullable Topology pending; // guarded by this
  private @Nullable Throwable failure; // guarded by this
  private boolean running; // guarded by this
  private volatile boolean closed;

  Delivery(Discovery.Listener listener, Executor executor, String name) {
    this.listener = listener;
    this.executor = executor;
    this.name = name;
  }

  void offer(Topology topology) {
    hand(topology, null);
  }

  void fail(Throwable cause) {
    hand(null, cause);
  }

  private void hand(@Nullable Topology topology, @Nullable Throwable cause) {
    synchronized (this) {
      pending = topology != null ? topology : pending;
      failure = cause != null ? cause : failure;
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
      log.error("{}: news could not be handed on", name, e);
    }
  }

  private void drain() {
    while (true) {
      Topology next;
      Throwable cause;
      synchronized (this) {
        next = pending;
        cause = failure;
        pending = null;
        failure = null;
        if ((next == null && cause == null) || closed) {
          running = false;
          return;
        }
      }
      calling.lock();
      try {
        if (next != null && !closed) {
          listener.update(next);
        }
        if (cause != null && !closed) {
          listener.failed(cause);
        }
      } catch (Throwable t) { // the listener's affair; the next topology is still its due
        log.error("{}: a listener failed", name, t);
      } finally {
        calling.unlock();
      }
    }
  }

  /**
   * Afterwards the listener is called no more. A call that is under way is waited for, except by
   * itself, and except if the listener does not return.
   */
  void close() {
    closed = true;
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
