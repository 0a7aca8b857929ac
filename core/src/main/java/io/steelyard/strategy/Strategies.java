package io.steelyard.strategy;

import io.steelyard.Strategy;
import java.time.Duration;
import java.util.Objects;

/**
 * The strategies, each with what it is for and what it costs.
 *
 * <table>
 * <caption>Choosing a strategy</caption>
 * <tr><th>when</th><th>strategy</th></tr>
 * <tr><td>not sure; speeds differ; a pod may hang</td><td>{@link #adaptive()}, the default</td></tr>
 * <tr><td>equal pods, equal requests</td><td>{@link #roundRobin()}</td></tr>
 * <tr><td>shares are given (a canary, mixed machines)</td><td>{@link #weightedRoundRobin()}</td></tr>
 * <tr><td>few endpoints, long requests (streams, queries)</td><td>{@link #leastConnections()}</td></tr>
 * <tr><td>one endpoint at a time, in turn</td><td>{@link #timedRoundRobin}</td></tr>
 * <tr><td>equal keys to one endpoint (caches); endpoints come and go</td><td>{@link #ringHash()}</td></tr>
 * <tr><td>the same, with shares as even as can be</td><td>{@link #maglev()}</td></tr>
 * <tr><td>the same, few endpoints, exact weights</td><td>{@link #rendezvous()}</td></tr>
 * <tr><td>numbered shards</td><td>{@link #jumpHash()}</td></tr>
 * <tr><td>the same with hot keys</td><td>{@link #boundedLoad boundedLoad(ringHash(), 0.25)}</td></tr>
 * <tr><td>sessions that must stay where they are</td><td>{@link #sessionAffinity}</td></tr>
 * <tr><td>very many clients, each with little traffic</td><td>{@link #random()}</td></tr>
 * </table>
 *
 * <p>The objects are immutable values: equal parameters make equal strategies, one may serve many
 * balancers, and each balancer remembers for itself. No picker takes a lock or allocates (but for
 * the entry of a new session).
 */
public final class Strategies {
  private Strategies() {}

  /**
   * Each endpoint in turn, from a random start.
   *
   * <p>Declared weights do not count here (zero aside): every endpoint gets the same share. What a
   * stage scales, a new pod that starts slowly for example, gets fewer turns in proportion, spread
   * smoothly. The turn goes on over list changes. Any n picks in a row visit each endpoint once,
   * unless threads collide on the counter all the time: then they take turns in blocks, and counts
   * stay within one for each stripe and one ({@link io.steelyard.Rotation}). Pick O(1): one
   * fetch-and-add; compile O(n).
   */
  public static Strategy roundRobin() {
    return RoundRobin.EQUAL_TURNS;
  }

  /**
   * Each endpoint in turn, with turns in proportion to weight and spread as evenly as they go.
   *
   * <p>Weights 5, 1, 1 give {@code aabacaa} and not {@code aaaaabc}: the order of nginx's smooth
   * weighted round robin ({@code ngx_http_upstream_round_robin.c}). Unlike there, one period is
   * computed at compile time, so that a pick neither scans nor locks and concurrent picks cannot
   * disturb the order: shares are exact over every period of Σw/gcd picks (while threads collide on
   * the counter, give or take two turns for each stripe). Periods that would be long are put
   * together by groups of equal weight, and those beyond about a million turns are rounded: to a
   * thousandth of a share, as far as a million turns allow. Pick O(1): one fetch-and-add; compile
   * O(n × period) in small pools, O(period) in others.
   */
  public static Strategy weightedRoundRobin() {
    return RoundRobin.WEIGHTED_TURNS;
  }

  /**
   * The endpoint with the fewest requests in flight for its weight, ties at random in proportion to
   * weight.
   *
   * <p>It compares all of them: the best choice a single client can make, at O(n) a pick. Beyond
   * some dozens of endpoints {@link #powerOfTwo powerOfTwo(inFlight())} is nearly as good at O(1).
   * With many clients their choices herd: each sees only its own requests.
   */
  public static Strategy leastConnections() {
    return LeastConnections.INSTANCE;
  }

