package io.steelyard.http;

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
 */
final class OpenBodies {
  private final Platform platform;
  private final Duration idle;
  private final Duration interval;
  private final Set<Exchange> open = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean armed = new AtomicBoolean();
  private final LongAdder abandoned = new LongAdder();

  OpenBodies(Platform platform, Duration idle) {
    this.platform = platform;
    this.idle = idle;
    this.interval = idle.dividedBy(4).plusMillis(1);
  }

  long nanoTime() {
    return platform.nanoTime();
  }

  long abandoned() {
    return abandoned.sum();
  }

  void add(Exchange exchange) {
    open.add(exchange);
    arm();
  }

  void remove(Exchange exchange) {
    open.remove(exchange);
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
    open.removeIf(exchange -> exchange.ended() || givenUp(exchange, now));
    if (!open.isEmpty()) {
      arm();
    }
  }

  private boolean givenUp(Exchange exchange, long now) {
    if (!exchange.idleFor(idle.toNanos(), now)) {
      return false;
    }
    abandoned.increment();
    exchange.abandon();
    return true;
  }
}
