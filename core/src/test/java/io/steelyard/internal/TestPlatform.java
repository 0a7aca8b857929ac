package io.steelyard.internal;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * The least platform that tests of the machinery need: a clock, and tasks that run when the test
 * says so. (The testkit's is built on core, so core's own tests cannot use it.)
 */
final class TestPlatform implements Platform {
  long now;
  boolean refusing;
  final List<Runnable> handedOver = new ArrayList<>();
  final List<Timer> timers = new ArrayList<>();

  record Timer(long due, Runnable task) {}

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long epochMillis() {
    return now / 1_000_000;
  }

  @Override
  public RandomSource random() {
    return () -> 0;
  }

  @Override
  public Executor executor() {
    return task -> {
      if (refusing) {
        throw new RejectedExecutionException("no threads");
      }
      handedOver.add(task);
    };
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    Timer timer = new Timer(now + delay.toNanos(), task);
    timers.add(timer);
    return () -> timers.remove(timer);
  }

  /** Runs what was handed over before this call. */
  void runHandedOver() {
    List<Runnable> tasks = List.copyOf(handedOver);
    handedOver.clear();
    tasks.forEach(Runnable::run);
  }

  /** Moves the clock and fires the timers that are due. */
  void advance(Duration by) {
    now += by.toNanos();
    List<Timer> due =
        timers.stream()
            .filter(t -> t.due - now <= 0)
            .sorted(Comparator.comparingLong(Timer::due))
            .toList();
    timers.removeAll(due);
    due.forEach(t -> t.task.run());
  }
}
