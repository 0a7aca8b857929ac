package io.steelyard.adapter;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * The bodies that were handed out before they had arrived in full, looked through now and then for
 * some that nobody reads.
 *
 * <p>Why by age and not by reachability: an unread body is held by its connection and never becomes
 * garbage, and the response object, which does, may well be dropped by a caller who reads the body.
 *
 * <p>Thread-safe. While it is open, a body has a place in an array, where each thread looks for one
 * among its own sixteen first: coming and going is an atomic instruction each, on a line of memory
 * that other threads seldom touch. Those that find none are in a set.
 */
public final class OpenBodies {
  /** A body that was handed out. Its methods are called from any thread. */
  public abstract static class Body {
    /** One more than where it is, or {@link #IN_SET}; 0 before it is anywhere. */
    private volatile int place;

    /** For adapters. */
    protected Body() {}

    /** Whether its request counts no longer. */
    public abstract boolean ended();

    /**
     * Whether its reader has asked for nothing since then.
     *
     * @param nanos for how long
     * @param now on the scale of {@link Platform#nanoTime()}
     */
    public abstract boolean idleFor(long nanos, long now);

    /** Stops counting the request as in flight. */
    public abstract void abandon();
  }

  private static final int PLACES = 1024;

  /** What a thread looks at: a line of memory, where references take four bytes. */
  private static final int OWN = 16;

  private static final int IN_SET = -1;

  private final Platform platform;
  private final Duration idle;
  private final Duration interval;
  private final AtomicReferenceArray<Body> places = new AtomicReferenceArray<>(PLACES);
  private final Set<Body> others = ConcurrentHashMap.newKeySet();
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

  /** Watches this body from now on, unless it has ended; once for each. */
  public void add(Body body) {
    if (!place(body)) {
      body.place = IN_SET;
      others.add(body);
    }
    if (body.ended()) {
      remove(body); // whoever ended it may have come too early to do so
      return;
    }
    arm();
  }

  @SuppressWarnings("deprecation") // threadId() came later
  private boolean place(Body body) {
    int own = (int) Thread.currentThread().getId() * OWN & PLACES - 1;
    for (int at = own; at < own + OWN; at++) {
      if (places.get(at) == null) {
        body.place = at + 1;
        if (places.compareAndSet(at, null, body)) {
          return true;
        }
      }
    }
    return false;
  }

  /** Watches it no longer: idempotent. */
  public void remove(Body body) {
    int place = body.place;
    if (place == IN_SET) {
      others.remove(body);
    } else if (place > 0 && places.get(place - 1) == body) {
      places.compareAndSet(place - 1, body, null);
    }
  }

  /** How many are being watched; for tests. */
  int size() {
    int size = others.size();
    for (int at = 0; at < PLACES; at++) {
      size += places.get(at) == null ? 0 : 1;
    }
    return size;
  }

  /** Sees to it that there is a sweep to come. */
  private void arm() {
    if (!armed.get() && armed.compareAndSet(false, true)) {
      Platform.Cancellable unused = platform.runAfter(interval, this::sweep);
    }
  }

  private void sweep() {
    armed.set(false); // before looking: whoever adds from here on arms the next sweep
    long now = platform.nanoTime();
    boolean some = false;
    for (int at = 0; at < PLACES; at++) {
      Body body = places.get(at);
      if (body != null) {
        if (body.ended() || givenUp(body, now)) {
          places.compareAndSet(at, body, null);
        } else {
          some = true;
        }
      }
    }
    others.removeIf(body -> body.ended() || givenUp(body, now));
    if (some || !others.isEmpty()) {
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
