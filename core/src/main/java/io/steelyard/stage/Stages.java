package io.steelyard.stage;

import io.steelyard.Stage;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;

/**
 * The stages. Immutable values: equal parameters make equal stages, and one may serve many
 * balancers.
 */
public final class Stages {
  private Stages() {}

  /**
   * {@link #ejection(int, Duration, Duration)} after 5 failures in a row, for 5 seconds at first
   * and 5 minutes at most.
   */
  public static Stage ejection() {
    return ejection(5, Duration.ofSeconds(5), Duration.ofMinutes(5));
  }

  /**
   * Takes an endpoint out after so many failures in a row, and lets it back by way of one probe.
   *
   * <p>It is out for {@code base × 2^(episodes − 1)}, at most {@code most}. Then single requests,
   * one at a time, probe it: the first success starts a ramp over {@code base} from a tenth to its
   * full weight, the first failure, or half a minute without an answer, takes it out again for
   * longer. Attempts that were in flight when it was taken out count neither against nor for it:
   * twenty requests that die with one pod are one episode. An episode is forgotten after each
   * {@code most} without another. While a panic guard sets this stage aside episodes do not
   * multiply.
   *
   * <p>{@link io.steelyard.Outcome#OVERLOADED} neither counts nor ends the row: an endpoint that
   * turns away what is too much does its work, and where a quota is what it keeps, all of them
   * would be taken out by one eager client. The metrics of latency charge it like a failure, so
   * that less is sent there.
   *
   * <p>Without a guard it may take out every endpoint; {@link Stage#panicBelow panicBelow(0.5)} is
   * a good one. O(endpoints) an evaluation, nothing a request.
   *
   * @param failures in a row: 1 to 65535
   * @param base above zero
   * @param most at least {@code base}, at most 365 days
   * @throws IllegalArgumentException if one is out of range
   */
  public static Stage ejection(int failures, Duration base, Duration most) {
    return new Ejection(failures, base, most);
  }

  /**
   * {@link #outliers(int, Duration, Duration, Duration)} by 100 requests in 10 seconds, out for 30
   * seconds at first and 5 minutes at most.
   */
  public static Stage outliers() {
    return outliers(100, Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofMinutes(5));
  }

  /**
   * Takes an endpoint out that fails much more often than the others, if not all the time (gRFC
   * A50's outlier detection).
   *
   * <p>After each interval it compares the success rates of the endpoints that had so many requests
   * in it. If there are five or more of them, one goes out whose rate is below their mean by more
   * than 1.9 standard deviations, by five points, and by four standard errors of its own; that
   * second and third condition are not in gRPC's, where one stray failure in a hundred requests is
   * enough beside nine endpoints without. One that failed more than 85 % of half as many requests
   * goes out too. At most a tenth of the list is out at a time, but one in any case, the worst
   * first; one that drains or weighs zero is not judged, and takes nobody's place.
   *
   * <p>It is out for {@code base × episodes}, at most {@code most}, then back in full; each
   * interval in use takes one episode back. {@link io.steelyard.Outcome#OVERLOADED} does not count,
   * as under {@link #ejection()}, beside which this is for what fails now and then: one that fails
   * every fifth request has five failures in a row once in 4,000 requests. {@code adaptive()} and
   * peak EWMA send less to such a one anyway.
   *
   * <p>O(endpoints) an evaluation, one each interval at least; nothing a request.
   *
   * @param requests in an interval, below which an endpoint is not judged: 2 or more
   * @param interval 100 milliseconds to 1 day
   * @param base above zero
   * @param most at least {@code base}, at most 365 days
   * @throws IllegalArgumentException if one is out of range
   */
  public static Stage outliers(int requests, Duration interval, Duration base, Duration most) {
    return new Outliers(requests, interval, base, most);
  }

  /** {@link #slowStart(Duration, double)} that rises evenly. */
  public static Stage slowStart(Duration window) {
    return new SlowStart(window, 1);
  }

  /**
   * Gives an endpoint that joins the list little at first: a JVM that has just started is slow.
   *
   * <p>After t seconds in the list its weight counts {@code (max(t, 1 s) / window)^(1 /
   * aggression)} of the whole, a tenth at least (Envoy's slow start). With a window of 60 s and
   * aggression 1 that is .1, .25 and .5 after 1, 15 and 30 s; with aggression 2 it is .5 after 15
   * s. It moves in steps of about a twentieth of the window, and whenever something else changes.
   *
   * <p>The endpoints of the first list are not new: mostly it is the client that is. One that was
   * draining, or weighed zero, and no longer does, is. Where most are new there is nobody to take
   * what they do not: then all of them are raised so far that no endpoint gets more than twice its
   * share, and if all have come together nothing changes. Endpoints that {@link #ejection()} lets
   * back have a ramp of their own.
   *
   * <p>Strategies that go by latency ({@code adaptive()}, peak EWMA) find out by themselves how
   * slow a new endpoint is; this spares it the requests by which they do. O(endpoints) an
   * evaluation; nothing a request.
   *
   * @param window above 1 second, at most 1 day
   * @param aggression above 0: the higher, the sooner it gets most of its weight
   * @throws IllegalArgumentException if one is out of range
   */
  public static Stage slowStart(Duration window, double aggression) {
    return new SlowStart(window, aggression);
  }

