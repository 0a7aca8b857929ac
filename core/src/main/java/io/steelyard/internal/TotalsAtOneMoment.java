package io.steelyard.internal;

import io.steelyard.BalancerStats;
import io.steelyard.Outcome;

/** The totals of one moment. */
record TotalsAtOneMoment(
    SlotLedger.Totals slots,
    long rejected,
    long withoutEndpoint,
    long retries,
    long retriesRefused,
    long topologyUpdates,
    long rebuilds)
    implements BalancerStats {
  @Override
  public long begun() {
    return slots.begun;
  }

  @Override
  public long count(Outcome outcome) {
    return slots.counts[outcome.ordinal()] + (outcome == Outcome.REJECTED ? rejected : 0);
  }

  @Override
  public int inFlight() {
    return slots.inFlight;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("begun " + begun() + ", in flight " + inFlight());
    for (Outcome outcome : Outcome.values()) {
      text.append(", ").append(outcome).append(' ').append(count(outcome));
    }
    return text.append(", without endpoint ")
        .append(withoutEndpoint)
        .append(", retries ")
        .append(retries)
        .append(", refused ")
        .append(retriesRefused)
        .toString();
  }
}
