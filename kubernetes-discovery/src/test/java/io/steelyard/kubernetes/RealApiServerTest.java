package io.steelyard.kubernetes;

import static io.steelyard.kubernetes.testing.SliceFixtures.pod;
import static io.steelyard.kubernetes.testing.SliceFixtures.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.RealApiServer;
import io.steelyard.kubernetes.testing.Recorder;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.assertj.core.api.ThrowingConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What is seen of a real API server, through its changes, restarts and refusals. */
@Timeout(300)
class RealApiServerTest {
  @RegisterExtension static final RealApiServer api = new RealApiServer();

  private static final AtomicInteger NAMESPACES = new AtomicInteger();

  private final String namespace = "shop-" + NAMESPACES.incrementAndGet();
  private final Recorder recorder = new Recorder();
  private LocalApiServer server;
  private KubernetesClient admin;
  private AutoCloseable watch;

  @BeforeEach
  void namespace() {
    server = api.server();
    admin = server.admin();
    server.namespace(namespace);
  }

  @AfterEach
  void close() throws Exception {
    if (watch != null) {
      watch.close();
    }
  }

  private KubernetesDiscovery cart() {
    return KubernetesDiscovery.service(namespace, "cart").port("http");
  }

  private void create(EndpointSlice slice) {
    admin.discovery().v1().endpointSlices().inNamespace(namespace).resource(slice).create();
  }

  private void replace(EndpointSlice slice) {
    admin.discovery().v1().endpointSlices().inNamespace(namespace).resource(slice).update();
  }

  private void delete(String slice) {
    admin.discovery().v1().endpointSlices().inNamespace(namespace).withName(slice).delete();
  }

  private void eventually(Runnable check) {
    await()
        .atMost(Duration.ofSeconds(75))
        .pollInterval(Duration.ofMillis(20))
        .untilAsserted(check::run);
  }

  private void expect(State state, String... addresses) {
    eventually(
        () -> {
          assertThat(recorder.state()).isEqualTo(state);
          assertThat(recorder.addresses()).containsExactly(addresses);
        });
  }

  @Test
  void an_added_a_changed_and_a_deleted_slice_are_followed() {
    KubernetesDiscovery cart = cart().client(admin);
    watch = cart.watch(recorder);
    expect(State.ABSENT);

    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    expect(State.LIVE, "10.0.0.1:8080");

    replace(
        slice(
            namespace,
            "cart",
            "cart-1",
            8080,
            pod("a", "10.0.0.1", false, true, true),
            pod("b", "10.0.0.2")));
    expect(State.LIVE, "(10.0.0.1:8080)", "10.0.0.2:8080");

    create(slice(namespace, "cart", "cart-2", 8081, pod("c", "10.0.0.3")));
    delete("cart-1");
    expect(State.LIVE, "10.0.0.3:8081");

    delete("cart-2");
    expect(State.ABSENT);
    assertThat(cart.status().lists()).isEqualTo(1);
    assertThat(cart.status().watches()).isEqualTo(1);
    assertThat(recorder.failures()).isEmpty();
  }

  @Test
  void row24_nullEndpointsAndPortsAreAnEmptySlice() {
    EndpointSlice empty = slice(namespace, "cart", "cart-1", 8080);
    empty.setEndpoints(null);
    empty.setPorts(null);
    create(empty);
    watch = cart().client(admin).watch(recorder);
    expect(State.LIVE);
  }

  @Test
  void row35_aSliceThatLosesItsLabelIsGone() {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    create(slice(namespace, "cart", "cart-2", 8080, pod("b", "10.0.0.2")));
    watch = cart().client(admin).watch(recorder);
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    EndpointSlice lost = slice(namespace, "cart", "cart-2", 8080, pod("b", "10.0.0.2"));
    lost.getMetadata().setLabels(null);
    replace(lost);
    expect(State.LIVE, "10.0.0.1:8080");
  }

