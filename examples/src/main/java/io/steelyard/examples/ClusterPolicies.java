package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.KubernetesPolicies;

/**
 * Follows the policy that the cluster declares for service {@code cart} in namespace {@code shop}:
 * {@code kubectl apply} another one and see it change.
 */
public final class ClusterPolicies {
  /** Runs it until it is interrupted. */
  public static void main(String... args) throws Exception {
    KubernetesDiscovery cart = KubernetesDiscovery.service("shop", "cart").port("http");
    KubernetesPolicies policies = KubernetesPolicies.in("shop");
    try (Balancer balancer = Balancer.builder(cart).policies(policies.of(cart)).build()) {
      while (true) {
        System.out.println(balancer.explain());
        System.out.println(policies.status());
        Thread.sleep(2_000);
      }
    }
  }

  private ClusterPolicies() {}
}
