package io.steelyard.grpc;

import io.grpc.ManagedChannelBuilder;
import io.grpc.NameResolver;
import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.LoadBalancingPolicy;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/**
 * What a channel is told: which discovery answers for the name in {@code steelyard:///<name>}, and
 * with which policy its requests are spread. Immutable; one may serve many channels.
 */
public final class Services {
  /** How a channel hands them to the name resolver and the load balancer. */
  static final NameResolver.Args.Key<Services> KEY =
      NameResolver.Args.Key.create("io.steelyard.grpc.Services");

  /** The name of the load balancer in a service config. */
  public static final String POLICY_NAME = "steelyard";

  /** The scheme of targets. */
  public static final String SCHEME = "steelyard";

  private final Map<String, Discovery> discoveries;
  private final @Nullable LoadBalancingPolicy policy;
  private final BiConsumer<String, Balancer> onBalancer;

  private Services(
      Map<String, Discovery> discoveries,
      @Nullable LoadBalancingPolicy policy,
      BiConsumer<String, Balancer> onBalancer) {
    this.discoveries = discoveries;
    this.policy = policy;
    this.onBalancer = onBalancer;
  }

  /** No discovery: for a channel whose addresses come from another resolver, {@code dns} say. */
  public static Services none() {
    return new Services(Map.of(), null, (name, balancer) -> {});
  }

  /** One service. */
  public static Services of(String name, Discovery discovery) {
    return none().and(name, discovery);
  }

  /**
   * Returns these and one more.
   *
   * @param name as it stands in the target: {@code cart} in {@code steelyard:///cart}
   * @throws IllegalArgumentException if the name is empty, has a slash or is there already
   */
  public Services and(String name, Discovery discovery) {
    Objects.requireNonNull(discovery, "discovery");
    if (name.isEmpty() || name.indexOf('/') >= 0) {
      throw new IllegalArgumentException(
          "service: \"" + name + "\" (expected: a name without a slash)");
    }
    Map<String, Discovery> more = new LinkedHashMap<>(discoveries);
    if (more.put(name, discovery) != null) {
      throw new IllegalArgumentException("service: \"" + name + "\" (expected: each name once)");
    }
    return new Services(more, policy, onBalancer);
  }

  /**
   * Returns these with a policy for channels whose service config gives none; by default it is that
   * of {@link io.steelyard.BalancerBuilder}.
   */
  public Services policy(LoadBalancingPolicy policy) {
    return new Services(discoveries, Objects.requireNonNull(policy, "policy"), onBalancer);
  }

  /**
   * Returns these with a listener that is given the balancer of each channel when it is made, to
   * ask it for statistics and explanations or to apply a policy: its name (the channel's authority)
   * and the balancer. A channel closes its balancer when it shuts down or goes idle, and makes
   * another when it wakes. The listener is called within the channel's synchronization context: it
   * returns quickly and does not throw.
   */
  public Services onBalancer(BiConsumer<String, Balancer> listener) {
    return new Services(discoveries, policy, Objects.requireNonNull(listener, "listener"));
  }

  /**
   * Tells a channel of these services and of the load balancer; a service config that names another
   * one goes before.
   *
   * @return the builder
   */
  public <B extends ManagedChannelBuilder<?>> B configure(B channel) {
    channel.setNameResolverArg(KEY, this);
    channel.defaultLoadBalancingPolicy(POLICY_NAME);
    return channel;
  }

  @Nullable Discovery discovery(String name) {
    return discoveries.get(name);
  }

  @Nullable LoadBalancingPolicy policy() {
    return policy;
  }

  void made(String name, Balancer balancer) {
    onBalancer.accept(name, balancer);
  }

  /** The names, in order. */
  Collection<String> names() {
    Set<String> names = new TreeSet<>(discoveries.keySet());
    return names;
  }

  @Override
  public String toString() {
    return "services " + names();
  }
}