  @Test
  void row04_theLastGoodListStaysWhileTheApiServerRestarts() throws Exception {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1"), pod("b", "10.0.0.2")));
    KubernetesDiscovery cart = cart().client(server.client(LocalApiServer.ADMIN));
    watch = cart.watch(recorder);
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");

    server.killApiServer();
    expect(State.STALE, "10.0.0.1:8080", "10.0.0.2:8080");
    assertThat(recorder.last().detail()).contains("endpointslices.discovery.k8s.io");
    server.startApiServer();
    long ready = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    Duration recovery = Duration.ofNanos(System.nanoTime() - ready);
    System.out.println("restart of the API server: current again after " + recovery);
    assertThat(recovery).isLessThan(Duration.ofSeconds(60)); // the longest delay, and some
    assertThat(recorder.topologies().stream().skip(1))
        .allSatisfy((ThrowingConsumer<Object>) t -> assertThat(t.toString()).contains("uid-a"));

    create(slice(namespace, "cart", "cart-2", 8080, pod("c", "10.0.0.3")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
  }

  @Test
  void row03_aVersionThatWasCompactedAwayLeavesNoGap() throws Exception {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    KubernetesDiscovery cart = cart().client(server.client(LocalApiServer.ADMIN));
    watch = cart.watch(recorder);
    expect(State.LIVE, "10.0.0.1:8080");

    server.killApiServer();
    expect(State.STALE, "10.0.0.1:8080");
    server.compact();
    server.startApiServer();
    for (int i = 0; i < 3; i++) {
      create(slice(namespace, "other", "other-" + i, 8080, pod("o" + i, "10.0.1." + i)));
    }
    create(slice(namespace, "cart", "cart-2", 8080, pod("b", "10.0.0.2")));
    server.killApiServer();
    server.compact();
    server.startApiServer();
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    System.out.println("after a compaction: " + cart.status());
    assertThat(recorder.topologies().stream().skip(1))
        .allSatisfy((ThrowingConsumer<Object>) t -> assertThat(t.toString()).contains("uid-a"));
  }

  @Test
  void row13_aClientWithoutRightsIsToldSoAndHealsWhenTheyAreGranted() {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    watch = cart().client(server.client(LocalApiServer.VIEWER)).watch(recorder);
    expect(State.UNAUTHORIZED);
    assertThat(recorder.last().detail())
        .contains("list", "endpointslices", namespace, "403", "viewer");

    grant();
    expect(State.LIVE, "10.0.0.1:8080");
  }

  @Test
  void row14_rightsRevokedMidwayKeepTheLastGoodListAndHeal() throws Exception {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    grant();
    watch = cart().client(server.client(LocalApiServer.VIEWER)).watch(recorder);
    expect(State.LIVE, "10.0.0.1:8080");
    admin.rbac().roleBindings().inNamespace(namespace).withName("steelyard").delete();
    server.killApiServer(); // a watch that is open stays open; it has to be taken up again
    server.startApiServer();
    expect(State.UNAUTHORIZED, "10.0.0.1:8080");
    assertThat(recorder.last().detail()).contains("may not", "endpointslices", "403");
    grant();
    expect(State.LIVE, "10.0.0.1:8080");
  }

  @Test
  void a_namespace_a_service_or_a_port_that_does_not_exist_is_said_and_not_an_error() {
    KubernetesDiscovery nowhere = KubernetesDiscovery.service("no-such-namespace", "cart");
    watch = nowhere.client(admin).watch(recorder);
    expect(State.ABSENT);
    assertThat(recorder.last().detail())
        .isEqualTo(
            "no EndpointSlice in namespace no-such-namespace has the label"
                + " kubernetes.io/service-name=cart");
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    Recorder other = new Recorder();
    try (AutoCloseable wrongPort = cart().port("grpc").client(admin).watch(other)) {
      eventually(
          () ->
              assertThat(other.last().detail())
                  .isEqualTo("port: grpc (expected: one of http=8080, as the pods have them)"));
      assertThat(other.state()).isEqualTo(State.SYNCING);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void weights_of_pods_are_read_from_their_label_and_followed() {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1"), pod("b", "10.0.0.2")));
    Pod pod =
        new PodBuilder()
            .withNewMetadata()
            .withName("a")
            .addToLabels("steelyard.io/weight", "7")
            .endMetadata()
            .withNewSpec()
            .addNewContainer()
            .withName("c")
            .withImage("i")
            .endContainer()
            .endSpec()
            .build();
    Pod made = admin.pods().inNamespace(namespace).resource(pod).create();
    io.fabric8.kubernetes.api.model.discovery.v1.Endpoint a = pod("a", "10.0.0.1");
    a.getTargetRef().setUid(made.getMetadata().getUid());
    replace(slice(namespace, "cart", "cart-1", 8080, a, pod("b", "10.0.0.2")));
    KubernetesDiscovery cart = cart().client(admin).podWeights("steelyard.io/weight");
    watch = cart.watch(recorder);
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(7, 1));
    assertThat(cart.status().podWeights()).isEqualTo(State.LIVE);
    admin
        .pods()
        .inNamespace(namespace)
        .withName("a")
        .edit(
            p ->
                new PodBuilder(p)
                    .editMetadata()
                    .addToLabels("steelyard.io/weight", "3")
                    .endMetadata()
                    .build());
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(3, 1));
    admin
        .pods()
        .inNamespace(namespace)
        .withName("a")
        .edit(
            p ->
                new PodBuilder(p)
                    .editMetadata()
                    .removeFromLabels("steelyard.io/weight")
                    .endMetadata()
                    .build());
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(1, 1));
  }

  @Test
  void hints_of_slices_are_followed_as_they_come_and_go() {
    create(slice(namespace, "cart", "cart-1", 8080, hinted("a", "10.0.0.1", "eu-1a")));
    create(slice(namespace, "cart", "cart-2", 8080, hinted("b", "10.0.0.2", "eu-1b")));
    KubernetesDiscovery cart = cart().client(admin).zone("eu-1b");
    watch = cart.watch(recorder);
    expect(State.LIVE, "10.0.0.2:8080");
    assertThat(cart.status().routing()).isEqualTo(KubernetesStatus.Routing.SAME_ZONE);
    create(slice(namespace, "cart", "cart-3", 8080, pod("c", "10.0.0.3")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
    assertThat(cart.status().routingDetail())
        .isEqualTo("hints are there and not followed: 1 of 3 ready endpoints have none");
    delete("cart-3");
    expect(State.LIVE, "10.0.0.2:8080");
  }

  private static io.fabric8.kubernetes.api.model.discovery.v1.Endpoint hinted(
      String name, String address, String zone) {
    return new io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder(pod(name, address))
        .withNewHints()
        .addNewForZone(zone)
        .endHints()
        .build();
  }

  private List<Integer> weights() {
    return recorder.last().endpoints().stream().map(e -> e.weight()).toList();
  }

  @Test
  void row13_whoMayListButNotWatchIsKeptFreshByListsAndHeals() {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    allow("list");
    bind();
    KubernetesDiscovery cart = cart().client(server.client(LocalApiServer.VIEWER));
    watch = cart.watch(recorder);
    expect(State.UNAUTHORIZED, "10.0.0.1:8080");
    assertThat(recorder.last().detail()).contains("may not watch", "endpointslices", "403");
    create(slice(namespace, "cart", "cart-2", 8080, pod("b", "10.0.0.2")));
    expect(State.UNAUTHORIZED, "10.0.0.1:8080", "10.0.0.2:8080");
    assertThat(cart.status().lists()).isBetween(2L, 30L);
    allow("list", "watch");
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
  }

  private void grant() {
    allow("list", "watch");
    bind();
  }

  private void allow(String... verbs) {
    admin
        .rbac()
        .roles()
        .inNamespace(namespace)
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withName("steelyard")
                .endMetadata()
                .addNewRule()
                .withApiGroups("discovery.k8s.io")
                .withResources("endpointslices")
                .withVerbs(verbs)
                .endRule()
                .build())
        .createOr(role -> role.update());
  }

  private void bind() {
    admin
        .rbac()
        .roleBindings()
        .inNamespace(namespace)
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName("steelyard")
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", "steelyard")
                .addNewSubject("rbac.authorization.k8s.io", "User", "viewer", null)
                .build())
        .create();
  }

  @Test
  void a_client_of_its_own_is_made_from_a_kubeconfig_and_leaves_nothing_behind() throws Exception {
    create(slice(namespace, "cart", "cart-1", 8080, pod("a", "10.0.0.1")));
    List<String> before = threads();
    KubernetesDiscovery cart =
        KubernetesDiscovery.service("cart")
            .kubeconfig(server.kubeconfig(LocalApiServer.ADMIN, namespace));
    watch = cart.watch(recorder);
    Recorder second = new Recorder();
    AutoCloseable other = cart.watch(second);
    expect(State.LIVE, "10.0.0.1:8080");
    eventually(() -> assertThat(second.addresses()).containsExactly("10.0.0.1:8080"));
    assertThat(cart.status().lists()).isEqualTo(1);
    assertThat(cart.status().toString()).startsWith("kubernetes " + namespace + "/cart: LIVE");
    watch.close();
    create(slice(namespace, "cart", "cart-2", 8080, pod("b", "10.0.0.2")));
    eventually(() -> assertThat(second.addresses()).hasSize(2));
    assertThat(recorder.addresses()).hasSize(1);
    other.close();
    other.close();
    watch.close();
    assertThat(cart.status().state()).isEqualTo(State.CLOSED);
    assertThat(threads()).noneMatch(name -> name.startsWith("steelyard-kubernetes"));
    eventually(() -> assertThat(newThreads(before)).isEmpty());
    delete("cart-2");

    Recorder again = new Recorder();
    try (AutoCloseable third = cart.watch(again)) {
      eventually(() -> assertThat(again.addresses()).containsExactly("10.0.0.1:8080"));
    }
  }

  private static List<String> newThreads(List<String> before) {
    return threads().stream().filter(name -> !before.contains(name)).toList();
  }

  private static List<String> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .map(Thread::getName)
        .filter(name -> !name.startsWith("steelyard-worker") && !name.startsWith("steelyard-timer"))
        .filter(name -> !name.startsWith("awaitility"))
        .toList();
  }
}
