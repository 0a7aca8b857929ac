package io.steelyard.stage;

import io.steelyard.Stage;
import java.time.Duration;

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

  /** {@link #subset(int, String)} with an id that each balancer draws for itself. */
  public static Stage subset(int size) {
    return new Subset(size, null);
  }

  /**
   * TODO
   */
  public static Stage subset(int size, String client) {
    return new Subset(size, client);
  }
}
