package io.steelyard.internal;

import io.steelyard.Attempt;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** An attempt that is also counted in the total, until after it has ended on its slot. */
@SuppressWarnings("serial") // an AtomicBoolean for its flag alone: whether a verdict was given
final class CountedAttempt extends AtomicBoolean implements Attempt {
  private final SlotAttempt attempt;
  private final InFlight total;

  CountedAttempt(SlotAttempt attempt, InFlight total) {
    this.attempt = attempt;
    this.total = total;
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
  public void end(Outcome outcome) {
    Objects.requireNonNull(outcome, "outcome");
    if (compareAndSet(false, true)) {
      try {
        attempt.end(outcome);
      } finally {
        total.decrementAndGet();
      }
    }
  }

  @Override
  public boolean ended() {
    return get();
  }

  @Override
  public void close() {
    if (compareAndSet(false, true)) {
      try {
        attempt.close();
      } finally {
        total.decrementAndGet();
      }
    }
  }

  @Override
  public String toString() {
    return attempt.toString();
  }
}
