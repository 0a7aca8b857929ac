package io.steelyard.benchmarks.simulation;

import java.util.Arrays;

/**
 * What is going to happen: the soonest first, and at the same moment in the order it was asked for.
 * A binary heap in arrays, so that an event costs no object.
 */
final class EventQueue {
  private static final int STEP_BITS = 3;

  private long[] at = new long[1024];
  private long[] order = new long[1024]; // | how many were asked for before | step |
  private Event[] events = new Event[1024];
  private int size;
  private long ever;

  boolean isEmpty() {
    return size == 0;
  }

  /** When the next event is due. */
  long nextAt() {
    return at[0];
  }

  /**
   * Adds one.
   *
   * @param step 0 to 7
   */
  void add(long when, Event event, int step) {
    if (size == at.length) {
      at = Arrays.copyOf(at, 2 * size);
      order = Arrays.copyOf(order, 2 * size);
      events = Arrays.copyOf(events, 2 * size);
    }
    int hole = size++;
    while (hole > 0) {
      int parent = (hole - 1) >>> 1;
      if (at[parent] <= when) { // whoever was asked for before stays before
        break;
      }
      move(parent, hole);
      hole = parent;
    }
    put(hole, when, ever++ << STEP_BITS | step, event);
  }

  /** Takes the next event and lets it happen. */
  void happen() {
    Event event = events[0];
    int step = (int) order[0] & ((1 << STEP_BITS) - 1);
    removeFirst();
    event.happen(step);
  }

  private void removeFirst() {
    int last = --size;
    long when = at[last];
    long its = order[last];
    Event event = events[last];
    int hole = 0;
    while (true) {
      int child = 2 * hole + 1;
      if (child >= last) {
        break;
      }
      if (child + 1 < last && before(at[child + 1], order[child + 1], at[child], order[child])) {
        child++;
      }
      if (!before(at[child], order[child], when, its)) {
        break;
      }
      move(child, hole);
      hole = child;
    }
    put(hole, when, its, event);
  }

  private static boolean before(long at, long order, long otherAt, long otherOrder) {
    return at < otherAt || (at == otherAt && order < otherOrder);
  }

  private void move(int from, int to) {
    at[to] = at[from];
    order[to] = order[from];
    events[to] = events[from];
  }

  private void put(int place, long when, long its, Event event) {
    at[place] = when;
    order[place] = its;
    events[place] = event;
  }
}
