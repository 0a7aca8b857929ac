package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * {@code SerialLoop}: no wake is lost, no two runs overlap, and what a run leaves in plain fields
 * the next one finds.
 */
public final class SerialLoopStress {
  private SerialLoopStress() {}

  /** A loop whose work copies two inputs and counts its runs, all in plain fields. */
  private static final class Bench {
    final VirtualPlatform platform = new VirtualPlatform();
    final SerialLoop loop = new SerialLoop(platform, this::work);
    volatile int a;
    volatile int b;
    int seenA;
    int seenB;
    int runs; // plain: ordered by the loop
    volatile int entered;
    volatile int ended;
    boolean overlapped;

    private long work() {
      int before = ++entered;
      overlapped |= before != ended + 1;
      seenA = a;
      seenB = b;
      runs++;
      ended = before;
      return 0;
    }

    /** Lets what has been put off for the pause between two runs run. */
    void settle() {
      platform.advance(Duration.ofSeconds(5));
    }
  }

  @JCStressTest
  @Outcome(
      id = {"1, 1, 1", "1, 1, 2"},
      expect = ACCEPTABLE,
      desc = "the last run has seen both, in one run or two")
  @Outcome(id = "1, 1, -1", expect = FORBIDDEN, desc = "two runs at once")
  @Outcome(expect = FORBIDDEN, desc = "a wake was lost")
  @State
  public static class TwoWake {
    private final Bench bench = new Bench();

    @Actor
    public void one() {
      bench.a = 1;
      bench.loop.wake();
    }

    @Actor
    public void other() {
      bench.b = 1;
      bench.loop.wake();
    }

    @Arbiter
    public void after(III_Result r) {
      bench.settle();
      r.r1 = bench.seenA;
      r.r2 = bench.seenB;
      r.r3 = bench.overlapped ? -1 : bench.runs;
    }
  }

  @JCStressTest
  @Outcome(
      id = {"1, 1, 1", "1, 1, 2"},
      expect = ACCEPTABLE,
      desc = "the last run has seen both")
  @Outcome(id = "1, 1, -1", expect = FORBIDDEN, desc = "two runs at once")
  @Outcome(expect = FORBIDDEN, desc = "a wake was lost")
  @State
  public static class WakeWhileACallerRuns {
    private final Bench bench = new Bench();

    @Actor
    public void run() {
      bench.a = 1;
      if (!bench.loop.runHere()) {
        bench.loop.wake();
      }
    }

    @Actor
    public void wake() {
      bench.b = 1;
      bench.loop.wake();
    }

    @Arbiter
    public void after(III_Result r) {
      bench.settle();
      r.r1 = bench.seenA;
      r.r2 = bench.seenB;
      r.r3 = bench.overlapped ? -1 : bench.runs;
    }
  }

  /** What is to run last does so once, and after a run under way. */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "closed once, after the run if there was one")
  @Outcome(expect = FORBIDDEN, desc = "not closed, closed twice, or during a run")
  @State
  public static class CloseWhileItRuns {
    private final Bench bench = new Bench();
    private int closed;
    private int runsAtClose;

    @Actor
    public void wake() {
      bench.loop.wake();
    }

    @Actor
    public void close() {
      bench.loop.close(
          () -> {
            closed += bench.entered == bench.ended ? 1 : 100;
            runsAtClose = bench.entered;
          });
    }

    @Arbiter
    public void after(II_Result r) {
      bench.settle();
      r.r1 = closed + (runsAtClose == bench.runs ? 0 : 1000);
      r.r2 = bench.runs;
    }
  }
}
