package io.steelyard.benchmarks.simulation;

/** Something that has steps, each of which happens at a moment. */
interface Event {
  /** Lets one step happen, now. */
  void happen(int step);
}