  /**
   * Two different endpoints at random, the less loaded of them.
   *
   * <p>(Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 2001.) Never the
   * same one twice: drawn with replacement, as elsewhere, half the picks between two endpoints
   * would compare one with itself. Load is {@code cost × (inFlight + 1)}; see {@link LoadMetric}.
   *
   * <p>With unequal weights both are drawn by weight, and what the heavier has in flight counts in
   * whole requests of the lighter: of weights 3 and 1, three requests here are one there. Ties go
   * to the first drawn, so that without load shares are the weights exactly. Measured costs within
   * 30 % of each other then count as equal, lest small differences of speed level the weights.
   *
   * <p>Pick O(1), with a clock read if the metric is timed; compile O(n).
   */
  public static Strategy powerOfTwo(LoadMetric metric) {
    return new PowerOfTwo(Objects.requireNonNull(metric, "metric"));
  }

  /**
   * So many different endpoints at random, the least loaded of them: {@link #powerOfTwo} with more
   * choices.
   *
   * <p>The second choice does most: with n endpoints, ranked by load and compared while nothing
   * else changes, the one of rank r is chosen with probability C(n−r, d−1) / C(n, d). More choices
   * come nearer to {@link #leastConnections()}, at their price, and with many clients they herd as
   * it does. If there are no more endpoints than choices, all are compared.
   *
   * <p>Load, weights and ties are as in power of two: all are drawn by weight, each is compared
   * with the best of those before in the measure of the lighter of the two, and ties go to who was
   * drawn first. Pick O(d²) comparisons of integers and d of loads, with a clock read if the metric
   * is timed; compile O(n).
   *
   * @param choices d: 2 (then it is {@link #powerOfTwo}) to 8
   */
  public static Strategy powerOf(int choices, LoadMetric metric) {
    return PowerOfD.of(choices, Objects.requireNonNull(metric, "metric"));
  }

  /**
   * Two different endpoints at random; of equally fast ones the one with fewer requests in flight,
   * else the less loaded by {@link LoadMetric#peakEwma()}.
   *
   * <p>Of two costs the higher one counts six tenths, but no less than the lower: costs within a
   * factor of 1.7 of each other are equal. So a pool of equal endpoints is balanced by what is in
   * flight, which is exact, and not by averages whose peaks are mostly chance; and an endpoint that
   * is slow, hangs or fails is told by its latency all the same, also by one client among many,
   * which hardly ever has two requests on one endpoint. In the simulator's scenarios ({@code
   * docs/simulations.md}) it stays near the better of {@link #powerOfTwo}'s two metrics, while each
   * of them is many times worse somewhere. With unequal weights both endpoints are drawn by weight,
   * as there.
   *
   * <p>Pick O(1), with the one clock read of the request; compile O(n). With a hundred clients or
   * more add {@code Stages.subsetAmong}.
   */
  public static Strategy adaptive() {
    return Adaptive.INSTANCE;
  }

  /**
   * One endpoint at a time: each holds the turn for a fixed slot of time, then the next.
   *
   * <p>The holder is a function of the clock, so a pick writes nothing. An endpoint of twice the
   * mean weight holds its turn twice as long. While an endpoint is out its turn goes to the next
   * that is usable; one that a stage scales down keeps that part of its turn. Nobody else's turn
   * moves. Each balancer starts at a random phase; otherwise all clients would turn to the same
   * endpoint at once. Pick O(1) with a clock read, O(log n) with unequal weights; compile O(n).
   *
   * @param slot 1 millisecond to 1 day
   */
  public static Strategy timedRoundRobin(Duration slot) {
    return new TimedRoundRobin(slot, null);
  }

