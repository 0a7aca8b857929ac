package io.steelyard.internal;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Reason;
import io.steelyard.Topology;
import java.util.HashMap;
import java.util.Map;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;
import org.jspecify.annotations.Nullable;

/** The events of Flight Recorder. Loaded only where the JVM has the module {@code jdk.jfr}. */
final class FlightEvents extends Events {
  @Override
  void snapshot(String balancer, Candidates before, Candidates after) {
    TopologyEvent update = new TopologyEvent();
    Topology topology = after.topology();
    if (update.isEnabled() && !topology.equals(before.topology())) {
      update.balancer = balancer;
      update.endpoints = topology.endpoints().size();
      update.state = topology.state().name();
      update.changes = topology.changesSince(before.topology());
      update.commit();
    }
    if (new EjectEvent().isEnabled() || new RecoverEvent().isEnabled()) {
      outAndBack(balancer, before, after);
    }
  }

  /** Who was taken out by a layer, and who has come back; discovery's own doing is an update. */
  private static void outAndBack(String balancer, Candidates before, Candidates after) {
    Map<String, Boolean> wasOut = new HashMap<>();
    for (int i = 0; i < before.size(); i++) {
      if (isMeantToBeUsed(before.endpoint(i))) {
        wasOut.put(before.endpoint(i).id(), before.weight(i) == 0);
      }
    }
    for (int i = 0; i < after.size(); i++) {
      Endpoint endpoint = after.endpoint(i);
      Boolean was = wasOut.get(endpoint.id());
      boolean isOut = after.weight(i) == 0;
      if (was == null || was == isOut || !isMeantToBeUsed(endpoint)) {
        continue;
      }
      Reason reason = after.reason(i);
      String why = reason == null ? null : reason.text();
      if (isOut) {
        EjectEvent event = new EjectEvent();
        event.balancer = balancer;
        event.endpoint = endpoint.id();
        event.reason = why;
        event.usable = after.usable();
        event.commit();
      } else {
        RecoverEvent event = new RecoverEvent();
        event.balancer = balancer;
        event.endpoint = endpoint.id();
        event.reason = why;
        event.usable = after.usable();
        event.commit();
      }
    }
  }

  private static boolean isMeantToBeUsed(Endpoint endpoint) {
    return endpoint.weight() > 0 && !endpoint.draining();
  }

  @Override
  void retry(
      String balancer,
      Endpoint failed,
      Outcome outcome,
      @Nullable Endpoint next,
      int attempt,
      long pauseNanos) {
    RetryEvent event = new RetryEvent();
    if (event.isEnabled()) {
      event.balancer = balancer;
      event.failed = failed.id();
      event.outcome = outcome.name();
      event.next = next == null ? null : next.id();
      event.attempt = attempt;
      event.pause = pauseNanos;
      event.refused = next == null;
      event.commit();
    }
  }

  @Name("io.steelyard.TopologyUpdate")
  @Label("Topology Update")
  @Description("A new list of endpoints is in force")
  @Category("Steelyard")
  @StackTrace(false)
  static final class TopologyEvent extends Event {
    @Label("Balancer")
    @Nullable String balancer;

    @Label("Endpoints")
    int endpoints;

    @Label("State")
    @Nullable String state;

    @Label("Changes")
    @Nullable String changes;
  }

  @Name("io.steelyard.Eject")
  @Label("Endpoint Ejected")
  @Description("A layer has taken an endpoint out")
  @Category("Steelyard")
  @StackTrace(false)
  static final class EjectEvent extends Event {
    @Label("Balancer")
    @Nullable String balancer;

    @Label("Endpoint")
    @Nullable String endpoint;

    @Label("Reason")
    @Nullable String reason;

    @Label("Usable Endpoints")
    int usable;
  }

  @Name("io.steelyard.Recover")
  @Label("Endpoint Recovered")
  @Description("An endpoint that a layer had taken out gets requests again")
  @Category("Steelyard")
  @StackTrace(false)
  static final class RecoverEvent extends Event {
    @Label("Balancer")
    @Nullable String balancer;

    @Label("Endpoint")
    @Nullable String endpoint;

    @Label("Reason")
    @Description("How it is let back: on probation, say")
    @Nullable String reason;

    @Label("Usable Endpoints")
    int usable;
  }

  @Name("io.steelyard.Retry")
  @Label("Retry")
  @Description("A failed request is tried again, or would have been had there been budget left")
  @Category("Steelyard")
  @StackTrace(false)
  static final class RetryEvent extends Event {
    @Label("Balancer")
    @Nullable String balancer;

    @Label("Failed Endpoint")
    @Nullable String failed;

    @Label("Outcome")
    @Nullable String outcome;

    @Label("Next Endpoint")
    @Nullable String next;

    @Label("Attempt")
    int attempt;

    @Label("Pause")
    @Timespan(Timespan.NANOSECONDS)
    long pause;

    @Label("Refused By Budget")
    boolean refused;
  }
}
