package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.Strategies;
import java.util.List;
import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * {@code BoundedChoice} and {@code InFlight}: the strict bound.
 *
 * <p>Four endpoints of equal weight and ε = 0.1: up to three requests in flight in all the bound is
 * ⌈1.1 · 3 / 4⌉ = 1, so no two of the same key may ever share an endpoint.
 */
public final class BoundedLoadStress {
  private static final PickContext HOT = PickContext.key("hot");
  private static final Strategy STRATEGY = Strategies.boundedLoad(Strategies.rendezvous(), 0.1);
  private static final LoadBalancingPolicy POLICY = LoadBalancingPolicy.of(STRATEGY);
  private static final Topology FOUR =
      Topology.of(
          Endpoint.of("pod", 1),
          Endpoint.of("pod", 2),
          Endpoint.of("pod", 3),
          Endpoint.of("pod", 4));

  private BoundedLoadStress() {}

  /** A snapshot of four endpoints, as the balancer would make it. */
  static final class Bench {
    final InFlight total = new InFlight();
    final Slot[] slots = new Slot[4];
    final Snapshot snapshot;

    Bench() {
      for (int i = 0; i < slots.length; i++) {
        slots[i] = StressOwner.slot();
      }
      Candidates candidates = Candidates.of(FOUR, slots);
      Picker picker = STRATEGY.compile(candidates, new StressContext());
      snapshot =
          new Snapshot(
              candidates,
              POLICY,
              List.of(),
              null,
              picker,
              slots,
              total,
              new StillPlatform(),
              (what, error) -> {
                throw new AssertionError("nonsense: " + what, error);
              });
    }

    SlotAttempt begin() {
      return Objects.requireNonNull(snapshot.begin(HOT), "nobody is turned away by a bound");
    }

    int most() {
      int most = 0;
      for (Slot slot : slots) {
        most = Math.max(most, slot.inFlight());
      }
      return most;
    }

    int sum() {
      int sum = 0;
      for (Slot slot : slots) {
        sum += slot.inFlight();
      }
      return sum;
    }
  }

  @JCStressTest
  @Outcome(id = "1, 2, 2", expect = ACCEPTABLE, desc = "on two endpoints")
  @Outcome(id = "2, 2, 2", expect = FORBIDDEN, desc = "the bound was exceeded")
  @Outcome(expect = FORBIDDEN, desc = "a request was lost, or the total is wrong")
  @State
  public static class TwoBeginWithAHotKey {
    private final Bench bench = new Bench();

    @Actor
    public void one() {
      bench.begin();
    }

    @Actor
    public void other() {
      bench.begin();
    }

    @Arbiter
    public void after(III_Result r) {
      r.r1 = bench.most();
      r.r2 = bench.sum();
      r.r3 = bench.total.get();
    }
  }

  @JCStressTest
  @Outcome(id = "1, 1, 1", expect = ACCEPTABLE, desc = "one in flight")
  @Outcome(expect = FORBIDDEN, desc = "the bound was exceeded, or the total is wrong")
  @State
  public static class BeginWhileAnotherEnds {
    private final Bench bench = new Bench();
    private final SlotAttempt first = bench.begin();

    @Actor
    public void end() {
      first.success();
    }

    @Actor
    public void begin() {
      bench.begin();
    }

    @Arbiter
    public void after(III_Result r) {
      r.r1 = bench.most();
      r.r2 = bench.sum();
      r.r3 = bench.total.get();
    }
  }

  @JCStressTest
  @Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "nothing is left behind")
  @Outcome(expect = FORBIDDEN, desc = "something is still counted, or counted off twice")
  @State
  public static class TwoComeAndGo {
    private final Bench bench = new Bench();

    @Actor
    public void one() {
      bench.begin().success();
    }

    @Actor
    public void other() {
      bench.begin().close();
    }

    @Arbiter
    public void after(II_Result r) {
      r.r1 = bench.sum();
      r.r2 = bench.total.get();
    }
  }
}