  /**
   * As {@link #timedRoundRobin(Duration)}, at a phase that clients agree on: it goes by wall time,
   * so that clients with the same list, slot and phase turn to the same endpoint at the same moment
   * (as far as their clocks agree).
   *
   * @param phase how far ahead of 1970's start the turns are; zero to 365 days
   */
  public static Strategy timedRoundRobin(Duration slot, Duration phase) {
    return new TimedRoundRobin(slot, Objects.requireNonNull(phase, "phase"));
  }

  /**
   * Any endpoint, at random in proportion to weight.
   *
   * <p>Writes nothing that is shared; loads are uneven by about the square root of their mean. Pick
   * O(1): Vose's alias table ("A Linear Algorithm for Generating Random Numbers with a Given
   * Distribution", 1991); compile O(n).
   */
  public static Strategy random() {
    return WeightedRandom.INSTANCE;
  }

  /** {@link #ringHash(int)} with 100 virtual nodes. */
  public static Strategy ringHash() {
    return new RingHash(RingHash.VIRTUAL_NODES);
  }

  /**
   * Equal keys to the same endpoint, by points on a circle of hashes (Karger et al., "Consistent
   * Hashing and Random Trees", 1997).
   *
   * <p>Who leaves the list gives its keys to many others, each key to the next point's owner, and
   * nobody else's keys move; the same for who joins. An ejected endpoint's points stay in the ring
   * and are passed over, and one that a stage has scaled down keeps that part of its keys: unlike
   * elsewhere the ring is not built again for it, and the same keys come back. Points follow from
   * ids and declared weights alone, so that all clients agree, whatever order their lists have. A
   * weight twice the mean has twice the points; in a pool of unequal weights a change of one shifts
   * the mean and with it a few points of others.
   *
   * <p>Shares vary: their coefficient of variation is √((n−1)/(nV+1)), 10 % at V = 100. {@link
   * #maglev()} is more even. A request without a key goes anywhere, at random by weight. Pick O(log
   * nV), compile O(n), O(nV log nV) after a change of ids or declared weights; 8 bytes a point.
   *
   * @param virtualNodes points of an endpoint of mean weight, V: 1 to 10000
   */
  public static Strategy ringHash(int virtualNodes) {
    return new RingHash(virtualNodes);
  }

  /**
   * {@link #maglev(int)} with a table that fits the number of endpoints: 65537 slots, or the first
   * of a list of primes, each about twice the one before, that gives every endpoint 100. Keys move
   * where the table grows, first at 656 endpoints; to rule that out, give a size.
   */
  public static Strategy maglev() {
    return new Maglev(0);
  }

  /**
   * Equal keys to the same endpoint, by a table in which all have the same number of slots
   * (Eisenbud et al., "Maglev: A Fast and Reliable Software Network Load Balancer", 2016).
   *
   * <p>Shares are as even as they can be: with equal weights no endpoint has two slots more than
   * another, with unequal ones each part is rounded up to whole slots. In return a few keys of
   * others move too when the list changes, less than 1 % of all for one endpoint. Unlike there, an
   * ejected endpoint stays in the table: its keys walk on, each by a stride of its own, so that
   * nobody else's move and no table is built; the same for what a stage scales down. A request
   * without a key goes anywhere, at random by weight. Pick O(1), compile O(n), O(M log M) after a
   * change of ids or declared weights; 4 bytes a slot.
   *
   * @param tableSize M, a prime from 3 to 16777213; at least 100 for each endpoint
   */
  public static Strategy maglev(int tableSize) {
    if (tableSize == 0) {
      throw new IllegalArgumentException("maglev: table size: 0 (expected: a prime)");
    }
    return new Maglev(tableSize);
  }

