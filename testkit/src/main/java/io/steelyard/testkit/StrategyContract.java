package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.NoEndpointException;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * What every strategy promises. Extend it to test one:
 *
 * <pre>{@code
 * class CheapestFirstTest extends StrategyContract {
 *   @Override
 *   protected Strategy strategy() {
 *     return new CheapestFirst();
 *   }
 * }
 * }</pre>
 *
 * <p>The strategy runs in a real balancer on a {@link VirtualPlatform} with seeded randomness, so a
 * test that passes once passes always. Shares are measured one request at a time, with answers that
 * take no time: where load is the same everywhere, weight alone decides.
 */
public abstract class StrategyContract {
  /** Picks in each measurement of shares. */
  private static final int PICKS = 20_000;

  /** The balancer's pause between two rebuilds. */
  private static final Duration GAP = Duration.ofMillis(10);

  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  /** For subclasses. */
  protected StrategyContract() {}

  /** The strategy under test: always equal, if not the same object. */
  protected abstract Strategy strategy();

  /**
   * Whether shares follow the weights that endpoints declare; true by default. If not they are
   * equal. What stages make of weights counts in any case.
   */
  protected boolean honoursDeclaredWeights() {
    return true;
  }

  /**
   * Whether what a scaled-down endpoint does not get is spread over all others in proportion; true
   * by default. If not, it may go to any of them.
   */
  protected boolean spreadsWhatIsLeft() {
    return true;
  }

  /**
   * How far the clock moves between two picks while shares are measured; zero by default. A
   * strategy that goes by time wants a small part of its period that does not divide it.
   */
  protected Duration pace() {
    return Duration.ZERO;
  }

  // ---- shares ----

  @Test
  void one_endpoint_gets_every_request() {
    Bench bench = new Bench(1, endpoints(1));
    assertThat(bench.counts(100)).containsExactly(100);
  }

  @Test
  void endpoints_of_equal_weight_get_equal_shares() {
    Bench bench = new Bench(2, endpoints(10));
    double[] tenth = new double[10];
    Arrays.fill(tenth, 0.1);
    assertShares(bench.counts(PICKS), tenth);
  }

  @Test
  void two_endpoints_of_equal_weight_get_a_half_each() {
    assertShares(new Bench(3, endpoints(2)).counts(PICKS), 0.5, 0.5);
  }

  @Test
  void unequal_weights_give_shares_in_proportion() {
    Bench bench = new Bench(4, weighted(1, 2, 3));
    if (honoursDeclaredWeights()) {
      assertShares(bench.counts(PICKS), 1 / 6.0, 2 / 6.0, 3 / 6.0);
    } else {
      assertShares(bench.counts(PICKS), 1 / 3.0, 1 / 3.0, 1 / 3.0);
    }
  }

  @Test
  void what_a_stage_scales_down_gets_less_in_proportion() {
    Stage quarter = (candidates, context) -> candidates.scale(i -> i == 1 ? 0.25 : 1);
    Bench bench = new Bench(5, endpoints(4), quarter);
    int[] counts = bench.counts(PICKS);
    if (spreadsWhatIsLeft()) {
      assertShares(counts, 1 / 3.25, 0.25 / 3.25, 1 / 3.25, 1 / 3.25);
    } else {
      assertShares(twoParts(counts, 1), 0.25 / 4, 1 - 0.25 / 4);
    }
  }

  @Test
  void what_a_stage_scales_down_gets_less_beside_unequal_weights_too() {
    Stage half = (candidates, context) -> candidates.scale(i -> i == 0 ? 0.5 : 1);
    Bench bench = new Bench(6, weighted(4, 1, 1), half);
    int[] counts = bench.counts(PICKS);
    if (!spreadsWhatIsLeft()) {
      double alone = honoursDeclaredWeights() ? 0.5 * 4 / 6 : 0.5 / 3;
      assertShares(twoParts(counts, 0), alone, 1 - alone);
    } else if (honoursDeclaredWeights()) {
      assertShares(counts, 0.5, 0.25, 0.25);
    } else {
      assertShares(counts, 0.2, 0.4, 0.4);
    }
  }

  /** One endpoint's count, and that of all others together. */
  private static int[] twoParts(int[] counts, int i) {
    return new int[] {counts[i], Arrays.stream(counts).sum() - counts[i]};
  }

  @Test
  void an_endpoint_of_weight_zero_is_never_chosen() {
    Bench bench = new Bench(7, weighted(0, 1, 0, 1, 0));
    int[] counts = bench.counts(1_000);
    assertThat(new int[] {counts[0], counts[2], counts[4]}).containsExactly(0, 0, 0);
    assertThat(counts[1] + counts[3]).isEqualTo(1_000);
  }

  @Test
  void an_endpoint_that_a_stage_excludes_is_never_chosen() {
    Reason reason = Reason.of("odd");
    Stage evenOnly = (candidates, context) -> candidates.exclude(i -> i % 2 == 1, reason);
    int[] counts = new Bench(8, endpoints(6), evenOnly).counts(PICKS);
    assertThat(new int[] {counts[1], counts[3], counts[5]}).containsExactly(0, 0, 0);
    assertThat(new int[] {counts[0], counts[2], counts[4]}).doesNotContain(0);
  }

