package io.steelyard.internal;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import org.jspecify.annotations.Nullable;

/**
 * What is told to JDK Flight Recorder: nothing where the JVM has no such module, and next to
 * nothing where nobody records. No request passes here that is not being tried again.
 */
class Events {
  private static final Events INSTANCE = find();

  static Events get() {
    return INSTANCE;
  }

  /** A snapshot has replaced another. */
  void snapshot(String balancer, Candidates before, Candidates after) {}

  /** A request is tried again on {@code next}; null if the budget does not let it. */
  void retry(
      String balancer,
      Endpoint failed,
      Outcome outcome,
      @Nullable Endpoint next,
      int attempt,
      long pauseNanos) {}

  private static Events find() {
    try {
      // Asked for by name first: a missing module then shows here, not in the middle of a rebuild.
      Class<?> unused = Class.forName("jdk.jfr.Event", false, Events.class.getClassLoader());
      return new FlightEvents();
    } catch (ClassNotFoundException | LinkageError e) {
      return new Events();
    }
  }
}