  /**
   * Equal keys to the same endpoint: every endpoint draws a number from the key, the best wins
   * (Thaler and Ravishankar, "A Name-Based Mapping Scheme for Rendezvous", 1996; weights by the
   * draw −ln(u)/w, Schindelhauer and Schomaker, 2005).
   *
   * <p>Shares are the weights, without a table and its grain, and the least possible number of keys
   * moves, whatever changes: the list, a weight, an ejection, a ramp. It looks at all endpoints:
   * pick O(n), with n logarithms if weights differ; compile O(n). For some dozens of endpoints. A
   * request without a key goes anywhere, at random by weight.
   */
  public static Strategy rendezvous() {
    return Rendezvous.INSTANCE;
  }

  /**
   * Keys to numbered shards (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash
   * Algorithm", 2014).
   *
   * <p>Endpoints are numbered by id, digits compared as numbers ({@code shard-2} comes before
   * {@code shard-10}), so n of them must be exactly the shards 0 to n − 1 (ids that Kubernetes
   * makes, of pod uids, are not): adding the next moves 1/n of the keys, all to it, and removing
   * the last takes that back. Removing any other renumbers those after it. Shares are even to the
   * grain of the hash. Unlike in the paper a shard that is out, or weighs less than the heaviest,
   * passes keys on: each to the shard that its next hash gives. A request without a key goes
   * anywhere, at random by weight. Pick O(log n), compile O(n); no table.
   */
  public static Strategy jumpHash() {
    return JumpHash.INSTANCE;
  }

  /**
   * A strategy that hashes, with a bound on how much more than its share an endpoint may get
   * (Mirrokni, Thorup and Zadimoghaddam, "Consistent Hashing with Bounded Loads", 2018).
   *
   * <p>An endpoint of weight w takes a request only if that leaves at most ⌈(1+ε)·(active+1)·w/Σw⌉
   * in flight on it, active being what is in flight in all. A key whose endpoint is at its bound
   * walks on along its own order, so a hot key spreads over as many endpoints as it needs, always
   * the same ones, and the rest of the keys stay. Unlike elsewhere the bound is kept under any
   * concurrency: it is checked where the request is counted, by one compare-and-set; {@link
   * io.steelyard.BoundedPicker} says how the total is kept, at the price of one more shared
   * counter. Nobody is turned away by it. Requests without a key are bounded too.
   *
   * @param hash {@link #ringHash}, {@link #maglev} or {@link #rendezvous}
   * @param epsilon how far above its share an endpoint may go, ε: above 0; 0.25 is usual. The
   *     smaller, the more keys are away from home under load
   */
  public static Strategy boundedLoad(Strategy hash, double epsilon) {
    return BoundedLoad.of(hash, epsilon);
  }

  /**
   * Keys stay on the endpoint that they came to first: a table of sessions.
   *
   * <p>Where hashing moves some keys with each change of the list, a table moves none but those
   * whose endpoint has gone. A new key goes where the fallback says and stays there until it was
   * not used for {@code idle}, or the table is full and it is among those used least. An endpoint
   * that leaves, drains or is taken out by a stage loses its sessions: with their next request they
   * go where the fallback says and stay there. While an endpoint is only full, or avoided by one
   * request, its sessions remain; such a request is served elsewhere. Each client has a table of
   * its own; over a fallback that hashes they mostly agree.
   *
   * <p>Keys are kept as they are: about 160 bytes a session with a short one. Asking ({@link
   * io.steelyard.Balancer#pick}, {@link io.steelyard.Balancer#explain(io.steelyard.PickContext)})
   * counts as use. A request without a key goes where the fallback says. Pick: one look into a
   * Caffeine cache on the balancer's clock, without a lock; a new session allocates its entry.
   * Compile O(n) and the fallback's.
   *
   * @param fallback chooses for new keys and for requests without one
   * @param idle 1 millisecond to 365 days
   * @param maximumSize how many sessions the table holds: 1 or more
   */
  public static Strategy sessionAffinity(Strategy fallback, Duration idle, long maximumSize) {
    return new SessionAffinity(fallback, idle, maximumSize);
  }
}
