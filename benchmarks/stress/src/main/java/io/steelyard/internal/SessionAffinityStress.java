package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Reason;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** {@code SessionAffinity.Sessions.endpointOf}: requests that bring a key together agree. */
public final class SessionAffinityStress {
  private static final Strategy STRATEGY =
      Strategies.sessionAffinity(Strategies.roundRobin(), Duration.ofHours(1), 100);
  private static final PickContext KEY = PickContext.key("k");
  private static final Topology THREE =
      Topology.of(Endpoint.of("pod", 1), Endpoint.of("pod", 2), Endpoint.of("pod", 3));

  private SessionAffinityStress() {}

  @JCStressTest
  @Outcome(
      id = {"0, 0, 0", "1, 1, 1"},
      expect = ACCEPTABLE,
      desc = "both went where the first was sent, and so does the next")
  @Outcome(expect = FORBIDDEN, desc = "one session on two endpoints")
  @State
  public static class TwoBringANewKey {
    private final Picker picker = compiled(new OneMemory(), false);

    @Actor
    public void one(III_Result r) {
      r.r1 = picker.pick(KEY, 0);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = picker.pick(KEY, 0);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = picker.pick(KEY, 0);
    }
  }

  /** The endpoint of the session is out: both move it, to one place. */
  @JCStressTest
  @Outcome(
      id = {"1, 1, 1", "2, 2, 2"},
      expect = ACCEPTABLE,
      desc = "moved once")
  @Outcome(expect = FORBIDDEN, desc = "moved twice, or not")
  @State
  public static class TwoMoveASession {
    private final Picker picker;

    public TwoMoveASession() {
      OneMemory memory = new OneMemory();
      compiled(memory, false).pick(KEY, 0); // the first turn is candidate 0's
      picker = compiled(memory, true);
    }

    @Actor
    public void one(III_Result r) {
      r.r1 = picker.pick(KEY, 0);
    }

    @Actor
    public void other(III_Result r) {
      r.r2 = picker.pick(KEY, 0);
    }

    @Arbiter
    public void after(III_Result r) {
      r.r3 = picker.pick(KEY, 0);
    }
  }

  private static Picker compiled(OneMemory memory, boolean withoutTheFirst) {
    Slot[] slots = {StressOwner.slot(), StressOwner.slot(), StressOwner.slot()};
    Candidates candidates = Candidates.of(THREE, slots);
    if (withoutTheFirst) {
      candidates = candidates.exclude(i -> i == 0, Reason.of("out"));
    }
    return STRATEGY.compile(candidates, memory);
  }

  /** Remembers, as a balancer does. */
  private static final class OneMemory extends StressContext {
    private @Nullable Object memory;

    @Override
    @SuppressWarnings("unchecked")
    public <T> T memory(Supplier<T> initial) {
      if (memory == null) {
        memory = initial.get();
      }
      return (T) memory;
    }
  }
}
