package io.steelyard.grpc;

import io.grpc.Metadata;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.config.Fields;
import io.steelyard.config.PolicyFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What stands under {@code steelyard} in a service config, checked. A value.
 *
 * @param strategy null for the channel's own
 * @param stages null for the channel's own
 * @param header the header whose value is a call's affinity key; null for none
 */
record BalancingConfig(
    @Nullable Strategy strategy, @Nullable List<Stage> stages, @Nullable String header) {
  private static final Pattern HEADER = Pattern.compile("[0-9a-z_.-]{1,100}(?<!-bin)");

  /**
   * @throws io.steelyard.config.ConfigException if it cannot be followed; says where and why
   */
  static BalancingConfig of(Map<String, ?> config) {
    Fields fields = Fields.of(Services.POLICY_NAME, config);
    Strategy strategy =
        fields.has("strategy") ? PolicyFormat.strategy(fields.object("strategy")) : null;
    List<Stage> stages = fields.has("stages") ? PolicyFormat.stages(fields.object("stages")) : null;
    String header =
        fields.text(
            "affinityHeader", HEADER, "the name of an ASCII header, in lower case: x-user-id");
    fields.requireNoOthers();
    return new BalancingConfig(strategy, stages, header);
  }

  /** What it makes of the channel's own policy; null if it leaves it alone. */
  @Nullable LoadBalancingPolicy over(LoadBalancingPolicy own) {
    if (strategy == null && stages == null) {
      return null;
    }
    return new LoadBalancingPolicy(
        stages == null ? own.stages() : stages, strategy == null ? own.strategy() : strategy);
  }

  Metadata.@Nullable Key<String> affinityHeader() {
    return header == null ? null : Metadata.Key.of(header, Metadata.ASCII_STRING_MARSHALLER);
  }
}
