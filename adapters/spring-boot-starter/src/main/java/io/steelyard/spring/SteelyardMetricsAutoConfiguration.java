package io.steelyard.spring;

import io.micrometer.core.instrument.MeterRegistry;
import io.steelyard.Balancer;
import io.steelyard.micrometer.BalancerMetrics;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.context.annotation.Bean;

/** The meters {@code lb.…} of all balancers, in the registries of an application that has any. */
@AutoConfiguration(
    after = SteelyardAutoConfiguration.class,
    afterName =
        "org.springframework.boot.micrometer.metrics.autoconfigure.CompositeMeterRegistryAutoConfiguration")
@ConditionalOnClass({MeterRegistry.class, BalancerMetrics.class})
@ConditionalOnBean({Balancer.class, MeterRegistry.class})
public final class SteelyardMetricsAutoConfiguration {
  /** Made by Spring. */
  SteelyardMetricsAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "steelyardMeterBinder")
  static BalancersMeterBinder steelyardMeterBinder(
      ListableBeanFactory beans, BalancerFactory factory, SteelyardProperties properties) {
    return new BalancersMeterBinder(
        BalancerRegistrar.byService(beans), factory, properties.metrics().perEndpoint());
  }
}
