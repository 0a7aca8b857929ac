package io.steelyard.examples.demo;

import java.net.http.HttpResponse;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An open loop: requests start at a steady rate, whether earlier ones have been answered or not, as
 * users do not wait for one another. Only when {@link #MOST_OPEN} are open does it hold back.
 */
final class Load implements AutoCloseable {
  /**
   * Far above what a service in good order has open; keeps a broken one from filling the memory.
   */
  static final int MOST_OPEN = 1_000;

  /** A thread that was not run for longer than this forgets what it missed. */
  private static final long MOST_BEHIND_NANOS = 100_000_000;

  private final Supplier<CompletableFuture<HttpResponse<String>>> call;
  private final Meter meter;
  private final AtomicInteger open = new AtomicInteger();
  private final Thread thread = new Thread(this::run, "load");
  private volatile double perSecond;
  private volatile boolean paused = true;
  private volatile boolean closed;

  Load(Supplier<CompletableFuture<HttpResponse<String>>> call, Meter meter, double perSecond) {
    this.call = call;
    this.meter = meter;
    this.perSecond = perSecond;
    thread.setDaemon(true);
    thread.start();
  }

  /** Requests started and not ended. */
  int open() {
    return open.get();
  }

  double perSecond() {
    return paused ? 0 : perSecond;
  }

  void resume() {
    paused = false;
    LockSupport.unpark(thread);
  }

  /** Starts no more requests and waits until those that are open have ended. */
  void pause() throws InterruptedException {
    paused = true;
    Thread.sleep(20); // the one that was being started
    while (open.get() > 0) {
      Thread.sleep(2);
    }
  }

  private void run() {
    long next = System.nanoTime();
    while (!closed) {
      long now = System.nanoTime();
      if (paused || perSecond <= 0) {
        LockSupport.parkNanos(50_000_000);
        next = System.nanoTime();
      } else if (now - next < 0) {
        LockSupport.parkNanos(next - now);
      } else {
        next = Math.max(next, now - MOST_BEHIND_NANOS) + (long) (1e9 / perSecond);
        if (open.get() < MOST_OPEN) {
          start();
        }
      }
    }
  }

  private void start() {
    open.incrementAndGet();
    long begun = System.nanoTime();
    CompletableFuture<HttpResponse<String>> answer;
    try {
      answer = call.get();
    } catch (RuntimeException e) {
      answer = CompletableFuture.failedFuture(e);
    }
    answer.whenComplete((response, error) -> end(begun, response, error));
  }

  private void end(long begun, @Nullable HttpResponse<String> response, @Nullable Throwable error) {
    if (response != null && response.statusCode() < 500) {
      meter.answered(System.nanoTime() - begun);
    } else {
      meter.failed(response != null ? "status " + response.statusCode() : said(rootOf(error)));
    }
    open.decrementAndGet();
  }

  /** What a future failed with, without its wrapping. */
  static @Nullable Throwable rootOf(@Nullable Throwable error) {
    Throwable cause = error;
    while (cause instanceof CompletionException && cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause;
  }

  private static String said(@Nullable Throwable error) {
    return error == null
        ? "no answer"
        : error.getMessage() == null ? error.getClass().getSimpleName() : error.getMessage();
  }

  @Override
  public void close() {
    closed = true;
    LockSupport.unpark(thread);
  }
}
