package io.steelyard.examples.demo;

import io.steelyard.Balancer;
import io.steelyard.BalancerBuilder;
import io.steelyard.Candidates;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Stage;
import io.steelyard.Topology;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.KubernetesPolicies;
import io.steelyard.kubernetes.KubernetesStatus;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A program that calls a service in Kubernetes through the library, and all there is to it: a
 * discovery, a balancer, an HTTP client.
 */
final class Application implements AutoCloseable {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(1);
  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(5);

  /**
   * Shorter than the default, so that a pod that is slow no longer is forgiven while one watches.
   * It is still long compared with the milliseconds between two requests to one pod.
   */
  private static final Duration LATENCY_DECAY = Duration.ofSeconds(2);

  private final KubernetesDiscovery discovery;
  private final String service;
  private final Balancer balancer;
  private final HttpClient client;
  private final HttpRequest request;
  private final Stage ejection;
  private final boolean follows;

  /**
   * Starts to watch the service.
   *
   * @param host what to connect to for an address that the discovery found
   * @param policies those of the cluster, if it has any
   * @param listener told of every new snapshot
   */
  Application(
      KubernetesDiscovery discovery,
      UnaryOperator<String> host,
      String service,
      String path,
      Stage ejection,
      @Nullable KubernetesPolicies policies,
      Consumer<Candidates> listener) {
    this.discovery = discovery;
    this.service = service;
    this.ejection = ejection;
    BalancerBuilder builder =
        Balancer.builder(at(host, discovery))
            .name(service)
            .stages(ejection)
            .strategy(Choice.ADAPTIVE.strategy())
            .latencyDecay(LATENCY_DECAY)
            .listener(listener);
    this.follows = policies != null;
    this.balancer = (policies == null ? builder : builder.policies(policies.of(discovery))).build();
    this.client =
        BalancedHttpClient.wrap(HttpClient.newBuilder().connectTimeout(CONNECT_TIMEOUT).build())
            .service(service, balancer)
            .passThrough(false)
            .build();
    this.request =
        HttpRequest.newBuilder(URI.create("http://" + service + path))
            .timeout(REQUEST_TIMEOUT)
            .build();
  }

  /** Sends one request to whichever pod the balancer chooses. */
  CompletableFuture<HttpResponse<String>> call() {
    return client.sendAsync(request, BodyHandlers.ofString());
  }

  /** Swaps the strategy while requests go on. */
  void choose(Choice next) {
    balancer.apply(LoadBalancingPolicy.of(next.strategy(), ejection));
  }

  /** Leaves the policy to the cluster, if it has one, and to the builder. */
  void follow() {
    balancer.withdraw();
  }

  /** Whether it follows policies of the cluster while nothing else is chosen. */
  boolean follows() {
    return follows;
  }

  String service() {
    return service;
  }

  /** The discovery's name. */
  String title() {
    return discovery.toString();
  }

  /** What the strategy in force is called. */
  String strategy() {
    return Choice.titleOf(balancer.policy().strategy());
  }

  Balancer balancer() {
    return balancer;
  }

  KubernetesStatus status() {
    return discovery.status();
  }

  /** The pod behind an endpoint; its authority where the slices do not name one. */
  static String podName(Endpoint endpoint) {
    return endpoint.attributes().getOrDefault("pod", endpoint.authority());
  }

  /** The same endpoints at other hosts: a real cluster's pod addresses mean nothing here. */
  private static Discovery at(UnaryOperator<String> host, Discovery discovery) {
    return new Discovery() {
      @Override
      public AutoCloseable watch(Listener listener) {
        return discovery.watch(
            new Listener() {
              @Override
              public void update(Topology topology) {
                listener.update(
                    Topology.of(topology.endpoints().stream().map(this::moved).toList())
                        .with(topology.state(), topology.detail()));
              }

              private Endpoint moved(Endpoint endpoint) {
                return endpoint.toBuilder().host(host.apply(endpoint.host())).build();
              }

              @Override
              public void failed(Throwable cause) {
                listener.failed(cause);
              }
            });
      }

      @Override
      public String toString() {
        return discovery.toString();
      }
    };
  }

  @Override
  public void close() {
    balancer.close();
  }
}
