package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Stage;

/** See {@link Stages#maxInFlight}. */
record MaxInFlight(int most) implements Stage {
  MaxInFlight {
    if (most < 1) {
      throw new IllegalArgumentException("maxInFlight: " + most + " (expected: >= 1)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    return candidates.limit(i -> most);
  }

  @Override
  public String toString() {
    return "maxInFlight(" + most + ")";
  }
}
