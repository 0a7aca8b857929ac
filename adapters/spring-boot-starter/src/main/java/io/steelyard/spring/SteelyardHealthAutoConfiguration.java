package io.steelyard.spring;

import io.steelyard.Balancer;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnBean;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.health.autoconfigure.contributor.ConditionalOnEnabledHealthIndicator;
import org.springframework.boot.health.contributor.CompositeHealthContributor;
import org.springframework.boot.health.contributor.HealthContributor;
import org.springframework.context.annotation.Bean;

/**
 * The health component {@code steelyard}, with one of its own for each service. It is in no group
 * unless the application puts it there: a dependency that is down is no reason to take this
 * application out of service as well.
 */
@AutoConfiguration(after = SteelyardAutoConfiguration.class)
@ConditionalOnClass({HealthContributor.class, ConditionalOnEnabledHealthIndicator.class})
@ConditionalOnBean(Balancer.class)
@ConditionalOnEnabledHealthIndicator("steelyard")
public final class SteelyardHealthAutoConfiguration {
  /** Made by Spring. */
  SteelyardHealthAutoConfiguration() {}

  @Bean
  @ConditionalOnMissingBean(name = "steelyardHealthContributor")
  static CompositeHealthContributor steelyardHealthContributor(ListableBeanFactory beans) {
    return CompositeHealthContributor.fromMap(
        BalancerRegistrar.byService(beans), BalancerHealth::new);
  }
}
