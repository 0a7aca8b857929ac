package io.steelyard.retry;

import io.steelyard.Attempt;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Platform;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One of a request's attempts: remembers its verdict, knows its time, and can be given up. 40
 * bytes, for every request that goes by a policy.
 */
final class TriedAttempt implements Attempt {
  private static final Logger log = LoggerFactory.getLogger(RetryPolicy.class);
  private static final VarHandle VERDICT = field("verdict", Outcome.class);
  private static final VarHandle SETTLED = field("settled", boolean.class);
  private static final VarHandle ON_CANCEL = field("onCancel", List.class);

  private final Attempt attempt;
  private final Platform platform;
  private final boolean limited;
  private final long endsAt;

  /** The first there was; changed through VERDICT. */
  @SuppressWarnings("unused")
  private volatile @Nullable Outcome verdict;

  /** Changed through SETTLED. */
  private volatile boolean settled;

  /** Ends its time; null while there is none. */
  private volatile Platform.@Nullable Cancellable timer;

  /** Null once it was given up: what comes then runs at once. Changed through ON_CANCEL. */
  private volatile @Nullable List<Runnable> onCancel = List.of();

  /**
   * @param limited whether it has to end at a time
   * @param endsAt that time
   */
  TriedAttempt(Attempt attempt, Platform platform, boolean limited, long endsAt) {
    this.attempt = attempt;
    this.platform = platform;
    this.limited = limited;
    this.endsAt = endsAt;
  }

  @Override
  public Endpoint endpoint() {
    return attempt.endpoint();
  }

  @Override
  public void responded() {
    attempt.responded();
  }

  @Override
  public void untimed() {
    attempt.untimed();
  }

  @Override
  public void end(Outcome outcome) {
    attempt.end(judged(outcome));
  }

  @Override
  public void close() {
    judged(Outcome.FAILURE);
    attempt.close();
  }

  @Override
  public boolean ended() {
    return attempt.ended();
  }

  /** The first verdict: this one, or one before. */
  private Outcome judged(Outcome outcome) {
    Outcome before = (Outcome) VERDICT.compareAndExchange(this, (Outcome) null, outcome);
    return before == null ? outcome : before;
  }

  /** Ends it so, unless it has a verdict. Returns the verdict. */
  Outcome settle(Outcome outcome) {
    Outcome first = judged(outcome);
    attempt.end(first);
    return first;
  }

  /** Whether the caller is the first to deal with its end: an answer, a time-out, a stop. */
  boolean claim() {
    if (!SETTLED.compareAndSet(this, false, true)) {
      return false;
    }
    Platform.Cancellable ending = timer;
    if (ending != null) {
      ending.cancel();
    }
    return true;
  }

  /** Has this timer called off when its end is claimed. */
  void timer(Platform.Cancellable ending) {
    timer = ending;
    if (settled) {
      ending.cancel(); // claimed meanwhile, perhaps before the timer could be seen
    }
  }

  @Override
  public @Nullable Duration remaining() {
    if (!limited) {
      return null;
    }
    long left = endsAt - platform.nanoTime();
    return left <= 0 ? Duration.ZERO : Duration.ofNanos(left);
  }

  @Override
  public void onCancel(Runnable action) {
    while (true) {
      List<Runnable> before = onCancel;
      if (before == null) {
        run(action);
        return;
      }
      List<Runnable> after = new ArrayList<>(before);
      after.add(action);
      if (ON_CANCEL.compareAndSet(this, before, after)) {
        return;
      }
    }
  }

  /** Ends it so, unless it has a verdict, and calls off what is under way. */
  void giveUp(Outcome outcome) {
    settle(outcome); // before the calling off, which looks like a failure from below
    List<?> actions = (List<?>) ON_CANCEL.getAndSet(this, (List<?>) null);
    if (actions != null) {
      actions.forEach(action -> run((Runnable) action));
    }
  }

  private static void run(Runnable action) {
    try {
      action.run();
    } catch (Throwable e) {
      log.warn("{}, run because its attempt was given up, threw", action, e);
    }
  }

  private static VarHandle field(String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(TriedAttempt.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  @Override
  public String toString() {
    return attempt.toString();
  }
}
