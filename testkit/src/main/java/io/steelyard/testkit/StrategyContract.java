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
import java.util.Set;
import java.util.TreeSet;
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
 *
 * <p>What strategies may promise differently is asked by methods to override. Without any, a
 * strategy is taken for one that picks by weight, remembers nothing of keys and may repeat itself
 * from rank to rank:
 *
 * <table>
 * <caption>What to override</caption>
 * <tr><th>method</th><th>default</th><th>override it if</th></tr>
 * <tr><td>{@link #honoursDeclaredWeights}</td><td>true</td><td>all endpoints get the same</td></tr>
 * <tr><td>{@link #spreadsWhatIsLeft}</td><td>true</td><td>one endpoint takes all that another
 * leaves</td></tr>
 * <tr><td>{@link #takesTurns}</td><td>false</td><td>it goes round: each endpoint once before any
 * comes again</td></tr>
 * <tr><td>{@link #keepsKeys}</td><td>false</td><td>equal keys go to the same endpoint</td></tr>
 * <tr><td>{@link #ranksDiffer}</td><td>false</td><td>the ranks of one request are different
 * endpoints</td></tr>
 * <tr><td>{@link #pace}</td><td>zero</td><td>it goes by time</td></tr>
 * </table>
 *
 * <p>The tests take some seconds for each strategy: among ten thousand endpoints, and with the
 * allocation of a hundred thousand picks measured.
 */
public abstract class StrategyContract {
  /** Picks in each measurement of shares. */
  private static final int PICKS = 20_000;

  /** Picks in each measurement of allocation, and the bytes that the JVM may need for itself. */
  private static final int PICKS_MEASURED = 100_000;

  private static final long MOST_ALLOCATED = 1_024;

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

  /**
   * Whether endpoints of equal weight take turns: each gets one request before any gets its second,
   * also while the list changes; false by default.
   */
  protected boolean takesTurns() {
    return false;
  }

  /**
   * Whether requests of equal keys go to the same endpoint, as long as it is usable, while those
   * without a key go anywhere; false by default.
   */
  protected boolean keepsKeys() {
    return false;
  }

  /**
   * Whether ranks 0 to n − 1 of one request (with a key, where {@link #keepsKeys keys are kept})
   * are the n usable candidates, if their weights are equal and nobody else asks between; false by
   * default: a rank may repeat what another said, and the balancer looks for itself in the end.
   */
  protected boolean ranksDiffer() {
    return false;
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
  void shares_are_right_where_weights_are_far_apart() {
    Bench bench = new Bench(21, weighted(100, 1, 10));
    if (honoursDeclaredWeights()) {
      assertShares(bench.counts(PICKS), 100 / 111.0, 1 / 111.0, 10 / 111.0);
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
      List<Endpoint> endpoints = new ArrayList<>(endpoints(n));
      endpoints.add(endpoint(n, 0));
      endpoints.add(endpoint(n + 1, 5));
      Compiled compiled = new Compiled(13 + n, endpoints);
      for (int round = 0; round < 200; round++) {
        for (int rank = 0; rank < 12; rank++) {
          int i = compiled.picker.pick(PickContext.none(), rank);
          assertThat(i).isBetween(0, compiled.candidates.size() - 1);
          assertThat(compiled.candidates.weight(i)).isPositive();
        }
        compiled.bench.platform.advance(pace());
      }
    }
  }

  @Test
  void the_ranks_of_a_key_are_usable_candidates_or_none() {
    Compiled compiled = new Compiled(22, weighted(1, 0, 2, 0, 3));
    for (int k = 0; k < 200; k++) {
      PickContext key = PickContext.key("k" + k);
      for (int rank = 0; rank < 12; rank++) {
        int i = compiled.picker.pick(key, rank);
        assertThat(i).as("key k%d, rank %d", k, rank).isIn(Picker.NONE, 0, 2, 4);
        assertThat(rank > 0 || i != Picker.NONE).as("rank 0 of key k%d", k).isTrue();
      }
    }
  }

  @Test
  void ranks_go_through_all_candidates_where_that_is_promised() {
    if (!ranksDiffer()) {
      return;
    }
    int n = 7;
    Compiled compiled = new Compiled(23, endpoints(n));
    for (int k = 0; k < 100; k++) {
      PickContext request = keepsKeys() ? PickContext.key("k" + k) : PickContext.none();
      Set<Integer> seen = new TreeSet<>();
      for (int rank = 0; rank < n; rank++) {
        seen.add(compiled.picker.pick(request, rank));
      }
      assertThat(seen).as("request %d", k).containsExactly(0, 1, 2, 3, 4, 5, 6);
    }
  }

  // ---- keys ----

  @Test
  void equal_keys_go_to_the_same_endpoint_where_that_is_promised() {
    if (!keepsKeys()) {
      return;
    }
    Bench bench = new Bench(24, endpoints(10));
    Map<String, Endpoint> homes = new HashMap<>();
    for (int r = 0; r < 1_000; r++) {
      String key = "k" + r % 100;
      Endpoint endpoint = bench.request(PickContext.key(key));
      Endpoint home = homes.putIfAbsent(key, endpoint);
      assertThat(endpoint).as("key %s", key).isEqualTo(home == null ? endpoint : home);
    }
    assertThat(Set.copyOf(homes.values())).as("not all in one place").hasSizeGreaterThan(4);
  }

  @Test
  void keys_stay_while_the_list_and_the_weights_of_stages_change() {
    if (!keepsKeys()) {
      return;
    }
    AtomicReference<@Nullable String> out = new AtomicReference<>();
    Stage one =
        (candidates, context) ->
            candidates.exclude(
                i -> candidates.endpoint(i).id().equals(out.get()), Reason.of("out"));
    List<Endpoint> endpoints = endpoints(10);
    Bench bench = new Bench(25, endpoints, one);
    Map<String, Endpoint> homes = new HashMap<>();
    for (int k = 0; k < 200; k++) {
      homes.put("k" + k, bench.request(PickContext.key("k" + k)));
    }
    for (int change = 0; change < 5; change++) {
      out.set("e" + change);
      List<Endpoint> changed = new ArrayList<>(endpoints);
      changed.set(
          9, changed.get(9).toBuilder().attribute("change", Integer.toString(change)).build());
      bench.discovery.publish(changed.toArray(Endpoint[]::new));
      bench.platform.advance(GAP);
      // Asked of those that never were out: a table of sessions moves the others for good.
      homes.forEach(
          (key, home) -> {
            if (Integer.parseInt(home.id().substring(1)) > 4) {
              assertThat(bench.request(PickContext.key(key)).id()).isEqualTo(home.id());
            }
          });
    }
  }

  @Test
  void without_a_key_one_request_after_the_other_goes_elsewhere() {
    // Of 500 requests to ten endpoints none has less than one, whatever the strategy; that all go
    // to
    // the home of one key, say the empty one, is what this finds.
    assertThat(new Bench(26, endpoints(10)).counts(500)).doesNotContain(0);
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
  void turns_go_on_over_changes_of_the_list_where_turns_are_taken() {
    if (!takesTurns()) {
      return;
    }
    int n = 10;
    Bench bench = new Bench(27, endpoints(n));
    for (int round = 0; round < 5; round++) {
      Set<String> had = new TreeSet<>();
      for (int turn = 0; turn < n; turn++) {
        had.add(bench.request(PickContext.none()).id());
        List<Endpoint> changed = endpoints(n);
        changed.set(
            turn, changed.get(turn).toBuilder().attribute("round", round + "." + turn).build());
        bench.discovery.publish(changed.toArray(Endpoint[]::new));
        bench.platform.advance(GAP);
      }
      assertThat(had).as("round %d", round).hasSize(n);
    }
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

  /**
   * The bounds are far above what any sensible strategy needs (milliseconds, and microseconds),
   * also on a busy machine, and far below what anything quadratic would.
   */
  @Test
  void ten_thousand_endpoints_work() {
    int n = 10_000;
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      endpoints.add(endpoint(i, 1 + i % 100));
    }
    long start = System.nanoTime();
    Bench bench = new Bench(18, endpoints);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    start = System.nanoTime();
    int[] counts = bench.counts(2_000);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(10));
    assertThat(Arrays.stream(counts).sum()).isEqualTo(2_000);
  }

  @Test
  void a_pick_allocates_nothing() {
    assertPicksAllocateNothing(new Bench(19, endpoints(10)), PickContext.none());
  }

  @Test
  void a_pick_among_unequal_weights_allocates_nothing() {
    assertPicksAllocateNothing(new Bench(20, weighted(5, 1, 3, 2)), PickContext.none());
  }

  @Test
  void a_pick_with_a_key_allocates_nothing() {
    assertPicksAllocateNothing(new Bench(28, weighted(5, 1, 3, 2)), PickContext.key("k"));
  }

  @Test
  void a_pick_that_avoids_an_endpoint_allocates_nothing() {
    List<Endpoint> endpoints = endpoints(10);
    assertPicksAllocateNothing(
        new Bench(29, endpoints), PickContext.none().avoiding(endpoints.get(3)));
  }

  private static void assertPicksAllocateNothing(Bench bench, PickContext context) {
    var threads = (com.sun.management.ThreadMXBean) ManagementFactory.getThreadMXBean();
    Balancer balancer = bench.balancer;
    int sink = 0;
    // One object of 16 bytes in every thousand picks would show. Until all is compiled, and when
    // the
    // JIT replaces code, the JVM allocates for itself; so the best of some rounds counts.
    long least = Long.MAX_VALUE;
    for (int round = 0; round < 20 && least > MOST_ALLOCATED; round++) {
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < PICKS_MEASURED; i++) {
        sink += Objects.requireNonNull(balancer.pick(context)).port();
      }
      least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
    }
    assertThat(sink).isNotZero();
    assertThat(least)
        .as("bytes allocated by %d picks", PICKS_MEASURED)
        .isLessThanOrEqualTo(MOST_ALLOCATED);
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

  /** The picker that the strategy gives for a list of endpoints, in a balancer. */
  private final class Compiled {
    final Bench bench;
    final Picker picker;
    final Candidates candidates;

    Compiled(long seed, List<Endpoint> endpoints) {
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
      this.bench = new Bench(seed, endpoints, spy);
      this.picker = Objects.requireNonNull(compiled.get());
      this.candidates = Objects.requireNonNull(from.get());
    }
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

    Endpoint request(PickContext context) {
      Attempt attempt = balancer.begin(context);
      attempt.end(Outcome.SUCCESS);
      platform.advance(pace());
      return attempt.endpoint();
    }
  }
}
