package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Topology;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells one listener the latest there is, one call at a time.
 *
 * <p>What is to be said is put down first ({@link #offer}, {@link #fail}: quick, under whatever
 * lock makes the order of the news) and said afterwards ({@link #drain}, with no lock held that
 * another news needs). Who finds somebody else draining leaves it to him. So a listener that is
 * slow misses what is in between and not the last, one that throws is told the next all the same,
 * and two parts that tell each other's listeners cannot lock each other out.
 */
final class Outlet {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  private final Discovery.Listener listener;
  private final String name;

  /** Held while the listener is called, for {@link #close} to wait. */
  private final ReentrantLock calling = new ReentrantLock();

  private @Nullable Topology latest; // guarded by this
  private @Nullable Topology pending; // guarded by this
  private @Nullable Throwable failure; // guarded by this
  private boolean failed; // guarded by this: since the last topology
  private boolean draining; // guarded by this
  private volatile boolean closed;

  Outlet(Discovery.Listener listener, String name) {
    this.listener = Objects.requireNonNull(listener, "listener");
    this.name = name;
  }

  /** Puts down a topology, unless it is what was said last. It takes the place of older news. */
  synchronized void offer(Topology topology) {
    if (failed || !topology.equals(latest)) {
      latest = topology;
      pending = topology;
      failure = null;
      failed = false;
    }
  }

  /** Puts down a failure. The next topology is told even if it is the same as the last. */
  synchronized void fail(Throwable cause) {
    failure = cause;
    failed = true;
  }

  /** Says what is put down, on this thread. */
  void drain() {
    synchronized (this) {
      if (draining) {
        return;
      }
      draining = true;
    }
    while (true) {
      Topology next;
      Throwable cause;
      synchronized (this) {
        next = pending;
        cause = failure;
        pending = null;
        failure = null;
        if ((next == null && cause == null) || closed) {
          draining = false;
          return;
        }
      }
      say(next, cause);
    }
  }

  private void say(@Nullable Topology next, @Nullable Throwable cause) {
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

  /**
   * Afterwards the listener is called no more. A call that is under way is waited for, except by
   * itself, and except if the listener does not return within a second.
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
