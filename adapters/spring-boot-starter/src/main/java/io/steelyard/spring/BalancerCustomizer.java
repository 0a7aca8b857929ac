package io.steelyard.spring;

import io.steelyard.BalancerBuilder;

/**
 * Changes the balancers that are made from properties before they are built: what properties cannot
 * say, such as a stage of one's own or a {@link io.steelyard.PolicySource}. Every bean of this type
 * is called, in order, after the properties were applied.
 */
@FunctionalInterface
public interface BalancerCustomizer {
  /**
   * Changes one balancer.
   *
   * @param service the service's name
   */
  void customize(String service, BalancerBuilder balancer);
}
