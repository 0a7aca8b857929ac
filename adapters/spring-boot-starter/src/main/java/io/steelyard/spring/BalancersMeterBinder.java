package io.steelyard.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.steelyard.Balancer;
import io.steelyard.micrometer.BalancerMetrics;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The metrics of all balancers of an application. */
final class BalancersMeterBinder implements MeterBinder, AutoCloseable {
  private final List<BalancerMetrics> metrics = new ArrayList<>();

  BalancersMeterBinder(
      Map<String, Balancer> balancers, BalancerFactory factory, boolean perEndpoint) {
    balancers.forEach(
        (service, balancer) -> {
          BalancerMetrics.Builder builder = BalancerMetrics.builder(service, balancer);
          if (perEndpoint) {
            builder.perEndpoint();
          }
          Supplier<@Nullable Duration> sinceHeard = factory.sinceHeard(service);
          if (sinceHeard != null) {
            builder.staleness(sinceHeard);
          }
          metrics.add(builder.build());
        });
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    metrics.forEach(of -> of.bindTo(registry));
  }

  @Override
  public void close() {
    metrics.forEach(BalancerMetrics::close);
  }
}
