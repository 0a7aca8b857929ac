package io.steelyard.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.steelyard.Balancer;
import io.steelyard.kubernetes.KubernetesPolicies;
import io.steelyard.stage.Stages;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The files in examples/kubernetes, on a real API server and with the demo under load. */
@Timeout(300)
class KubernetesManifestsTest {
  private static final Path FILES = Path.of("kubernetes");
  private static final Events events = new Events(event -> {});
  private static Setup setup;
  private static Page page;
  private static KubernetesClient client;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue(
        System.getenv(RealApiServer.ASSETS) != null,
        "skipped: KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver");
    setup =
        Setup.start(
            Options.parse("--api-server", "--rate", "100"),
            new Cluster.Pace(Duration.ofDays(1), Duration.ofDays(1), Duration.ofMillis(200)),
            Stages.ejection().panicBelow(0.5),
            text -> events.add("cluster", text),
            events::snapshot);
    client = setup.client();
    page = Page.serve(0, setup, events);
    setup.cluster().scale(3);
    await(() -> balancer().candidates().usable() == 3);
    setup.load().resume();
  }

  @AfterAll
  static void stop() {
    if (setup != null) {
      page.close();
      setup.close();
    }
  }

  private static Balancer balancer() {
    return setup.application().balancer();
  }

  private static String explained() {
    return balancer().explain().toString();
  }

  private static List<Path> yaml(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(file -> file.toString().endsWith(".yaml"))
          .filter(file -> !file.endsWith("kustomization.yaml"))
          .sorted()
          .toList();
    }
  }

  /** Creates or replaces everything in a file. */
  private static void apply(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      for (HasMetadata object : client.load(in).items()) {
        try {
          client.resource(object).create();
        } catch (KubernetesClientException e) {
          if (e.getCode() != 409) {
            throw e;
          }
          client.resource(object).serverSideApply();
        }
      }
    }
  }

  @Test
  void theApiServerTakesEveryFile() throws IOException {
    List<Path> files = yaml(FILES);
    assertThat(files).hasSizeGreaterThanOrEqualTo(7);
    for (Path file : files) {
      if (!file.endsWith("server.yaml")) { // whose service is the demo's here
        apply(file);
      }
    }
    try (InputStream in = Files.newInputStream(FILES.resolve("server.yaml"))) {
      for (HasMetadata object : client.load(in).items()) {
        object.getMetadata().setName(object.getMetadata().getName() + "-sample");
        client.resource(object).create();
      }
    }
    assertThat(client.apps().deployments().inNamespace("shop").list().getItems())
        .extracting(d -> d.getMetadata().getName())
        .containsExactlyInAnyOrder("cart-sample", "cart-canary-sample", "checkout");
  }

  @Test
  void theKustomizationNamesEveryFile() throws IOException {
    String kustomization = Files.readString(FILES.resolve("kustomization.yaml"));
    assertThat(yaml(FILES))
        .allSatisfy(file -> assertThat(kustomization).contains("- " + file.getFileName()));
  }

  @Test
  void theDefinitionIsTheOneThatIsShipped() throws IOException {
    try (InputStream in =
        KubernetesPolicies.class.getResourceAsStream("loadbalancingpolicies.yaml")) {
      assertThat(FILES.resolve("crd.yaml"))
          .hasContent(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    }
  }

  @Test
  void everyPolicyIsFollowedByTheRunningDemoAndNoRequestIsLost() throws Exception {
    long lost = setup.meter().failed();
    List<String> seen = new ArrayList<>();
    for (Path file : yaml(FILES.resolve("policies"))) {
      client.resource(Files.readString(file)).delete();
      await(() -> origin().startsWith("builder"));
      client.resource(Files.readString(file)).create();
      if (file.endsWith("by-labels.yaml")) { // the demo's slices carry no labels of a service
        await(() -> accepted().equals("True"));
        continue;
      }
      await(() -> origin().startsWith("policy shop/cart"));
      assertThat(balancer().explain().problem()).as("%s", file).isNull();
      seen.add(balancer().policy().strategy().toString().replaceAll("\\(.*", ""));
      long before = setup.meter().answered();
      await(() -> setup.meter().answered() >= before + 10);
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            "adaptive",
            "roundRobin",
            "weightedRoundRobin",
            "timedRoundRobin",
            "leastConnections",
            "powerOfTwo",
            "powerOf",
            "random",
            "ringHash",
            "maglev",
            "rendezvous",
            "jumpHash",
            "boundedLoad",
            "sessionAffinity");
    assertThat(setup.meter().failed()).isEqualTo(lost);
  }

  @Test
  void kubectlChangesThePolicyOfTheRunningDemoAndThePageSaysSo() throws Exception {
    assumeTrue(hasKubectl(), "skipped: no kubectl (expected: on the path)");
    Path policies = FILES.resolve("policies");

    assertThat(kubectl("apply", "-k", FILES.toString(), "--dry-run=server"))
        .contains("deployment.apps/cart-canary created (server dry run)")
        .contains(
            "customresourcedefinition.apiextensions.k8s.io/loadbalancingpolicies.steelyard.io")
        .doesNotContain("rror");
    assertThat(kubectl("apply", "-f", policies.resolve("round-robin.yaml").toString()))
        .contains("loadbalancingpolicy.steelyard.io/cart");
    await(() -> explained().contains("roundRobin   [policy: policy shop/cart]"));
    assertThat(page("state")).contains("roundRobin   [policy: policy shop/cart]");

    kubectl("apply", "-f", policies.resolve("weighted-round-robin.yaml").toString());
    await(() -> explained().contains("weightedRoundRobin   [policy: policy shop/cart \"canary\"]"));
    await(() -> explained().contains("weights(track=canary: 5, else 100)"));

    // The API server refuses what the definition knows to be wrong; the demo goes on.
    assertThat(
            kubectl(
                "patch",
                "lbp",
                "cart",
                "--type=merge",
                "-p",
                "{\"spec\": {\"strategy\": {\"type\": \"Fastest\"}}}"))
        .contains("Unsupported value: \"Fastest\"");
    assertThat(explained()).contains("weightedRoundRobin");

    // And the demo what only the library knows, and says so in the status.
    kubectl("apply", "-f", policies.resolve("maglev.yaml").toString());
    await(() -> explained().contains("maglev(65537)"));
    kubectl(
        "patch",
        "lbp",
        "cart",
        "--type=merge",
        "-p",
        "{\"spec\": {\"strategy\": {\"tableSize\": 100}}}");
    await(() -> explained().contains("spec.strategy.tableSize: 100 (expected: a prime)"));
    await(
        () -> {
          String line = kubectl("get", "lbp", "cart", "-o", "wide");
          return line.contains("Maglev") && line.contains("False") && line.contains("a prime");
        });

    assertThat(post("strategy?name=random")).isEqualTo(200);
    await(() -> explained().contains("[policy: apply (over policy shop/cart)]"));
    assertThat(post("follow")).isEqualTo(200);
    await(() -> explained().contains("maglev(65537)   [policy: policy shop/cart]"));

    kubectl("delete", "lbp", "cart");
    await(() -> origin().equals("builder (no policy in shop selects cart)"));
  }

  /** What the demo has reported of the policy. */
  private static String accepted() {
    GenericKubernetesResource policy =
        client
            .genericKubernetesResources("steelyard.io/v1alpha1", "LoadBalancingPolicy")
            .inNamespace("shop")
            .withName("cart")
            .get();
    return String.valueOf(policy.<Object>get("status", "conditions", 0, "status"));
  }

  private static String origin() {
    return balancer().explain().policySource();
  }

  private static String page(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(page.url() + path)).build(), BodyHandlers.ofString())
        .body();
  }

  private static int post(String path) throws Exception {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(page.url() + path))
                .POST(HttpRequest.BodyPublishers.noBody())
                .build(),
            BodyHandlers.ofString())
        .statusCode();
  }

  private static boolean hasKubectl() {
    return Stream.of(System.getenv("PATH").split(System.getProperty("path.separator")))
        .anyMatch(folder -> Files.isExecutable(Path.of(folder, "kubectl")));
  }

  /** What it said, good or bad. */
  private static String kubectl(String... arguments) {
    List<String> command = new ArrayList<>(List.of("kubectl"));
    command.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("KUBECONFIG", setup.kubeconfig().toString());
    try {
      // Its cache of what a server can do goes by address and port, which another server may have
      // had.
      builder.environment().put("KUBECACHEDIR", Files.createTempDirectory("kubectl").toString());
      builder.environment().put("HOME", Files.createTempDirectory("kubectl").toString());
      Process process = builder.start();
      String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      process.waitFor();
      return said;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(75);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s", balancer().explain()).isLessThan(deadline);
      Thread.sleep(10);
    }
  }
}