  @Test
  void when_every_weight_is_zero_there_is_no_endpoint() {
    Bench bench = new Bench(9, weighted(0, 0, 0));
    assertThatThrownBy(() -> bench.balancer.begin(PickContext.none()))
        .isInstanceOfSatisfying(
            NoEndpointException.class,
            e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.EXCLUDED));
    assertThat(bench.balancer.pick(PickContext.none())).isNull();
  }

  // ---- avoidance and ranks ----

  @Test
  void an_avoided_endpoint_is_not_chosen_and_every_other_can_be() {
    List<Endpoint> endpoints = endpoints(5);
    Bench bench = new Bench(10, endpoints);
    int[] counts = bench.counts(5_000, PickContext.none().avoiding(endpoints.get(2)));
    assertThat(counts[2]).isZero();
    counts[2] = 1;
    assertThat(counts).doesNotContain(0);
  }

  @Test
  void the_last_endpoint_that_is_not_avoided_is_found() {
    List<Endpoint> endpoints = endpoints(50);
    PickContext butTheLast = PickContext.none();
    for (Endpoint endpoint : endpoints.subList(0, 49)) {
      butTheLast = butTheLast.avoiding(endpoint);
    }
    assertThat(new Bench(11, endpoints).counts(200, butTheLast)[49]).isEqualTo(200);
  }

  @Test
  void when_every_endpoint_is_avoided_there_is_none() {
    List<Endpoint> endpoints = endpoints(3);
    Bench bench = new Bench(12, endpoints);
    PickContext none = PickContext.none();
    for (Endpoint endpoint : endpoints) {
      none = none.avoiding(endpoint);
    }
    PickContext all = none;
    assertThatThrownBy(() -> bench.balancer.begin(all))
        .isInstanceOfSatisfying(
            NoEndpointException.class,
            e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.AVOIDED));
    assertThat(bench.balancer.pick(all)).isNull();
  }

  @Test
  void every_rank_is_a_usable_candidate() {
    for (int n : new int[] {1, 2, 3, 7, 100}) {
      AtomicReference<@Nullable Picker> compiled = new AtomicReference<>();
      AtomicReference<@Nullable Candidates> from = new AtomicReference<>();
      Strategy strategy = strategy();
      Strategy spy =
          (candidates, context) -> {
            Picker picker = strategy.compile(candidates, context);
            compiled.set(picker);
            from.set(candidates);
            return picker;
          };
      List<Endpoint> endpoints = new ArrayList<>(endpoints(n));
      endpoints.add(endpoint(n, 0));
      endpoints.add(endpoint(n + 1, 5));
      Bench bench = new Bench(13 + n, endpoints, spy);
      Picker picker = Objects.requireNonNull(compiled.get());
      Candidates candidates = Objects.requireNonNull(from.get());
      for (int round = 0; round < 200; round++) {
        for (int rank = 0; rank < 12; rank++) {
          int i = picker.pick(PickContext.none(), rank);
          assertThat(i).isBetween(0, candidates.size() - 1);
          assertThat(candidates.weight(i)).isPositive();
        }
        bench.platform.advance(pace());
      }
    }
  }

  // ---- memory ----

  @Test
  void a_list_that_changes_all_the_time_leaves_shares_even() {
    // A strategy that began at its first endpoint again after each change would give the first five
    // of ten everything.
    Bench bench = new Bench(14, endpoints(10));
    int[] counts = new int[10];
    for (int change = 0; change < PICKS / 5; change++) {
      bench.count(counts, 5, PickContext.none());
      List<Endpoint> changed = endpoints(10);
      changed.set(
          0, changed.get(0).toBuilder().attribute("change", Integer.toString(change)).build());
      bench.discovery.publish(changed.toArray(Endpoint[]::new));
      bench.platform.advance(GAP);
    }
    double[] tenth = new double[10];
    Arrays.fill(tenth, 0.1);
    assertShares(counts, tenth);
    assertThat(bench.balancer.stats().rebuilds()).isGreaterThanOrEqualTo(PICKS / 5);
  }

  @Test
  void balancers_that_share_the_strategy_object_do_not_disturb_each_other() {
    Strategy shared = strategy();
    List<String> alone = new Bench(15, endpoints(7), shared).sequence(500);
    Bench one = new Bench(15, endpoints(7), shared);
    Bench other = new Bench(16, endpoints(3), shared);
    List<String> together = new ArrayList<>();
    for (int i = 0; i < 500; i++) {
      together.addAll(one.sequence(1));
      other.sequence(i % 3);
    }
    assertThat(together).isEqualTo(alone);
  }

  @Test
  void the_same_seed_gives_the_same_choices() {
    assertThat(new Bench(17, weighted(3, 1, 2, 5)).sequence(1_000))
        .isEqualTo(new Bench(17, weighted(3, 1, 2, 5)).sequence(1_000));
  }

  @Test
  void equal_strategies_are_equal_so_that_a_new_policy_continues_the_old_ones_memory() {
    assertThat(strategy()).isEqualTo(strategy()).hasSameHashCodeAs(strategy());
    assertThat(strategy().toString()).isEqualTo(strategy().toString()).isNotBlank();
  }

  // ---- size and cost ----

  @Test
  void ten_thousand_endpoints_work() {
    int n = 10_000;
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      endpoints.add(endpoint(i, 1 + i % 100));
    }
    int[] counts = new Bench(18, endpoints).counts(2_000);
    assertThat(Arrays.stream(counts).sum()).isEqualTo(2_000);
  }

  @Test
  void a_pick_allocates_nothing() {
    assertPicksAllocateNothing(new Bench(19, endpoints(10)));
  }

  @Test
  void a_pick_among_unequal_weights_allocates_nothing() {
    assertPicksAllocateNothing(new Bench(20, weighted(5, 1, 3, 2)));
  }

  private static void assertPicksAllocateNothing(Bench bench) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    long thread = Thread.currentThread().getId();
    Balancer balancer = bench.balancer;
    int sink = 0;
    for (int i = 0; i < 100_000; i++) { // until it is compiled
      sink += Objects.requireNonNull(balancer.pick(PickContext.none())).port();
    }
    // One object of 16 bytes in every hundred picks would show. What the JIT does to this thread
    // when it replaces code does not repeat, so the best of some rounds counts.
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 5 && least > 16_000; round++) {
      long before = threads.getThreadAllocatedBytes(thread);
      for (int i = 0; i < 100_000; i++) {
        sink += Objects.requireNonNull(balancer.pick(PickContext.none())).port();
      }
      least = Math.min(least, threads.getThreadAllocatedBytes(thread) - before);
    }
    assertThat(sink).isNotZero();
    assertThat(least).as("bytes allocated by 100,000 picks").isLessThanOrEqualTo(16_000);
  }

  // ---- the bench ----

  /**
   * Counts of a share p in N independent picks have the standard deviation √(N·p·(1−p)); five of
   * them are exceeded by chance once in 1.7 million. Schedules stay far within.
   */
  private static void assertShares(int[] counts, double... expected) {
    int total = Arrays.stream(counts).sum();
    assertThat(counts).hasSameSizeAs(expected);
    for (int i = 0; i < counts.length; i++) {
      double sigma = Math.sqrt(total * expected[i] * (1 - expected[i]));
      assertThat((double) counts[i])
          .as("requests of %d to endpoint %d; all: %s", total, i, Arrays.toString(counts))
          .isBetween(total * expected[i] - 5 * sigma, total * expected[i] + 5 * sigma);
    }
  }

  private static Endpoint endpoint(int i, int weight) {
    return Endpoint.builder("e" + i).host("e" + i).port(80).weight(weight).build();
  }

  private static List<Endpoint> endpoints(int n) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      endpoints.add(endpoint(i, 1));
    }
    return endpoints;
  }

  private static List<Endpoint> weighted(int... weights) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      endpoints.add(endpoint(i, weights[i]));
    }
    return endpoints;
  }

  /** A balancer with the strategy, and what is needed to move it. */
  private final class Bench {
    final VirtualPlatform platform;
    final ManualDiscovery discovery;
    final Balancer balancer;
    private final Map<String, Integer> index = new HashMap<>();

    Bench(long seed, List<Endpoint> endpoints, Stage... stages) {
      this(seed, endpoints, strategy(), stages);
    }

    Bench(long seed, List<Endpoint> endpoints, Strategy strategy, Stage... stages) {
      platform = new VirtualPlatform(-1, START).random(ScriptedRandom.seeded(seed));
      discovery = new ManualDiscovery(endpoints.toArray(Endpoint[]::new));
      balancer =
          Balancer.builder(discovery).platform(platform).stages(stages).strategy(strategy).build();
      for (Endpoint endpoint : endpoints) {
        index.put(endpoint.id(), index.size());
      }
      platform.advance(GAP);
    }

    int[] counts(int picks) {
      return counts(picks, PickContext.none());
    }

    int[] counts(int picks, PickContext context) {
      int[] counts = new int[index.size()];
      count(counts, picks, context);
      return counts;
    }

    void count(int[] counts, int picks, PickContext context) {
      for (int i = 0; i < picks; i++) {
        counts[Objects.requireNonNull(index.get(request(context).id()))]++;
      }
    }

    List<String> sequence(int picks) {
      List<String> ids = new ArrayList<>();
      for (int i = 0; i < picks; i++) {
        ids.add(request(PickContext.none()).id());
      }
      return ids;
    }

    private Endpoint request(PickContext context) {
      Attempt attempt = balancer.begin(context);
      attempt.end(Outcome.SUCCESS);
      platform.advance(pace());
      return attempt.endpoint();
    }
  }
}
