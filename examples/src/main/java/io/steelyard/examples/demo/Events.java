package io.steelyard.examples.demo;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Reason;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** What has happened lately, in the cluster and in the balancer. Thread-safe. */
final class Events {
  private static final int KEPT = 40;

  /**
   * One event.
   *
   * @param at seconds since the start
   * @param source {@code cluster} or {@code balancer}
   */
  record Event(double at, String source, String text) {}

  private final long started = System.nanoTime();
  private final Consumer<Event> listener;
  private final Deque<Event> last = new ArrayDeque<>();
  private final Map<String, String> reasons = new HashMap<>();

  /**
   * Starts an empty list.
   *
   * @param listener told of each event, one at a time
   */
  Events(Consumer<Event> listener) {
    this.listener = listener;
  }

  /** Something has been done to the cluster, or to the balancer. */
  synchronized void add(String source, String text) {
    Event event = new Event((System.nanoTime() - started) / 1e9, source, text);
    last.addFirst(event);
    if (last.size() > KEPT) {
      last.removeLast();
    }
    listener.accept(event);
  }

  /** A new snapshot of the balancer: whoever is held back, or no longer, is an event. */
  synchronized void snapshot(Candidates candidates) {
    Map<String, String> now = new HashMap<>();
    for (int i = 0; i < candidates.size(); i++) {
      Endpoint endpoint = candidates.endpoint(i);
      Reason reason = candidates.reason(i);
      String text = reason == null ? "" : reason.text();
      String before = reasons.get(endpoint.id());
      now.put(endpoint.id(), text);
      if (!text.equals(before == null ? "" : before)) {
        String pod = Application.podName(endpoint);
        add("balancer", text.isEmpty() ? pod + " is in use again" : pod + " " + text);
      }
    }
    reasons.clear();
    reasons.putAll(now);
  }

  /** The latest first. */
  synchronized List<Event> latest() {
    return new ArrayList<>(last);
  }
}
