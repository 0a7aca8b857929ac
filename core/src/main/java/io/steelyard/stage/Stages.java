package io.steelyard.stage;

import io.steelyard.Stage;
import java.time.Duration;
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
   * @throws IllegalArgumentException if the size is below 1
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
   * @throws IllegalArgumentException if clients is below 1
   */
  public static Stage subsetAmong(int clients, String client) {
    return Subset.among(clients, Objects.requireNonNull(client, "client"));
  }
}
