package io.steelyard.internal;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * {@code DefaultBalancer}: the snapshot, the wish, and who waits for the first list. The whole
 * balancer, on a platform where control work runs on the thread that caused it.
 */
public final class BalancerStress {
  private static final Duration GAP = Duration.ofMillis(10);
  private static final Endpoint[] OLD = {
    Endpoint.of("old", 1), Endpoint.of("old", 2), Endpoint.of("old", 3)
  };
  private static final Endpoint NEW = Endpoint.of("new", 1);

  private BalancerStress() {}

  /** A balancer that is ready to rebuild at once. */
  private static final class Bench {
    final VirtualPlatform platform = new VirtualPlatform();
    final ManualDiscovery discovery;
    final Balancer balancer;

    Bench(Endpoint... first) {
      discovery = first.length == 0 ? new ManualDiscovery() : new ManualDiscovery(first);
      balancer =
          Balancer.builder(discovery)
              .platform(platform)
              .stages()
              .strategy(Strategies.powerOfTwo(LoadMetric.inFlight()))
              .awaitFirst(Duration.ofDays(1))
              .build();
      platform.advance(GAP);
    }

    /** 1 for an endpoint of the old list, 2 for one of the new, 0 for none. */
    int pick() {
      return which(balancer.pick(PickContext.none()));
    }

    int begin() {
      Attempt attempt = balancer.tryBegin(PickContext.none());
      if (attempt == null) {
        return 0;
      }
      attempt.success();
      return which(attempt.endpoint());
    }

    private static int which(@Nullable Endpoint endpoint) {
      if (endpoint == null) {
        return 0;
      }
      return endpoint.host().equals("old") ? 1 : 2;
    }
  }

  /** The list shrinks from three endpoints to one: an index of the old list fits no new array. */
  @JCStressTest
  @Outcome(
      id = {"1, 1", "1, 2", "2, 2"},
      expect = ACCEPTABLE,
      desc = "old or new, whole, and never back again")
  @Outcome(expect = FORBIDDEN, desc = "nobody, or the old list after the new one")
  @State
  public static class PickWhileTheListChanges {
    private final Bench bench = new Bench(OLD);

    @Actor
    public void publish() {
      bench.discovery.publish(NEW);
    }

    @Actor
    public void pick(II_Result r) {
      r.r1 = bench.begin();
      r.r2 = bench.pick();
    }
  }

  /** Another policy: the endpoints stay, and no request goes without one. */
  @JCStressTest
  @Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "by the old policy or the new one")
  @Outcome(expect = FORBIDDEN, desc = "nobody")
  @State
  public static class PickWhileThePolicyChanges {
    private static final LoadBalancingPolicy OTHER =
        LoadBalancingPolicy.of(Strategies.weightedRoundRobin());
    private final Bench bench = new Bench(OLD);

    @Actor
    public void apply() {
      bench.balancer.apply(OTHER);
    }

    @Actor
    public void pick(II_Result r) {
      r.r1 = bench.begin();
      r.r2 = bench.pick();
    }
  }

  /** A list and a policy come together: in the end both are in force. */
  @JCStressTest
  @Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "the new list, by the new policy")
  @Outcome(expect = FORBIDDEN, desc = "one of them was lost")
  @State
  public static class ListAndPolicyChange {
    private final Bench bench = new Bench(OLD);

    @Actor
    public void publish() {
      bench.discovery.publish(NEW);
    }

    @Actor
    public void apply() {
      bench.balancer.apply(PickWhileThePolicyChanges.OTHER);
    }

    @Arbiter
    public void after(II_Result r) {
      bench.platform.advance(GAP);
      r.r1 = bench.pick();
      r.r2 = bench.balancer.policy().equals(PickWhileThePolicyChanges.OTHER) ? 1 : 0;
    }
  }

  /**
   * A refused policy gives way to the last good one, but never to one that was replaced by a newer
   * wish: with the good wish last it stays; with the refused one last, either the first policy does
   * or the good one, if that was in force already.
   */
  @JCStressTest
  @Outcome(
      id = {"1, 0", "1, 1"},
      expect = ACCEPTABLE,
      desc = "a good policy, and nothing pending that was refused")
  @Outcome(expect = FORBIDDEN, desc = "the refused policy is in force, or no endpoint")
  @State
  public static class RefusedAndGoodPolicy {
    private static final LoadBalancingPolicy REFUSED =
        LoadBalancingPolicy.of(
            (candidates, context) -> {
              throw new IllegalStateException("refused");
            });
    private final Bench bench = new Bench(OLD);

    @Actor
    public void refused() {
      bench.balancer.apply(REFUSED);
    }

    @Actor
    public void good() {
      bench.balancer.apply(PickWhileThePolicyChanges.OTHER);
    }

    @Arbiter
    public void after(II_Result r) {
      bench.platform.advance(GAP);
      r.r1 = bench.balancer.policy().equals(REFUSED) ? -1 : bench.pick();
      r.r2 = bench.balancer.policy().equals(PickWhileThePolicyChanges.OTHER) ? 1 : 0;
    }
  }

  /** A run that has looked whether the balancer is closed must look again after its swap. */
  @JCStressTest
  @Outcome(
      id = {"0, 0", "1, 0"},
      expect = ACCEPTABLE,
      desc = "closed for good")
  @Outcome(expect = FORBIDDEN, desc = "a snapshot came in after the end")
  @State
  public static class CloseWhileItRebuilds {
    private final Bench bench = new Bench(OLD);

    @Actor
    public void apply(II_Result r) {
      try {
        bench.balancer.apply(PickWhileThePolicyChanges.OTHER);
      } catch (IllegalStateException e) {
        // It was closed already.
      }
      r.r1 = bench.pick();
    }

    @Actor
    public void close() {
      bench.balancer.close();
    }

    @Arbiter
    public void after(II_Result r) {
      bench.platform.advance(GAP);
      r.r2 = bench.pick();
    }
  }

  @JCStressTest
  @Outcome(id = "2", expect = ACCEPTABLE, desc = "the call was let go")
  @Outcome(id = "-1", expect = FORBIDDEN, desc = "the call waits although there is a list")
  @Outcome(expect = FORBIDDEN, desc = "the call was let go without an endpoint")
  @State
  public static class CallWhileTheFirstListComes {
    private final Bench bench = new Bench();
    private @Nullable CompletableFuture<Integer> answer;

    @Actor
    public void publish() {
      bench.discovery.publish(NEW);
    }

    @Actor
    public void call() {
      answer =
          bench
              .balancer
              .callAsync(
                  PickContext.none(),
                  attempt -> CompletableFuture.completedFuture(Bench.which(attempt.endpoint())))
              .toCompletableFuture();
    }

    @Arbiter
    public void after(I_Result r) {
      CompletableFuture<Integer> called = answer;
      if (called == null || !called.isDone()) {
        r.r1 = -1;
      } else {
        r.r1 = called.isCompletedExceptionally() ? 0 : called.join();
      }
    }
  }
}
