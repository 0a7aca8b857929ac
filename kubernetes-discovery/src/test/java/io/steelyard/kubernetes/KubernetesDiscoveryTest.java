package io.steelyard.kubernetes;

import static io.steelyard.kubernetes.testing.SliceFixtures.pod;
import static io.steelyard.kubernetes.testing.SliceFixtures.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.KubernetesDiscovery.AddressFamily;
import io.steelyard.kubernetes.testing.Recorder;
import io.steelyard.testkit.ForwardingPlatform;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

class KubernetesDiscoveryTest {
  private static final KubernetesDiscovery CART = KubernetesDiscovery.service("shop", "cart");

  @Nested
  class BadInput {
    @ParameterizedTest
    @ValueSource(
        strings = {"", " ", "Cart", "-cart", "cart-", "ca rt", "cart.shop", "cart/x", "cärt"})
    void a_name_that_is_no_dns_label_is_refused(String bad) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> KubernetesDiscovery.service("shop", bad))
          .withMessageStartingWith("service: \"" + bad + "\" (expected: a DNS label");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> KubernetesDiscovery.service(bad, "cart"))
          .withMessageStartingWith("namespace: \"" + bad + "\" (expected: a DNS label");
      assertThatIllegalArgumentException().isThrownBy(() -> KubernetesDiscovery.service(bad));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.port(bad))
          .withMessageStartingWith("port: \"" + bad + "\"");
    }

    @Test
    void a_name_of_64_letters_is_refused_and_of_63_is_not() {
      assertThat(KubernetesDiscovery.service("shop", "x".repeat(63))).isNotNull();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> KubernetesDiscovery.service("shop", "x".repeat(64)));
    }

    @ParameterizedTest
    @NullSource
    void null_is_refused_by_name(String none) {
      assertThatNullPointerException()
          .isThrownBy(() -> KubernetesDiscovery.service("shop", none))
          .withMessage("service");
      assertThatNullPointerException()
          .isThrownBy(() -> KubernetesDiscovery.service(none, "cart"))
          .withMessage("namespace");
      assertThatNullPointerException().isThrownBy(() -> CART.port(none)).withMessage("port");
      assertThatNullPointerException().isThrownBy(() -> CART.client(null)).withMessage("client");
      assertThatNullPointerException()
          .isThrownBy(() -> CART.kubeconfig(null))
          .withMessage("kubeconfig");
      assertThatNullPointerException()
          .isThrownBy(() -> CART.kubeconfig(Path.of("x"), null))
          .withMessage("context");
      assertThatNullPointerException()
          .isThrownBy(() -> CART.coalesce(null))
          .withMessage("coalesce");
      assertThatNullPointerException()
          .isThrownBy(() -> CART.addressFamily(null))
          .withMessage("addressFamily");
      assertThatNullPointerException().isThrownBy(() -> CART.watch(null)).withMessage("listener");
      assertThatNullPointerException()
          .isThrownBy(() -> CART.platform(null))
          .withMessage("platform");
    }

    @ParameterizedTest
    @CsvSource({"0", "65536", "70000", "99999999999999999999"})
    void a_port_out_of_range_is_refused(String port) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.port(port))
          .withMessage("port: " + port + " (expected: 1 to 65535)");
    }

    @Test
    void a_port_number_out_of_range_is_refused() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.port(70000))
          .withMessage("port: 70000 (expected: 1 to 65535)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.port(-1))
          .withMessage("port: -1 (expected: 1 to 65535)");
    }

    @Test
    void durations_out_of_range_are_refused() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.coalesce(Duration.ofMillis(-1)))
          .withMessage("coalesce: PT-0.001S (expected: PT0S to PT10S)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.silenceLimit(Duration.ofSeconds(1)))
          .withMessage("silenceLimit: PT1S (expected: PT10S to PT1H)");
    }

    @Test
    void what_is_said_about_trust_and_place_is_checked() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.holdEmpty(Duration.ofHours(2)))
          .withMessage("holdEmpty: PT2H (expected: PT0S to PT1H)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.audit(Duration.ofMillis(10)))
          .withMessage("audit: PT0.01S (expected: PT1S to PT24H)");
      assertThat(CART.audit(Duration.ZERO)).isNotNull();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.allowAddresses("10.0.0.0/8", "pods"))
          .withMessage(
              "allowAddresses: \"pods\" (expected: an address or a CIDR block such as"
                  + " 10.0.0.0/8)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.allowAddresses())
          .withMessage("allowAddresses: none (expected: at least one)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.zone(" "))
          .withMessage("zone: \" \" (expected: not blank)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.node(""))
          .withMessage("node: \"\" (expected: not blank)");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.podWeights("a/b/c"))
          .withMessageStartingWith("podWeights: \"a/b/c\" (expected: a label key");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.podWeightAnnotation("-x"))
          .withMessageStartingWith("podWeightAnnotation: \"-x\" (expected: a label key");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.seed(Endpoint.of("10.0.0.1", 80), Endpoint.of("10.0.0.1", 80)))
          .withMessageContaining("endpoint id: 10.0.0.1:80");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "/weight", "a/b/c", "-x", "x-"})
    void a_weight_label_that_is_no_label_key_is_refused(String key) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.weightLabel(key))
          .withMessageStartingWith("weightLabel: \"" + key + "\" (expected: a label key");
    }
  }

  @Nested
  class Kubeconfigs {
    @TempDir Path folder;

    private Path file(String text) throws IOException {
      return Files.writeString(folder.resolve("kubeconfig"), text);
    }

    private static final String TWO =
        """
        apiVersion: v1
        kind: Config
        clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
        users: [{name: u, user: {token: t}}]
        contexts:
          - {name: one, context: {cluster: c, user: u, namespace: shop}}
          - {name: two, context: {cluster: c, user: u}}
        current-context: one
        """;

    @Test
    void a_missing_file_is_refused_at_once_and_named() {
      Path missing = folder.resolve("nowhere");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.kubeconfig(missing))
          .withMessageStartingWith("kubeconfig: " + missing + " cannot be read");
      assertThatIllegalArgumentException().isThrownBy(() -> CART.kubeconfig(folder));
    }

    @ParameterizedTest
    @ValueSource(
        strings = {
          "",
          "{",
          "[1, 2]",
          "just words",
          "kind: Config",
          "contexts: 3",
          "contexts: [null]"
        })
    void a_file_that_is_no_kubeconfig_is_refused_and_named(String text) throws IOException {
      Path file = file(text);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.kubeconfig(file))
          .withMessageStartingWith("kubeconfig: " + file);
    }

    @Test
    void a_context_that_does_not_exist_is_refused_and_not_replaced_by_the_current_one()
        throws IOException {
      Path file = file(TWO);
      assertThat(CART.kubeconfig(file, "two")).isNotNull();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> CART.kubeconfig(file, "three"))
          .withMessage(
              "kubeconfig: " + file + " has no context three (expected: one of [one, two])");
    }

    @Test
    void a_file_that_vanishes_before_the_watch_is_named() throws IOException {
      Path file = file(TWO);
      KubernetesDiscovery cart = CART.kubeconfig(file);
      Files.delete(file);
      assertThatIllegalArgumentException()
          .isThrownBy(() -> cart.watch(new Recorder()))
          .withMessageContaining(file.toString());
    }

    @Test
    void without_a_namespace_anywhere_the_error_says_where_it_looked() throws IOException {
      Path file = file(TWO);
      KubernetesDiscovery cart = KubernetesDiscovery.service("cart").kubeconfig(file, "two");
      assertThatIllegalStateException()
          .isThrownBy(() -> cart.watch(new Recorder()))
          .withMessage(
              "namespace of service cart: none in context two of kubeconfig "
                  + file
                  + " and /var/run/secrets/kubernetes.io/serviceaccount/namespace"
                  + " (expected: one there, or service(namespace, name))");
    }

    @Test
    void without_a_namespace_in_the_clients_configuration_the_error_says_so() {
      Config config =
          new ConfigBuilder(Config.empty()).withMasterUrl("https://127.0.0.1:1").build();
      try (KubernetesClient client = new KubernetesClientBuilder().withConfig(config).build()) {
        KubernetesDiscovery cart = KubernetesDiscovery.service("cart").client(client);
        assertThatIllegalStateException()
            .isThrownBy(() -> cart.watch(new Recorder()))
            .withMessageContaining("none in the given client's configuration");
      }
    }

    @Test
    void a_client_and_a_kubeconfig_exclude_each_other() throws IOException {
      Path file = file(TWO);
      try (KubernetesClient client =
          new KubernetesClientBuilder().withConfig(Config.empty()).build()) {
        assertThatIllegalStateException()
            .isThrownBy(() -> CART.kubeconfig(file).client(client))
            .withMessageContaining("expected: one of the two");
        assertThatIllegalStateException().isThrownBy(() -> CART.client(client).kubeconfig(file));
      }
    }

    @Test
    void a_seed_is_told_before_the_watch_returns_whatever_threads_there_are() throws Exception {
      Path file = file(TWO);
      KubernetesDiscovery cart =
          KubernetesDiscovery.service("cart")
              .kubeconfig(file)
              .seed(Endpoint.of("10.9.9.9", 80))
              .platform(new NoWorkers());
      for (int i = 0; i < 2; i++) { // and again after it was closed
        Recorder recorder = new Recorder();
        try (AutoCloseable watch = cart.watch(recorder)) {
          assertThat(recorder.addresses()).containsExactly("10.9.9.9:80");
          assertThat(recorder.state()).isEqualTo(State.STALE);
        }
      }
    }

    @Test
    void an_api_server_that_is_not_there_is_syncing_with_a_reason_and_close_leaves_no_thread()
        throws Exception {
      int port;
      try (ServerSocket socket = new ServerSocket(0)) {
        port = socket.getLocalPort();
      }
      Path file = file(TWO.replace("127.0.0.1:1", "127.0.0.1:" + port));
      KubernetesDiscovery cart = KubernetesDiscovery.service("cart").kubeconfig(file);
      Recorder recorder = new Recorder();
      try (AutoCloseable watch = cart.watch(recorder)) {
        eventually()
            .untilAsserted(
                () -> {
                  assertThat(recorder.state()).isEqualTo(State.SYNCING);
                  assertThat(recorder.last().detail())
                      .contains("cannot list", "shop", "Connection refused");
                });
      }
      assertThat(Thread.getAllStackTraces().keySet())
          .noneMatch(thread -> thread.getName().startsWith("steelyard-kubernetes"));
      assertThat(cart.status().state()).isEqualTo(State.CLOSED);
    }
  }

  /** The real world, but for its workers: what is handed to them is never run. */
  private static final class NoWorkers extends ForwardingPlatform {
    NoWorkers() {
      super(Platform.system());
    }

    @Override
    public Executor executor() {
      return task -> {};
    }
  }

  @Test
  void it_names_what_it_watches() {
    assertThat(CART).hasToString("kubernetes shop/cart");
    assertThat(CART.port("http")).hasToString("kubernetes shop/cart:http");
    assertThat(CART.port(80)).hasToString("kubernetes shop/cart:80");
    assertThat(CART.port("80")).hasToString("kubernetes shop/cart:80");
    assertThat(KubernetesDiscovery.service("cart").port("http"))
        .hasToString("kubernetes cart:http");
  }

  @Test
  void a_setter_returns_a_copy() {
    assertThat(CART.port("http").coalesce(Duration.ZERO).addressFamily(AddressFamily.IPV6))
        .isNotSameAs(CART);
    assertThat(CART).hasToString("kubernetes shop/cart");
  }

  @Test
  void before_a_watch_the_status_says_so() {
    assertThat(CART.status().state()).isEqualTo(State.SYNCING);
    assertThat(CART.status().detail()).isEqualTo("not watched");
    assertThat(CART.status().sinceHeard()).isNull();
  }

  @Test
  void a_mock_server_is_read_into_endpoints_with_all_they_have() throws Exception {
    KubernetesMockServer server = mockServer();
    try (KubernetesClient client = server.createClient()) {
      EndpointSlice slice = slice("shop", "cart", "cart-1", 8080, pod("a", "127.0.0.2"));
      slice.getMetadata().getLabels().put("steelyard.io/weight", "3");
      slice.getPorts().get(0).setAppProtocol("http");
      client.resource(slice).create();
      Recorder recorder = new Recorder();
      try (AutoCloseable watch =
          CART.client(client).allowLoopback().coalesce(Duration.ZERO).watch(recorder)) {
        eventually().untilAsserted(() -> assertThat(recorder.addresses()).hasSize(1));
        assertThat(recorder.last().endpoints())
            .containsExactly(
                Endpoint.builder("uid-a:8080")
                    .host("127.0.0.2")
                    .port(8080)
                    .weight(3)
                    .zone("eu-1a")
                    .node("node-1")
                    .attribute("pod", "a")
                    .attribute("appProtocol", "http")
                    .build());
        client.resource(slice("shop", "cart", "cart-2", 9090, pod("b", "127.0.0.3"))).create();
        eventually()
            .untilAsserted(
                () ->
                    assertThat(recorder.addresses())
                        .containsExactly("127.0.0.2:8080", "127.0.0.3:9090"));
        client.resource(slice).delete();
        eventually()
            .untilAsserted(
                () -> assertThat(recorder.addresses()).containsExactly("127.0.0.3:9090"));
      }
      assertThat(client.discovery().v1().endpointSlices().inNamespace("shop").list().getItems())
          .as("the user's client still works")
          .hasSize(1);
    } finally {
      destroy(server);
    }
  }

  @Test
  void a_client_closed_by_its_owner_is_closed_and_the_last_list_stays() throws Exception {
    KubernetesMockServer server = mockServer();
    try (KubernetesClient client = server.createClient()) {
      client.resource(slice("shop", "cart", "cart-1", 8080, pod("a", "10.0.0.1"))).create();
      Recorder recorder = new Recorder();
      try (AutoCloseable watch = CART.client(client).watch(recorder)) {
        eventually().untilAsserted(() -> assertThat(recorder.addresses()).hasSize(1));
        client.close();
        // The watch may have been about to open; that call is then given up after ten seconds.
        eventually().untilAsserted(() -> assertThat(recorder.state()).isEqualTo(State.CLOSED));
        assertThat(recorder.addresses()).containsExactly("10.0.0.1:8080");
      }
    } finally {
      destroy(server);
    }
  }

  private static ConditionFactory eventually() {
    return await().atMost(Duration.ofSeconds(75));
  }

  private static void destroy(KubernetesMockServer server) {
    try {
      server.destroy();
    } catch (IllegalStateException e) {
      // It waits ten seconds for its connections at most, and then says so; they are gone anyway.
    }
  }

  private static KubernetesMockServer mockServer() {
    KubernetesMockServer server =
        new KubernetesMockServer(
            new io.fabric8.mockwebserver.Context(),
            new io.fabric8.mockwebserver.MockWebServer(),
            new java.util.HashMap<>(),
            new io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher(),
            false);
    server.init();
    return server;
  }
}
