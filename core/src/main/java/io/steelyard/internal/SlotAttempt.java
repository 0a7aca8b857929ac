package io.steelyard.internal;

import io.steelyard.Attempt;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Objects;

/**
 * An attempt on a slot. 40 bytes, the only allocation of a request. Not final for {@link
 * CountedAttempt}; until that class is loaded the JVM treats this one as if it were.
 */
class SlotAttempt implements Attempt {
  private static final int RESPONDED = 1;
  private static final int ENDED = 2;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(SlotAttempt.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Slot slot;
  private final Endpoint endpoint;
  private final long beganAt;
  private final int episode;
  private final boolean probe;

  @SuppressWarnings("unused") // accessed through STATE
  private volatile int state;

  SlotAttempt(Slot slot, Endpoint endpoint, long beganAt, boolean probe) {
    this.slot = slot;
    this.endpoint = endpoint;
    this.beganAt = beganAt;
    this.episode = slot.episode();
    this.probe = probe;
  }

  @Override
  public Endpoint endpoint() {
    return endpoint;
  }

  @Override
  public void responded() {
    if (STATE.compareAndSet(this, 0, RESPONDED)) {
      slot.responded(beganAt, episode);
    }
  }

  @Override
  public void untimed() {
    if (STATE.compareAndSet(this, 0, RESPONDED)) {
      slot.untimed();
    }
  }

  @Override
  public void end(Outcome outcome) {
    Objects.requireNonNull(outcome, "outcome");
    tryEnd(outcome);
  }

  private boolean tryEnd(Outcome outcome) {
    int before = (int) STATE.getOpaque(this);
    while ((before & ENDED) == 0) {
      int witness = (int) STATE.compareAndExchange(this, before, before | ENDED);
      if (witness == before) {
        try {
          slot.end(outcome, beganAt, episode, before != 0, probe);
        } finally {
          left();
        }
        return true;
      }
      before = witness;
    }
    return false;
  }

  /** Called once, when the verdict is in and the slot has let go. */
  void left() {}

  @Override
  public boolean ended() {
    return ((int) STATE.getOpaque(this) & ENDED) != 0;
  }

  @Override
  public void close() {
    if (tryEnd(Outcome.FAILURE)) {
      slot.closedWithoutVerdict();
    }
  }

  @Override
  public String toString() {
    return "attempt on " + endpoint + (ended() ? " (ended)" : "");
  }
}
