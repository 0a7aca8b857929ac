package io.steelyard.kubernetes.testing;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.Executor;

/** A clock that stands still until it is moved; tasks run on the moving thread, in order of time. */
public final class ManualPlatform implements Platform {
  private final PriorityQueue<Task> tasks =
      new PriorityQueue<>(Comparator.comparingLong(Task::at).thenComparingLong(Task::number));
  private long now = Long.MAX_VALUE - 5_000_000_000L; // about to wrap, as nanoTime may be
  private long numbers;

  /** Every random number: 0 to less than 1. */
  public double random = 0.5;

  private record Task(long at, long number, Runnable run) {}

  /** Moves the clock, running whatever falls due on the way at its own time. */
  public void advance(Duration by) {
    long end = elapsed + by.toNanos();
    while (!tasks.isEmpty() && tasks.peek().at() <= end) {
      Task task = tasks.poll();
      move(task.at());
      task.run().run();
    }
    move(end);
  }

  private long elapsed;

  private void move(long to) {
    now += to - elapsed;
    elapsed = to;
  }

  /** How long until the next task; null if there is none. */
  public Duration next() {
    return tasks.isEmpty() ? null : Duration.ofNanos(tasks.peek().at() - elapsed);
  }

  public int pending() {
    return tasks.size();
  }

  @Override
  public long nanoTime() {
    return now;
  }

  @Override
  public long epochMillis() {
    throw new UnsupportedOperationException("wall time is no business of a discovery");
  }

  @Override
  public RandomSource random() {
    return () -> (long) (random * 0x1p53) << 11;
  }

  @Override
  public Executor executor() {
    return Runnable::run;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    Task scheduled = new Task(elapsed + delay.toNanos(), numbers++, task);
    tasks.add(scheduled);
    return () -> tasks.remove(scheduled);
  }
}
