package io.steelyard.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.Topology;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class SlotLedgerTest {
  private static final long MINUTE = Duration.ofMinutes(1).toNanos();

  private static final Topology BOTH = Topology.of(Endpoint.of("a", 1), Endpoint.of("b", 1));
  private static final Topology ONE = Topology.of(Endpoint.of("a", 1));

  private final SlotLedger ledger =
      new SlotLedger(
          id ->
              new Slot(
                  id,
                  new Slot.Owner() {
                    @Override
                    public long nanoTime() {
                      return 0;
                    }

                    @Override
                    public void wake() {}

                    @Override
                    public void closedWithoutVerdict(String endpointId) {}
                  },
                  false,
                  new Pace(1),
                  0));

  private static void serve(Slot slot, Outcome outcome) {
    slot.begin(0);
    slot.end(outcome, 0, slot.episode(), false, false);
  }

  @Test
  void an_endpoint_keeps_its_slot_whatever_else_changes() {
    Slot[] before = ledger.slotsOf(BOTH, 0);
    Slot[] after =
        ledger.slotsOf(Topology.of(Endpoint.of("c", 1), Endpoint.of("a", 1).withWeight(7)), MINUTE);
    assertThat(after[1]).isSameAs(before[0]);
  }

  @Test
  void one_that_left_is_kept_ten_minutes_and_then_forgotten() {
    Slot gone = ledger.slotsOf(BOTH, 0)[1];
    ledger.slotsOf(ONE, MINUTE);
    assertThat(ledger.expire(MINUTE)).isEqualTo(10 * MINUTE);
    assertThat(ledger.expire(11 * MINUTE - 1)).isEqualTo(1);
    assertThat(ledger.slotsOf(BOTH, 11 * MINUTE - 1)[1]).isSameAs(gone);
    ledger.slotsOf(ONE, 20 * MINUTE);
    assertThat(ledger.expire(30 * MINUTE)).isZero();
    assertThat(ledger.slotsOf(BOTH, 30 * MINUTE)[1]).isNotSameAs(gone);
  }

  @Test
  void the_ten_minutes_start_when_it_leaves_however_quiet_it_was_before() {
    Slot quiet = ledger.slotsOf(BOTH, 0)[1];
    ledger.slotsOf(ONE, 60 * MINUTE); // nothing was composed for an hour
    assertThat(ledger.expire(60 * MINUTE)).isEqualTo(10 * MINUTE);
    assertThat(ledger.slotsOf(BOTH, 61 * MINUTE)[1]).isSameAs(quiet);
  }

  @Test
  void with_something_in_flight_it_is_never_forgotten() {
    Slot gone = ledger.slotsOf(BOTH, 0)[1];
    gone.begin(0);
    ledger.slotsOf(ONE, 0);
    for (int minute = 0; minute < 60; minute += 5) {
      ledger.expire(minute * MINUTE);
    }
    gone.end(Outcome.SUCCESS, 0, 0, false, false);
    assertThat(ledger.expire(60 * MINUTE)).isEqualTo(5 * MINUTE); // last seen busy at 55
    assertThat(ledger.expire(65 * MINUTE)).isZero();
    assertThat(ledger.totals().begun).isEqualTo(1);
  }

  @Test
  void what_the_forgotten_have_counted_stays_in_the_totals() {
    Slot[] slots = ledger.slotsOf(BOTH, 0);
    serve(slots[0], Outcome.SUCCESS);
    serve(slots[1], Outcome.SUCCESS);
    serve(slots[1], Outcome.TIMEOUT);
    ledger.slotsOf(ONE, 0);
    ledger.expire(10 * MINUTE);
    serve(ledger.slotsOf(BOTH, 10 * MINUTE)[1], Outcome.TIMEOUT);
    SlotLedger.Totals totals = ledger.totals();
    assertThat(totals.begun).isEqualTo(4);
    assertThat(totals.counts[Outcome.SUCCESS.ordinal()]).isEqualTo(2);
    assertThat(totals.counts[Outcome.TIMEOUT.ordinal()]).isEqualTo(2);
    assertThat(totals.inFlight).isZero();
  }

  /**
   * Successes are what is left of the begun ones, read one number after the other. A metrics system
   * takes a count that falls for a restart, and adds all of it once more.
   */
  @Test
  void counts_never_fall_while_requests_go_on() throws Exception {
    Slot slot = ledger.slotsOf(ONE, 0)[0];
    Thread[] clients = new Thread[3];
    for (int t = 0; t < clients.length; t++) {
      clients[t] =
          new Thread(
              () -> {
                for (int i = 0; i < 300_000; i++) {
                  serve(slot, i % 3 == 0 ? Outcome.FAILURE : Outcome.SUCCESS);
                }
              });
      clients[t].start();
    }
    long[] last = new long[Outcome.values().length];
    long lastBegun = 0;
    while (clients[0].isAlive() || clients[1].isAlive() || clients[2].isAlive()) {
      SlotLedger.Totals totals = ledger.totals();
      assertThat(totals.begun).isGreaterThanOrEqualTo(lastBegun);
      lastBegun = totals.begun;
      for (Outcome outcome : Outcome.values()) {
        assertThat(totals.counts[outcome.ordinal()])
            .as("%s", outcome)
            .isGreaterThanOrEqualTo(last[outcome.ordinal()]);
      }
      last = totals.counts;
    }
    SlotLedger.Totals totals = ledger.totals();
    assertThat(totals.begun).isEqualTo(900_000);
    assertThat(totals.counts[Outcome.SUCCESS.ordinal()]).isEqualTo(600_000);
    assertThat(totals.counts[Outcome.FAILURE.ordinal()]).isEqualTo(300_000);
  }
}
