package io.steelyard;

import java.util.List;
import java.util.Objects;

/**
 * What a balancer does with what it knows: stages, in order, and a strategy. An immutable value;
 * apply it to a running balancer with {@link Balancer#apply}.
 *
 * @param stages the layers, first to last
 * @param strategy what chooses among what they leave
 */
public record LoadBalancingPolicy(List<Stage> stages, Strategy strategy) {
  /** Checks and copies. */
  public LoadBalancingPolicy {
    stages = List.copyOf(stages);
    Objects.requireNonNull(strategy, "strategy");
  }

  /**
   * The policy of a balancer that was not given another: {@code adaptive()} behind {@code
   * ejection().panicBelow(0.5)}.
   */
  public static LoadBalancingPolicy standard() {
    return BalancerBuilder.STANDARD;
  }

  /** Returns a policy. */
  public static LoadBalancingPolicy of(Strategy strategy, Stage... stages) {
    return new LoadBalancingPolicy(List.of(stages), strategy);
  }

  /** Returns this policy with another strategy. */
  public LoadBalancingPolicy strategy(Strategy strategy) {
    return new LoadBalancingPolicy(stages, strategy);
  }

  /**
   * Returns this policy with other stages; without any it is {@code of(strategy())}, as {@link
   * #stages()} asks which there are.
   */
  public LoadBalancingPolicy stages(Stage... stages) {
    return new LoadBalancingPolicy(List.of(stages), strategy);
  }

  /** {@code stage → stage → strategy}. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Stage stage : stages) {
      text.append(stage).append(" → ");
    }
    return text.append(strategy).toString();
  }
}
