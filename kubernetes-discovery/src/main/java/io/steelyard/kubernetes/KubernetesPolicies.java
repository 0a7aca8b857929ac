package io.steelyard.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Platform;
import io.steelyard.PolicySource;
import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.Access;
import io.steelyard.kubernetes.internal.Check;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceFacts;
import io.steelyard.kubernetes.internal.policy.Describer;
import io.steelyard.kubernetes.internal.policy.PolicyWatch;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets the policies of running balancers be declared in the cluster, as resources of kind {@code
 * LoadBalancingPolicy}, and changed with {@code kubectl apply}.
 *
 * <pre>{@code
 * KubernetesDiscovery cart = KubernetesDiscovery.service("shop", "cart").port("http");
 * KubernetesPolicies policies = KubernetesPolicies.in("shop");
 * Balancer balancer = Balancer.builder(cart).policies(policies.of(cart)).build();
 * }</pre>
 *
 * <pre>{@code
 * apiVersion: steelyard.io/v1alpha1
 * kind: LoadBalancingPolicy
 * metadata:
 *   name: cart
 *   namespace: shop
 * spec:
 *   service: cart
 *   strategy:
 *     type: WeightedRoundRobin
 *     name: canary
 *     weight: 100
 *   weights:
 *     - podLabels: {track: canary}
 *       weight: 5
 * }</pre>
 *
 * <p><b>Which policy.</b> A policy is for the Services of its own namespace: one by name ({@code
 * service}), or those with some labels ({@code selector.matchLabels}), and all their ports or those
 * it lists. The labels are read from the EndpointSlices, to which Kubernetes copies them. Where
 * several policies select one service, the oldest is followed. A policy goes before what the
 * builder says and behind {@link io.steelyard.Balancer#apply}; {@code explain()} says which is in
 * force and why. What a policy leaves out ({@code stages}) stays as in the builder.
 *
 * <p><b>What is wrong is not followed.</b> A policy that cannot be read or compiled is refused as a
 * whole: the last good one stays, and a line in the log and {@code explain()} name value,
 * expectation and place. When the last policy is deleted, the builder's is in force again. While
 * the API server cannot be reached, what was read last stays. Where the CustomResourceDefinition is
 * not installed, {@link #status()} says so, and the builder's policy is in force until it is.
 *
 * <p><b>Rights.</b> The service account needs to list and watch {@code loadbalancingpolicies} of
 * group {@code steelyard.io} in the namespace; for {@link #readPods} to list and watch {@code
 * pods}; for {@link #reportStatus} to patch {@code loadbalancingpolicies/status}. The definition is
 * a resource beside this class: {@code loadbalancingpolicies.yaml}.
 *
 * <p>Immutable and thread-safe; each setting returns a copy. All balancers that follow one instance
 * share one watch of the API server, begun by the first and over with the last.
 */
public final class KubernetesPolicies {
  private final Spec spec;
  private final Object monitor = new Object();
  private volatile @Nullable PolicyWatch current; // written under monitor

  private KubernetesPolicies(Spec spec) {
    this.spec = spec;
  }

  /** The settings: changed only in a copy that nobody else has seen yet. */
  private static final class Spec {
    final String namespace;
    Access access = Access.FOUND;
    boolean readPods;
    boolean reportStatus;
    Duration silence = Reflector.Settings.DEFAULT.silence();
    Platform platform = Platform.system();

    Spec(String namespace) {
      this.namespace = namespace;
    }

    Spec copy() {
      Spec copy = new Spec(namespace);
      copy.access = access;
      copy.readPods = readPods;
      copy.reportStatus = reportStatus;
      copy.silence = silence;
      copy.platform = platform;
      return copy;
    }
  }

  private KubernetesPolicies with(Consumer<Spec> change) {
    Spec copy = spec.copy();
    change.accept(copy);
    return new KubernetesPolicies(copy);
  }

  /**
   * Follows the policies in this namespace.
   *
   * @param namespace that of the services too; a DNS label
   * @throws IllegalArgumentException if it is not a DNS label
   */
  public static KubernetesPolicies in(String namespace) {
    return new KubernetesPolicies(new Spec(Check.label(namespace, "namespace")));
  }

  /**
   * Sets the client to use, which is never closed here. By default one is made as {@link
   * KubernetesDiscovery#client} says.
   *
   * @throws IllegalStateException if a kubeconfig is set already
   */
  public KubernetesPolicies client(KubernetesClient client) {
    Access access = spec.access.by(client);
    return with(s -> s.access = access);
  }

  /**
   * Sets the kubeconfig file to make a client from, in its current context.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no current context
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesPolicies kubeconfig(Path file) {
    Access access = spec.access.by(file, null);
    return with(s -> s.access = access);
  }

  /**
   * Sets the kubeconfig file to make a client from, and the context in it.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no such context
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesPolicies kubeconfig(Path file, String context) {
    Access access = spec.access.by(file, Objects.requireNonNull(context, "context"));
    return with(s -> s.access = access);
  }

  /**
   * Lets policies give weights by labels of pods ({@code podLabels}), which needs the right to list
   * and watch pods; without it such a policy is refused. Only the pods that a rule selects are
   * read, and only while a policy with such a rule is followed.
   */
  public KubernetesPolicies readPods() {
    return with(s -> s.readPods = true);
  }

  /**
   * Lets this process say in the status of each policy whether it can be followed, once for each
   * generation and only if no other has; needs the right to patch {@code
   * loadbalancingpolicies/status}.
   */
  public KubernetesPolicies reportStatus() {
    return with(s -> s.reportStatus = true);
  }

  /**
   * Sets how long the API server may say nothing; see {@link KubernetesDiscovery#silenceLimit}.
   *
   * @param limit 10 s to 1 h
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesPolicies silenceLimit(Duration limit) {
    Check.duration(limit, "silenceLimit", Duration.ofSeconds(10), Duration.ofHours(1));
    return with(s -> s.silence = limit);
  }

  /** Sets the clock, timer and randomness; {@link Platform#system()} by default. */
  public KubernetesPolicies platform(Platform platform) {
    Objects.requireNonNull(platform, "platform");
    return with(s -> s.platform = platform);
  }

  /**
   * The policies for the service and port of this discovery: for {@link
   * io.steelyard.BalancerBuilder#policies} of the balancer that uses it.
   *
   * <p>When it is watched, the discovery is too; both share one watch of the slices. Building the
   * balancer fails with an {@link IllegalStateException} if the discovery is of another namespace.
   */
  public PolicySource of(KubernetesDiscovery discovery) {
    Objects.requireNonNull(discovery, "discovery");
    return new PolicySource() {
      @Override
      public AutoCloseable watch(LoadBalancingPolicy builders, Consumer<Advice> listener) {
        return govern(discovery, builders, listener);
      }

      @Override
      public String toString() {
        return KubernetesPolicies.this + " for " + discovery;
      }
    };
  }

  private AutoCloseable govern(
      KubernetesDiscovery discovery,
      LoadBalancingPolicy builders,
      Consumer<PolicySource.Advice> listener) {
    Describer describer = new Describer(discovery::facts);
    AutoCloseable slices = discovery.watch(describer);
    try {
      ServiceFacts facts = Objects.requireNonNull(discovery.facts());
      if (!facts.namespace().equals(spec.namespace)) {
        throw new IllegalStateException(
            "policies of namespace "
                + spec.namespace
                + " for "
                + discovery
                + " in namespace "
                + facts.namespace()
                + " (expected: the same namespace)");
      }
      PolicyWatch.Governed governed = add(builders, facts, listener);
      describer.start(governed::describe);
      return () -> {
        try {
          governed.close();
        } finally {
          slices.close();
        }
      };
    } catch (RuntimeException e) {
      closeQuietly(slices);
      throw e;
    }
  }

  private static void closeQuietly(AutoCloseable watch) {
    try {
      watch.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  private PolicyWatch.Governed add(
      LoadBalancingPolicy builders, ServiceFacts facts, Consumer<PolicySource.Advice> listener) {
    synchronized (monitor) {
      PolicyWatch running = current;
      PolicyWatch.Governed added = running == null ? null : running.add(builders, facts, listener);
      if (added == null) {
        PolicyWatch started = create();
        added = Objects.requireNonNull(started.add(builders, facts, listener));
        current = started;
        started.start();
      }
      return added;
    }
  }

  private PolicyWatch create() {
    return new PolicyWatch(
        spec.access.holder(spec.access.context()),
        new PolicyWatch.Settings(
            spec.namespace,
            spec.readPods,
            spec.reportStatus,
            Reflector.Settings.DEFAULT.withSilence(spec.silence)),
        spec.platform);
  }

  /**
   * How the watch is doing now, or how it was doing when it was closed last, and which policies it
   * knows. Takes a short lock: not for a request's path.
   */
  public KubernetesPoliciesStatus status() {
    PolicyWatch running = current;
    if (running == null) {
      return new KubernetesPoliciesStatus(
          toString(), Topology.State.SYNCING, "not watched", null, List.of());
    }
    PolicyWatch.Snapshot now = running.snapshot();
    return new KubernetesPoliciesStatus(
        toString(),
        now.state(),
        now.detail(),
        now.sinceHeard(),
        now.policies().stream()
            .map(p -> new KubernetesPoliciesStatus.Policy(p.name(), p.problem(), p.governs()))
            .toList());
  }

  /** {@code policies in shop}. */
  @Override
  public String toString() {
    return "policies in " + spec.namespace;
  }
}
