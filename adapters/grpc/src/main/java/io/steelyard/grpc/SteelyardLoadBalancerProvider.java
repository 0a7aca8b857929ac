package io.steelyard.grpc;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.NameResolver.ConfigOrError;
import io.grpc.Status;
import java.util.Map;

/**
 * The load balancer {@code steelyard} of a service config: a {@link io.steelyard.Balancer} chooses
 * a connection for each call. gRPC finds it by itself.
 *
 * <pre>{@code
 * {"loadBalancingConfig": [{"steelyard": {
 *   "strategy": {"type": "PowerOfTwo", "metric": "PeakEwma"},
 *   "stages": {"ejection": {"panicBelow": 0.5}, "maxInFlight": 100},
 *   "affinityHeader": "x-user-id"}}]}
 * }</pre>
 *
 * <p>The format is that of {@link io.steelyard.config.PolicyFormat}. All of it is optional; without
 * {@code strategy} and {@code stages} the policy given to {@link Services#policy} is in force. A
 * service config that changes while the channel runs is taken up without losing a call or a
 * statistic.
 */
public final class SteelyardLoadBalancerProvider extends LoadBalancerProvider {
  /** For gRPC's service loader. */
  public SteelyardLoadBalancerProvider() {}

  @Override
  public LoadBalancer newLoadBalancer(LoadBalancer.Helper helper) {
    return new BalancedLoadBalancer(helper);
  }

  @Override
  public ConfigOrError parseLoadBalancingPolicyConfig(Map<String, ?> config) {
    try {
      return ConfigOrError.fromConfig(BalancingConfig.of(config));
    } catch (IllegalArgumentException e) {
      return ConfigOrError.fromError(
          Status.UNAVAILABLE.withDescription("service config: " + e.getMessage()));
    }
  }

  @Override
  public String getPolicyName() {
    return Services.POLICY_NAME;
  }

  @Override
  public boolean isAvailable() {
    return true;
  }

  @Override
  public int getPriority() {
    return 5;
  }
}
