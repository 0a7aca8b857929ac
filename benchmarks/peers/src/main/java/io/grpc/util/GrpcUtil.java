package io.grpc.util;

import io.grpc.LoadBalancer;
import io.grpc.LoadBalancerProvider;
import io.grpc.util.MultiChildLoadBalancer.ChildLbState;

/** What is package-private in grpc-util. */
public final class GrpcUtil {
  private GrpcUtil() {}

  /** The round robin of a program without grpc-services. */
  public static LoadBalancerProvider roundRobin() {
    return new SecretRoundRobinLoadBalancerProvider.Provider();
  }

  /** Makes all children of the policy connect, with one new picker for all of them. */
  public static void connectChildren(LoadBalancer policy) {
    MultiChildLoadBalancer parent = (MultiChildLoadBalancer) policy;
    parent.resolvingAddresses = true;
    for (ChildLbState child : parent.getChildLbStates()) {
      child.getLb().requestConnection();
    }
    parent.resolvingAddresses = false;
    parent.updateOverallBalancingState();
  }
}
