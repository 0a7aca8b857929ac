package io.steelyard;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The answer to "why did it pick that?": what was discovered, what each layer left, and every
 * endpoint with its weight and reason. Immutable; {@code toString()} prints it for people:
 *
 * <pre>
 * cart: 2 discovered (LIVE) → 1 ejection.panicBelow(0.4) → powerOfTwo(peakEwma)   [policy: apply]
 *   pod-a@10.0.0.1:8080  weight 1.000  in flight 2  12.1 ms
 *   pod-b@10.0.0.2:8080  weight 0.000  in flight 0  ejected: 5 failures in a row, 3.2 s left
 * </pre>
 */
public interface Explanation {
  /** The balancer's name. */
  String name();

  /** The topology in force; an older one than discovery's last while a layer throws. */
  Topology topology();

  /** The layers in order and what each left. */
  List<Layer> layers();

  /** The strategy's name. */
  String strategy();

  /**
   * Where the policy in force comes from: {@code builder}, {@code apply}, or what a {@link
   * PolicySource} says of it. In parentheses, why it is not another.
   */
  String policySource();

  /** Every discovered endpoint. */
  List<Row> rows();

  /** The endpoint a request would have got; null if none, or if no request was asked about. */
  @Nullable Endpoint choice();

  /**
   * What is wrong at the moment: a stage or strategy that throws, a policy that was refused, a
   * picker that has thrown or chosen what cannot be used, a discovery that fails; null if nothing
   * is.
   */
  @Nullable String problem();

  /**
   * One layer.
   *
   * @param name the stage's name
   * @param usable how many candidates had a weight above zero after it
   * @param note what it said of itself: that it stands aside, or falls back; null if nothing
   */
  record Layer(String name, int usable, @Nullable String note) {}

  /**
   * One endpoint.
   *
   * @param weight its weight after all layers
   * @param reason why it is excluded or held back; null if it is not
   * @param avoided whether the request that was asked about avoids it
   * @param inFlight requests in flight
   * @param latencyNanos the latency average, 0 if unknown
   */
  record Row(
      Endpoint endpoint,
      double weight,
      @Nullable String reason,
      boolean avoided,
      int inFlight,
      double latencyNanos) {}
}
