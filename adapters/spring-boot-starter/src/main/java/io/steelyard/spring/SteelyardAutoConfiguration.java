package io.steelyard.spring;

import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Import;

/**
 * A {@link io.steelyard.Balancer} for each of {@code steelyard.services.…}: a bean with the
 * service's name as qualifier, which is closed with the context.
 */
@AutoConfiguration
@EnableConfigurationProperties(SteelyardProperties.class)
@Import(BalancerRegistrar.class)
public final class SteelyardAutoConfiguration {
  /** Made by Spring. */
  SteelyardAutoConfiguration() {}

  @Bean(BalancerRegistrar.FACTORY)
  static BalancerFactory steelyardBalancerFactory(
      SteelyardProperties properties,
      ObjectProvider<BalancerCustomizer> customizers,
      BeanFactory beans) {
    return new BalancerFactory(properties, customizers, beans);
  }
}
