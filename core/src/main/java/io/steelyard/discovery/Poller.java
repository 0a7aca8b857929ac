package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch of a source that must be asked: asks it again and again, one question at a time, and
 * tells one listener what has changed.
 *
 * <p>Questions may block, so they are asked on the platform's executor and never on its timer.
 */
final class Poller implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  /** The least time from one question to the next that {@link #refresh} asks for. */
  static final Duration GAP = Duration.ofSeconds(1);

  /** What is asked. Calls come one at a time, each seeing what the one before has written. */
  interface Source {
    /** What is known now, and when to ask again; may block. Throws only if it has a bug. */
    Look look();
  }

  /**
   * An answer.
   *
   * @param next how long to wait before the next question
   */
  record Look(Topology topology, Duration next) {}

  private final String name;
  private final Source source;
  private final Duration every;
  private final Platform platform;
  private final Outlet outlet;

  private boolean asking; // guarded by this
  private boolean again; // guarded by this: a refresh came while it was asking
  private boolean closed; // guarded by this
  private long askedAt; // guarded by this
  private long dueAt; // guarded by this: of the timer
  private Platform.@Nullable Cancellable timer; // guarded by this
  private Topology.State told = Topology.State.SYNCING; // of the question under way

  /**
   * Asks nothing yet.
   *
   * @param every when to ask again if the source throws
   */
  Poller(
      String name, Source source, Duration every, Platform platform, Discovery.Listener listener) {
    this.name = name;
    this.source = source;
    this.every = every;
    this.platform = platform;
    this.outlet = new Outlet(listener, name);
  }

  /** Asks for the first time, on this thread. */
  void startHere() {
    if (begin()) {
      ask();
    }
  }

  /** Asks on the platform's executor, unless a question is under way. */
  void start() {
    if (begin()) {
      handOver();
    }
  }

  /**
   * Asks soon, whatever time it is: at once, or {@link #GAP} after the last question. Those who
   * want it while there is a question under way get one more, together.
   */
  void refresh() {
    synchronized (this) {
      if (closed) {
        return;
      }
      if (asking) {
        again = true;
        return;
      }
      long now = platform.nanoTime();
      long wait = askedAt + GAP.toNanos() - now;
      if (wait > 0) {
        if (dueAt - now > wait) {
          arm(Duration.ofNanos(wait));
        }
        return;
      }
    }
    start();
  }

  /** Whether the caller is the one to ask. */
  private synchronized boolean begin() {
    if (closed || asking) {
      return false;
    }
    asking = true;
    disarm();
    return true;
  }

  private void handOver() {
    try {
      platform.executor().execute(this::ask);
    } catch (Throwable e) { // it refuses, or there is no thread to be had at the moment
      log.error("{}: could not be asked, as there is no worker; tries again", name, e);
      end(every);
    }
  }

  private void ask() {
    Duration next = every;
    synchronized (this) {
      if (closed) {
        return;
      }
      askedAt = platform.nanoTime();
    }
    try {
      Look look = source.look();
      next = look.next();
      tell(look.topology());
      outlet.offer(look.topology());
    } catch (Throwable t) { // a bug; the watch goes on
      log.error("{}: asking met a bug; the last list stays", name, t);
      outlet.fail(t);
    } finally {
      outlet.drain();
      end(next);
    }
  }

  private synchronized void end(Duration next) {
    asking = false;
    if (!closed) {
      arm(again && GAP.compareTo(next) < 0 ? GAP : next);
    }
    again = false;
  }

  /** One line when the state changes. */
  private void tell(Topology topology) {
    Topology.State state = topology.state();
    if (state != told && !isClosed()) {
      if (state == Topology.State.LIVE) {
        log.info("{}: {} endpoints", name, topology.endpoints().size());
      } else {
        log.warn(
            "{}: {}, {} endpoints: {}",
            name,
            state,
            topology.endpoints().size(),
            topology.detail());
      }
      told = state;
    }
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  private void arm(Duration wait) { // guarded by this
    disarm();
    dueAt = platform.nanoTime() + wait.toNanos();
    timer = platform.schedule(this::start, wait);
  }

  private void disarm() { // guarded by this
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  /**
   * Afterwards the listener is called no more and nothing is asked; an answer that is still under
   * way is heard by nobody.
   */
  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      disarm();
    }
    outlet.close();
  }
}
