package io.steelyard.adapter;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * The bodies that were handed out before they had arrived in full, looked through now and then for
 * some that nobody reads.
 *
 * <p>Why by age and not by reachability: an unread body is held by its connection and never becomes
 * garbage, and the response object, which does, may well be dropped by a caller who reads the body.
 *
 * <p>Thread-safe. A body costs an entry of a map while it is open.
 */
public final class OpenBodies {
  /** A body that was handed out. Compared by identity; its methods are called from any thread. */
  public interface Body {
    /** Whether its request counts no longer. */
    boolean ended();

    /**
     * Whether its reader has asked for nothing since then.
     *
     * @param nanos for how long
     * @param now on the scale of {@link Platform#nanoTime()}
     */
    boolean idleFor(long nanos, long now);

    /** Stops counting the request as in flight. */
    void abandon();
  }

  private final Platform platform;
  private final Duration idle;
  private final Duration interval;
  private final Set<Body> open = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean armed = new AtomicBoolean();
  private final LongAdder abandoned = new LongAdder();

  OpenBodies(Platform platform, Duration idle) {
    this.platform = platform;
    this.idle = idle;
    this.interval = idle.dividedBy(4).plusMillis(1);
  }

  /** The time, as {@link Body#idleFor} hears it. */
  public long nanoTime() {
    return platform.nanoTime();
  }

  /** How many bodies were given up so far. */
  public long abandoned() {
    return abandoned.sum();
  }

  /** Watches this body from now on. */
  public void add(Body body) {
    open.add(body);
    arm();
  }

  /** Watches it no longer: idempotent. */
  public void remove(Body body) {
    open.remove(body);
  }

  /** Sees to it that there is a sweep to come. */
  private void arm() {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      Platform.Cancellable unused =
          platform.schedule(() -> platform.executor().execute(this::sweep), interval);
    }
  }

  private void sweep() {
    armed.set(false); // before looking: whoever adds from here on arms the next sweep
    long now = platform.nanoTime();
    open.removeIf(body -> body.ended() || givenUp(body, now));
    if (!open.isEmpty()) {
      arm();
    }
  }

  private boolean givenUp(Body body, long now) {
    if (!body.idleFor(idle.toNanos(), now)) {
      return false;
    }
    abandoned.increment();
    body.abandon();
    return true;
  }
}
