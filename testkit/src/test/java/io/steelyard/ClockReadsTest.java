package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ForwardingPlatform;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import org.junit.jupiter.api.Test;

/** A clock read takes longer than the rest of a choice, so each request has as few as can be. */
class ClockReadsTest {
  private static final class CountingPlatform extends ForwardingPlatform {
    int reads;

    CountingPlatform() {
      super(new VirtualPlatform());
    }

    @Override
    public long nanoTime() {
      reads++;
      return super.nanoTime();
    }
  }

  /** What one request reads, from begin to a success. */
  private static int reads(Strategy strategy, boolean tracking, Stage... stages) {
    CountingPlatform platform = new CountingPlatform();
    try (Balancer balancer =
        Balancer.builder(new ManualDiscovery(eps(5)))
            .platform(platform)
            .strategy(strategy)
            .stages(stages)
            .latencyTracking(tracking)
            .build()) {
      for (int i = 0; i < 100; i++) {
        balancer.begin(PickContext.none()).success();
      }
      int before = platform.reads;
      for (int i = 0; i < 100; i++) {
        balancer.begin(PickContext.none()).success();
      }
      assertThat((platform.reads - before) % 100).isZero();
      return (platform.reads - before) / 100;
    }
  }

  @Test
  void a_request_reads_the_clock_at_its_begin_and_at_its_end() {
    assertThat(reads(Strategies.roundRobin(), true)).isEqualTo(2);
    assertThat(reads(Strategies.powerOfTwo(LoadMetric.inFlight()), true)).isEqualTo(2);
    assertThat(reads(Strategies.powerOfTwo(LoadMetric.peakEwma()), true)).isEqualTo(2);
    assertThat(reads(Strategies.adaptive(), true)).isEqualTo(2);
  }

  @Test
  void limits_and_bounds_read_it_no_more_often() {
    assertThat(reads(Strategies.adaptive(), true, Stages.maxInFlight(10))).isEqualTo(2);
    assertThat(reads(Strategies.boundedLoad(Strategies.ringHash(), 0.25), true)).isEqualTo(2);
  }

  @Test
  void where_nothing_goes_by_time_and_no_latency_is_tracked_nothing_reads_it() {
    assertThat(reads(Strategies.roundRobin(), false)).isZero();
    assertThat(reads(Strategies.powerOfTwo(LoadMetric.inFlight()), false)).isZero();
    assertThat(reads(Strategies.roundRobin(), false, Stages.maxInFlight(10))).isZero();
  }
}
