package io.steelyard.testkit;

import io.steelyard.Platform;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Objects;
import java.util.TreeSet;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * A platform whose clock stands still until {@link #advance}, and which has no threads.
 *
 * <p>Scheduled tasks run inside {@code advance}, in the order of their times and, at the same time,
 * in the order they were scheduled; each sees its own time on the clock. Work for the {@link
 * #executor()} runs at once on the thread that hands it over, and what such work hands over runs
 * after it, not inside it. So a balancer on this platform has rebuilt when {@code
 * discovery.publish(…)} returns, unless its pause of 10 ms between two rebuilds holds it back; then
 * it rebuilds in the {@code advance} that passes the end of the pause.
 *
 * <p>Thread-safe: requests may come from several threads. Two calls of {@code advance} take turns.
 * What a task throws is thrown by the {@code advance} or {@code execute} that ran it.
 */
public final class VirtualPlatform implements Platform {
  /** What a thread has still to run, while it runs something; null otherwise. */
  private static final ThreadLocal<@Nullable ArrayDeque<Runnable>> running = new ThreadLocal<>();

  private final long startNanos;
  private final long startEpochMillis;
  private final ReentrantLock advancing = new ReentrantLock();
  private final Object lock = new Object();
  private final TreeSet<Task> tasks = new TreeSet<>(); // guarded by lock
  private long tasksEver; // guarded by lock
  private final RandomSource random = new Current();

  // Time is kept as what has passed since the start, so that order survives a start near
  // Long.MAX_VALUE.
  private volatile long elapsed;
  private volatile RandomSource source = ScriptedRandom.seeded(1);

  /** Starts at nanosecond 0 and at the start of the year 2026. */
  public VirtualPlatform() {
    this(0, Instant.parse("2026-01-01T00:00:00Z"));
  }

  /**
   * Starts at this moment.
   *
   * @param startNanos any number: a balancer must not care whether the clock is negative or wraps
   * @param startWall the wall time at the start
   */
  public VirtualPlatform(long startNanos, Instant startWall) {
    this.startNanos = startNanos;
    this.startEpochMillis = startWall.toEpochMilli();
  }

  /**
   * Sets where random numbers come from, also for what has been built already; {@code
   * ScriptedRandom.seeded(1)} by default.
   */
  public VirtualPlatform random(RandomSource random) {
    this.source = Objects.requireNonNull(random, "random");
    return this;
  }

  @Override
  public long nanoTime() {
    return startNanos + elapsed;
  }

  @Override
  public long epochMillis() {
    return startEpochMillis + elapsed / 1_000_000;
  }

  @Override
  public RandomSource random() {
    return random;
  }

  @Override
  public Executor executor() {
    return this::execute;
  }

  @Override
  public Cancellable schedule(Runnable task, Duration delay) {
    Objects.requireNonNull(task, "task");
    synchronized (lock) {
      Task scheduled = new Task(task, later(delay.isNegative() ? 0 : nanos(delay)), tasksEver++);
      tasks.add(scheduled);
      return () -> {
        synchronized (lock) {
          tasks.remove(scheduled);
        }
      };
    }
  }

  /** How much time has passed since the start. */
  public Duration elapsed() {
    return Duration.ofNanos(elapsed);
  }

  /** How many tasks are scheduled. */
  public int scheduled() {
    synchronized (lock) {
      return tasks.size();
    }
  }

  /** How long it is until the next scheduled task; null if none is. */
  public @Nullable Duration untilNext() {
    synchronized (lock) {
      return tasks.isEmpty()
          ? null
          : Duration.ofNanos(Math.max(0, tasks.first().dueAfter - elapsed));
    }
  }

  /**
   * Moves the clock and runs every task that falls due, also those that such tasks schedule.
   *
   * @param by zero or more; zero runs what is due now
   */
  public void advance(Duration by) {
    if (by.isNegative()) {
      throw new IllegalArgumentException("advance: " + by + " (expected: >= 0)");
    }
    advancing.lock();
    try {
      long target = later(nanos(by));
      for (Task next = takeDue(target); next != null; next = takeDue(target)) {
        next.work.run();
      }
      elapsed = Math.max(elapsed, target);
    } finally {
      advancing.unlock();
    }
  }

  /**
   * Moves the clock to the next scheduled task and runs it.
   *
   * @return false if there is none; then nothing has changed
   */
  public boolean advanceToNext() {
    advancing.lock();
    try {
      Task next = takeDue(Long.MAX_VALUE);
      if (next == null) {
        return false;
      }
      next.work.run();
      return true;
    } finally {
      advancing.unlock();
    }
  }

  /** Takes the first task that is due by then, and moves the clock to its time. */
  private @Nullable Task takeDue(long target) {
    synchronized (lock) {
      if (tasks.isEmpty() || tasks.first().dueAfter > target) {
        return null;
      }
      Task task = Objects.requireNonNull(tasks.pollFirst());
      elapsed = Math.max(elapsed, task.dueAfter);
      return task;
    }
  }

  private long later(long nanos) {
    long sum = elapsed + nanos;
    return sum < 0 ? Long.MAX_VALUE : sum;
  }

  private static long nanos(Duration duration) {
    return duration.toSeconds() > Long.MAX_VALUE / 1_000_000_000 - 1
        ? Long.MAX_VALUE
        : duration.toNanos();
  }

  private void execute(Runnable work) {
    Objects.requireNonNull(work, "work");
    ArrayDeque<Runnable> queue = running.get();
    if (queue != null) {
      queue.add(work);
      return;
    }
    queue = new ArrayDeque<>();
    running.set(queue);
    Throwable failure = null;
    try {
      for (Runnable next = work; next != null; next = queue.poll()) {
        try {
          next.run();
        } catch (RuntimeException | Error e) {
          failure = failure == null ? e : failure;
        }
      }
    } finally {
      running.remove();
    }
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  @Override
  public String toString() {
    return "VirtualPlatform at " + elapsed() + ", " + scheduled() + " tasks";
  }

  private record Task(Runnable work, long dueAfter, long number) implements Comparable<Task> {
    @Override
    public int compareTo(Task other) {
      int byTime = Long.compare(dueAfter, other.dueAfter);
      return byTime != 0 ? byTime : Long.compare(number, other.number);
    }
  }

  /** Whatever source is set at the moment: pickers keep this one. */
  private final class Current implements RandomSource {
    @Override
    public long nextLong() {
      return source.nextLong();
    }

    @Override
    public int nextInt(int bound) {
      return source.nextInt(bound);
    }

    @Override
    public double nextDouble() {
      return source.nextDouble();
    }
  }
}
