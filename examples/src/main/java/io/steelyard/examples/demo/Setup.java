package io.steelyard.examples.demo;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.steelyard.Candidates;
import io.steelyard.Stage;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.KubernetesPolicies;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Everything that runs: the API server and the cluster, unless it is the user's; the application,
 * its load and the meter.
 */
final class Setup implements AutoCloseable {
  private static final int WARM_UP = 100;

  private final @Nullable ApiServer api;
  private final @Nullable Cluster cluster;
  private final KubernetesClient client;
  private final String title;
  private final String namespace;
  private final Application application;
  private final Meter meter = new Meter();
  private final Load load;
  private final ScheduledExecutorService seconds =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "meter");
            thread.setDaemon(true);
            return thread;
          });

  /**
   * Starts all of it, without pods and without load.
   *
   * @param pace how long things take in the demo's cluster
   * @param ejection the balancer's one stage
   * @param events told in a few words what happens in the cluster
   * @param listener told of every new snapshot of the balancer
   */
  static Setup start(
      Options options,
      Cluster.Pace pace,
      Stage ejection,
      Consumer<String> events,
      Consumer<Candidates> listener)
      throws IOException, InterruptedException {
    if (options.kubeconfig() != null || options.inCluster()) {
      return new Setup(options, ejection, listener);
    }
    ApiServer api = options.apiServer() ? RealApiServer.start() : new MockApiServer();
    try {
      return new Setup(api, options, pace, ejection, events, listener);
    } catch (RuntimeException e) {
      api.close();
      throw e;
    }
  }

  private Setup(
      ApiServer api,
      Options options,
      Cluster.Pace pace,
      Stage ejection,
      Consumer<String> events,
      Consumer<Candidates> listener) {
    this.api = api;
    this.client = api.client();
    this.title = api.title();
    this.namespace = Cluster.NAMESPACE;
    Cluster own = new Cluster(api, pace, events);
    this.cluster = own;
    KubernetesDiscovery discovery =
        KubernetesDiscovery.service(Cluster.NAMESPACE, Cluster.SERVICE)
            .port(Cluster.PORT_NAME)
            .client(client);
    // The mock does not serve resources that have to be defined first.
    KubernetesPolicies policies = null;
    if (api.kubeconfig() != null) {
      installPolicies(client);
      policies = followed(namespace, client);
    }
    this.application =
        new Application(
            api.takesLoopback() ? discovery.allowLoopback() : discovery,
            own::localHost,
            Cluster.SERVICE,
            options.path(),
            ejection,
            policies,
            listener);
    this.load = new Load(application::call, meter, options.rate());
  }

  private Setup(Options options, Stage ejection, Consumer<Candidates> listener) throws IOException {
    this.api = null;
    this.cluster = null;
    String service = require(options.service());
    this.client =
        options.inCluster()
            ? new KubernetesClientBuilder().build()
            : new KubernetesClientBuilder()
                .withConfig(Config.fromKubeconfig(require(options.kubeconfig()).toFile()))
                .build();
    this.title = client.getMasterUrl().toString();
    this.namespace = options.namespace() != null ? options.namespace() : client.getNamespace();
    KubernetesDiscovery discovery =
        options.namespace() == null
            ? KubernetesDiscovery.service(service)
            : KubernetesDiscovery.service(options.namespace(), service);
    if (options.port() != null) {
      discovery = discovery.port(options.port());
    }
    this.application =
        new Application(
            discovery.client(client),
            host -> host,
            service,
            options.path(),
            ejection,
            options.policies() ? followed(namespace, client) : null,
            listener);
    this.load = new Load(application::call, meter, options.rate());
  }

  private static KubernetesPolicies followed(String namespace, KubernetesClient client) {
    return KubernetesPolicies.in(namespace).client(client).readPods().reportStatus();
  }

  /** Defines the kind of resource, and waits until it is served. */
  private static void installPolicies(KubernetesClient client) {
    InputStream file =
        require(KubernetesPolicies.class.getResourceAsStream("loadbalancingpolicies.yaml"));
    client
        .resource(
            client.getKubernetesSerialization().unmarshal(file, CustomResourceDefinition.class))
        .create();
    client
        .apiextensions()
        .v1()
        .customResourceDefinitions()
        .withName("loadbalancingpolicies.steelyard.io")
        .waitUntilCondition(
            definition ->
                definition != null
                    && definition.getStatus() != null
                    && definition.getStatus().getConditions() != null
                    && definition.getStatus().getConditions().stream()
                        .anyMatch(
                            condition ->
                                condition.getType().equals("Established")
                                    && condition.getStatus().equals("True")),
            30,
            TimeUnit.SECONDS);
  }

  private static <T> T require(@Nullable T value) {
    if (value == null) {
      throw new IllegalStateException("missing option");
    }
    return value;
  }

  /** Takes a sample each second from now on. */
  void measure(Consumer<Meter.Sample> told) {
    meter.restart(application.balancer().candidates());
    seconds.scheduleAtFixedRate(
        () -> told.accept(meter.sample(application.balancer().candidates())),
        1,
        1,
        TimeUnit.SECONDS);
  }

  /**
   * Waits for the first endpoints and sends some requests one after the other: a JVM's first ones
   * take long and would be charged to the pods. Gives up when there is nobody to answer.
   */
  void warmUp() throws InterruptedException {
    try {
      application.balancer().ready().toCompletableFuture().get(10, TimeUnit.SECONDS);
    } catch (ExecutionException | TimeoutException e) {
      return;
    }
    for (int i = 0; i < WARM_UP; i++) {
      try {
        application.call().get(10, TimeUnit.SECONDS);
      } catch (ExecutionException | TimeoutException e) {
        return;
      }
    }
  }

  /** What the API server knows of the service. */
  ServiceFacts facts() {
    return ServiceFacts.read(client, namespace, application.service());
  }

  /** The demo's cluster; null if it is the user's. */
  @Nullable Cluster cluster() {
    return cluster;
  }

  /** A file for kubectl; null if there is none. */
  @Nullable Path kubeconfig() {
    return api == null ? null : api.kubeconfig();
  }

  KubernetesClient client() {
    return client;
  }

  /** What the API server is. */
  String title() {
    return title;
  }

  Application application() {
    return application;
  }

  Meter meter() {
    return meter;
  }

  Load load() {
    return load;
  }

  @Override
  public void close() {
    load.close();
    seconds.shutdownNow();
    application.close();
    if (cluster != null) {
      cluster.close();
    }
    if (api != null) {
      api.close();
    } else {
      client.close();
    }
  }
}