  /**
   * {@link #zone(String, Map)} where clients are as many in each zone that has endpoints, or nobody
   * knows.
   */
  public static Stage zone(String name) {
    return new Zone(name, Map.of());
  }

  /**
   * Keeps requests in the client's own zone, as far as it can carry them, and no further.
   *
   * <p>With the part c of all clients and the part e of the endpoints (by weight, of those in use)
   * a zone keeps everything if e ≥ c, and e/c of it otherwise. The rest goes to the zones that have
   * more endpoints than clients, by how much more (Envoy's zone aware routing). If all clients do
   * so, no endpoint gets more than another. Clients 40, 40, 20 and endpoints 25, 50, 25: of the
   * first zone's requests 62.5 % stay, 25 % go to the second and 12.5 % to the third; all others
   * stay. As endpoints of the zone are ejected it keeps less, without a threshold to cross: no
   * panic guard is needed, and in four zones or more one at .3 would always set this stage aside.
   * It should come after {@link #ejection()}.
   *
   * <p>With fewer than two usable endpoints in the zone it stands aside, so that a retry finds
   * another; then it says so in {@link io.steelyard.Balancer#explain()}. Endpoints without a zone
   * are in one where nobody lives. Strategies that hash disagree between clients of different
   * zones. O(endpoints) an evaluation; nothing a request.
   *
   * @param name the client's own zone, as {@link io.steelyard.Endpoint#zone()} calls it
   * @param clients how many clients there are in each zone, in any unit; the own among them, with 1
   *     or more. If most of the traffic comes from one zone, say so: otherwise it is overloaded
   * @throws IllegalArgumentException if the name is blank, a number negative, or the own zone's 0
   */
  public static Stage zone(String name, Map<String, Integer> clients) {
    if (clients.isEmpty()) {
      throw new IllegalArgumentException("zone: clients: {} (expected: own zone " + name + ")");
    }
    return new Zone(name, clients);
  }

  /**
   * Lets at most so many requests be in flight on each endpoint. What finds one full goes to the
   * strategy's next choice; what finds all full fails at once ({@link
   * io.steelyard.NoEndpointException.Why#FULL}): there is no queue.
   *
   * @param most 1 or more
   * @throws IllegalArgumentException if it is below 1
   */
  public static Stage maxInFlight(int most) {
    return new MaxInFlight(most);
  }

  /**
   * {@link #subset(int, String)} by a number that the balancer draws: it keeps it while the stage
   * stays in its policy, and another process, or the same one started again, has another.
   */
  public static Stage subset(int size) {
    return Subset.of(size, null);
  }

  /**
   * Gives each client a part of the endpoints: the first so many usable ones in an order of its
   * own, by a hash of its id and theirs (rendezvous hashing, as in gRFC A68's random subsetting).
   *
   * <p>A client that sends each endpoint few requests has little to go by: what it has in flight
   * there is none or one, its averages are old. With fewer endpoints it knows more of each, and
   * needs fewer connections. But clients choose without knowing of each other, so how many of them
   * an endpoint has is left to chance: below ten on average it is worse than no subset; see {@link
   * #subsetAmong(int, String)}. Not for strategies that hash: clients would disagree.
   *
   * <p>When an endpoint joins or leaves, at most one other changes. One that an earlier stage took
   * out is replaced by the next in the order until it is back from its probation, so it should come
   * after {@link #ejection()}, and outside its panic guard. Weights do not matter for who is in a
   * subset; inside it the strategy goes by them. O(endpoints) an evaluation, O(n log n) when the
   * list has changed; nothing a request.
   *
   * @param size 1 or more; a list no longer than that is used whole
   * @param client the same for this client after a restart: a pod's name, for example
   * @throws IllegalArgumentException if the size is below 1, or the client blank
   */
  public static Stage subset(int size, String client) {
    return Subset.of(size, Objects.requireNonNull(client, "client"));
  }

  /** {@link #subsetAmong(int, String)} by a number that the balancer draws. */
  public static Stage subsetAmong(int clients) {
    return Subset.among(clients, null);
  }

  /**
   * {@link #subset(int, String)} of a size that suits so many clients: ⌈10 × endpoints / clients⌉,
   * at least 10, so that every endpoint has ten clients or more on average and every client ten
   * endpoints. With ten clients or fewer that is the whole list.
   *
   * @param clients how many clients there are, about: 1 or more. A guess may be wrong by half; too
   *     high a one is worse than too low
   * @param client the same for this client after a restart: a pod's name, for example
   * @throws IllegalArgumentException if clients is below 1, or the client blank
   */
  public static Stage subsetAmong(int clients, String client) {
    return Subset.among(clients, Objects.requireNonNull(client, "client"));
  }
}
