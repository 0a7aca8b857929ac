package io.steelyard.kubernetes;

import static io.steelyard.kubernetes.testing.SliceFixtures.pod;
import static io.steelyard.kubernetes.testing.SliceFixtures.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.KubernetesStatus.Problem;
import io.steelyard.kubernetes.testing.HttpClients;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.RealApiServer;
import io.steelyard.kubernetes.testing.Recorder;
import io.steelyard.kubernetes.testing.TcpProxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The rows of the fault matrix in {@code docs/kubernetes.md} that need a real API server, and a
 * wire to cut. In each, what was good before the fault stays until the API server says otherwise.
 */
@Timeout(300)
@Tag("long")
class FaultMatrixTest {
  @RegisterExtension static final RealApiServer api = new RealApiServer();

  private static final AtomicInteger NAMESPACES = new AtomicInteger();

  @TempDir Path folder;

  private final String namespace = "faults-" + NAMESPACES.incrementAndGet();
  private final Recorder recorder = new Recorder();
  private final List<AutoCloseable> closing = new ArrayList<>();
  private LocalApiServer server;
  private KubernetesClient admin;

  @BeforeEach
  void namespace() {
    server = api.server();
    admin = server.admin();
    server.namespace(namespace);
  }

  @AfterEach
  void close() throws Exception {
    for (int i = closing.size() - 1; i >= 0; i--) {
      closing.get(i).close();
    }
  }

  private <T extends AutoCloseable> T closing(T resource) {
    closing.add(resource);
    return resource;
  }

  // Steps

  private KubernetesDiscovery cart() {
    return KubernetesDiscovery.service(namespace, "cart").port("http");
  }

  /** The service by way of this address, with a client of its own. */
  private KubernetesDiscovery over(String url) {
    return cart()
        .kubeconfig(
            server.kubeconfig(
                "token: " + LocalApiServer.ADMIN,
                "insecure-skip-tls-verify: true",
                namespace,
                url));
  }

  private KubernetesDiscovery cart(TcpProxy proxy, HttpClients http) {
    closing(http.choose());
    return over(proxy.url());
  }

  private void watch(KubernetesDiscovery discovery) {
    closing(discovery.watch(recorder));
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

  private EndpointSlice cart(String name, Endpoint... pods) {
    return slice(namespace, "cart", name, 8080, pods);
  }

  private static void eventually(Runnable check) {
    await()
        .atMost(Duration.ofSeconds(75))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(check::run);
  }

  private void expect(State state, String... addresses) {
    eventually(
        () -> {
          assertThat(recorder.state()).isEqualTo(state);
          assertThat(recorder.addresses()).containsExactly(addresses);
        });
  }

  /** Live with one endpoint, its watch open and long enough so to count as working. */
  private void settled(KubernetesDiscovery discovery) {
    create(cart("cart-1", pod("a", "10.0.0.1")));
    watch(discovery);
    expect(State.LIVE, "10.0.0.1:8080");
    eventually(() -> assertThat(discovery.status().watches()).isPositive());
    replace(cart("cart-1", pod("a", "10.0.0.1"), pod("z", "10.0.0.99", false, false, false)));
    String before = discovery.status().resourceVersion();
    replace(cart("cart-1", pod("a", "10.0.0.1")));
    eventually(
        () -> {
          assertThat(discovery.status().resourceVersion()).isNotEqualTo(before);
          assertThat(recorder.addresses()).containsExactly("10.0.0.1:8080");
        });
  }

  /** What was good was never given up on the way. */
  private void expectKept() {
    List<Topology> all = recorder.topologies();
    int first = 0;
    while (first < all.size() && all.get(first).endpoints().isEmpty()) {
      first++;
    }
    assertThat(all.subList(first, all.size()))
        .allSatisfy(t -> assertThat(t.endpoints().toString()).contains("uid-a"));
  }

  private static void seen(String row, Object what, long since) {
    long millis = (System.nanoTime() - since) / 1_000_000;
    System.out.println("fault matrix: " + row + " " + what + ": " + millis + " ms");
  }

  // The wire

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row01_aWatchCutInMidEventIsTakenUpWhereItBroke(HttpClients http) {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = cart(proxy, http);
    settled(cart);
    long lists = cart.status().lists();
    proxy.resetAfter(300); // less than the event
    long cut = System.nanoTime();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row01", http, cut);
    assertThat(cart.status().lists()).isEqualTo(lists);
    assertThat(cart.status().reconnects()).isPositive();
    expectKept();
  }

  @Test
  void row02_aVersionThatIsGoneBy410IsListedAsideAndSwappedWhole() {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    KubernetesDiscovery cart = over(proxy.url());
    settled(cart);
    AtomicInteger gone = new AtomicInteger();
    AtomicInteger lists = new AtomicInteger();
    proxy.answer(
        request ->
            (request.contains("watch=true") ? gone : lists).getAndIncrement() >= 0
                    && lists.get() == 0
                ? TcpProxy.response(
                    "410 Gone",
                    "{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"status\":\"Failure\","
                        + "\"reason\":\"Expired\",\"code\":410,\"message\":\"too old\"}")
                : null);
    long cut = System.nanoTime();
    proxy.reset();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row02", "", cut);
    assertThat(gone).hasPositiveValue();
    assertThat(cart.status().relists()).isPositive();
    expectKept();
  }

  @Test
  void row05_aStormOf5xxAnd429LeavesTheListAndTheServersWishIsGranted() {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    KubernetesDiscovery cart = over(proxy.url());
    settled(cart);
    List<Long> lists = new CopyOnWriteArrayList<>();
    proxy.answer(
        request -> {
          if (!request.contains("watch=true")) {
            lists.add(System.nanoTime());
          }
          return TcpProxy.response("429 Too Many Requests\r\nRetry-After: 3", "{}");
        });
    proxy.reset();
    expect(State.STALE, "10.0.0.1:8080");
    eventually(() -> assertThat(cart.status().problem()).isEqualTo(Problem.BUSY));
    assertThat(cart.status().cause()).isInstanceOf(KubernetesClientException.class);
    eventually(() -> assertThat(lists).hasSizeGreaterThan(1));
    assertThat(lists.get(1) - lists.get(0)).isGreaterThan(3_000_000_000L);
    proxy.answer(request -> TcpProxy.response("503 Service Unavailable", "{}"));
    eventually(() -> assertThat(cart.status().detail()).contains("503"));
    create(cart("cart-2", pod("b", "10.0.0.2")));
    proxy.answer(request -> null);
    long over = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row05", "", over);
    expectKept();
  }

  @Test
  void row05_theRetryAfterHeaderOfAListIsHonoured() {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    create(cart("cart-1", pod("a", "10.0.0.1")));
    AtomicInteger refused = new AtomicInteger();
    proxy.answer(
        request ->
            refused.getAndIncrement() == 0
                ? TcpProxy.response("429 Too Many Requests\r\nRetry-After: 3", "busy")
                : null);
    long asked = System.nanoTime();
    watch(over(proxy.url()));
    expect(State.LIVE, "10.0.0.1:8080");
    assertThat(System.nanoTime() - asked).isGreaterThan(3_000_000_000L);
  }

  @Test
  void row06_aSlowListHoldsUpNothing() {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = over(proxy.url());
    settled(cart);
    try (Balancer balancer = Balancer.builder(cart).build()) {
      assertThat(balancer.candidates().topology().endpoints()).hasSize(1);
      proxy.hold(true);
      proxy.reset();
      expect(State.STALE, "10.0.0.1:8080");
      assertThat(balancer.begin(io.steelyard.PickContext.none()).endpoint().host())
          .isEqualTo("10.0.0.1");
      create(cart("cart-2", pod("b", "10.0.0.2")));
      proxy.hold(false);
      long over = System.nanoTime();
      expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
      seen("row06", "", over);
    }
    expectKept();
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row07_aHalfOpenWatchIsFoundBySilence(HttpClients http) {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = cart(proxy, http).silence(Duration.ofSeconds(3));
    settled(cart);
    proxy.blackHoleYoungest();
    long black = System.nanoTime();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row07", http + " (limit 3 s)", black);
    expectKept();
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row08_pooledConnectionsThatAreHalfOpenToo(HttpClients http) {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = cart(proxy, http).silence(Duration.ofSeconds(3));
    settled(cart);
    proxy.blackHole();
    long black = System.nanoTime();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row08", http + " (limit 3 s)", black);
    expectKept();
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row08_pooledConnectionsThatAreHalfOpenTooUnderAClientOfTheUsers(HttpClients http) {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesClient given =
        closing(
            new KubernetesClientBuilder()
                .withConfig(server.config(LocalApiServer.ADMIN, proxy.url()))
                .withHttpClientFactory(http.factory())
                .build());
    KubernetesDiscovery cart = cart().client(given).silence(Duration.ofSeconds(3));
    settled(cart);
    proxy.blackHole();
    long black = System.nanoTime();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row08", http + " given (limit 3 s)", black);
    expectKept();
  }

  @Test
  void row09_aWatchThatIsClosedAtOnceAgainAndAgainIsNoLoop() {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = over(proxy.url());
    settled(cart);
    int before = proxy.accepted();
    proxy.refuse(true);
    proxy.reset();
    expect(State.STALE, "10.0.0.1:8080");
    long refused = System.nanoTime();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> System.nanoTime() - refused > 5_000_000_000L);
    // Doubling delays of 0.8 s on, half of that on the average; some clients connect twice a call.
    assertThat(proxy.accepted() - before).isLessThan(30);
    create(cart("cart-2", pod("b", "10.0.0.2")));
    proxy.refuse(false);
    long over = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    seen("row09", "", over);
    expectKept();
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row10_anApiServerThatIsDownAtStartIsTriedForEver(HttpClients http) {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    proxy.refuse(true);
    create(cart("cart-1", pod("a", "10.0.0.1")));
    KubernetesDiscovery cart = cart(proxy, http);
    watch(cart);
    eventually(() -> assertThat(cart.status().problem()).isEqualTo(Problem.UNREACHABLE));
    expect(State.SYNCING);
    try (Balancer balancer = Balancer.builder(cart).awaitFirst(Duration.ofMillis(200)).build()) {
      assertThatThrownBy(() -> balancer.call(io.steelyard.PickContext.none(), attempt -> ""))
          .isInstanceOf(NoEndpointException.class)
          .hasMessageContaining("SYNCING")
          .hasMessageContaining("cannot list endpointslices");
    }
    proxy.refuse(false);
    long up = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080");
    seen("row10", http, up);
  }

  @Test
  void row10_aSeedIsUsedUntilTheFirstList() {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    proxy.refuse(true);
    create(cart("cart-1", pod("a", "10.0.0.1")));
    KubernetesDiscovery cart = over(proxy.url()).seed(io.steelyard.Endpoint.of("10.9.9.9", 80));
    try (Balancer balancer = Balancer.builder(cart).build()) {
      assertThat(balancer.begin(io.steelyard.PickContext.none()).endpoint().host())
          .isEqualTo("10.9.9.9");
      watch(cart);
      expect(State.STALE, "10.9.9.9:80");
      eventually(
          () ->
              assertThat(cart.status().detail())
                  .startsWith("the seed, as nothing has been listed yet: cannot list"));
      proxy.refuse(false);
      expect(State.LIVE, "10.0.0.1:8080");
    }
  }

  @Test
  void row11_aClusterWithoutSlicesIsAnErrorThatIsTriedSlowly() {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    proxy.answer(request -> TcpProxy.response("404 Not Found", "404 page not found"));
    create(cart("cart-1", pod("a", "10.0.0.1")));
    KubernetesDiscovery cart = over(proxy.url());
    watch(cart);
    eventually(() -> assertThat(cart.status().problem()).isEqualTo(Problem.NOT_SERVED));
    assertThat(recorder.state()).isEqualTo(State.SYNCING);
    assertThat(proxy.requests()).anyMatch(r -> r.contains("/v1beta1/"));
    proxy.answer(request -> null);
    expect(State.LIVE, "10.0.0.1:8080");
  }

  // Refusals

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row12_aRotatedTokenIsPickedUpFromItsFile(HttpClients http) throws Exception {
    closing(http.choose());
    create(cart("cart-1", pod("a", "10.0.0.1")));
    Path token = Files.writeString(folder.resolve("token"), "nobody-knows-me\n");
    KubernetesDiscovery cart =
        cart()
            .kubeconfig(
                server.kubeconfig(
                    "tokenFile: " + token,
                    "insecure-skip-tls-verify: true",
                    namespace,
                    server.url()));
    watch(cart);
    expect(State.UNAUTHORIZED);
    assertThat(recorder.last().detail())
        .contains("may not list endpointslices.discovery.k8s.io", namespace, "401");
    assertThat(cart.status().problem()).isEqualTo(Problem.REFUSED);
    Files.writeString(token, LocalApiServer.ADMIN + "\n");
    long rotated = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080");
    seen("row12", http, rotated);
  }

  @Test
  void row12_aTokenThatIsRotatedWhileTheApiServerRestartsIsPickedUpMidway() throws Exception {
    create(cart("cart-1", pod("a", "10.0.0.1")));
    Path token = folder.resolve("token");
    Files.writeString(token, LocalApiServer.VIEWER);
    server.tokens("viewer-token,root,root,\"system:masters\"");
    server.killApiServer();
    server.startApiServer();
    try {
      watch(
          cart()
              .kubeconfig(
                  server.kubeconfig(
                      "tokenFile: " + token,
                      "insecure-skip-tls-verify: true",
                      namespace,
                      server.url())));
      expect(State.LIVE, "10.0.0.1:8080");
      server.tokens("rotated-token,root,root,\"system:masters\"");
      server.killApiServer();
      server.startApiServer();
      expect(State.UNAUTHORIZED, "10.0.0.1:8080");
      Files.writeString(token, "rotated-token");
      expect(State.LIVE, "10.0.0.1:8080");
      expectKept();
    } finally {
      server.tokens("viewer-token,viewer,viewer");
      server.killApiServer();
      server.startApiServer();
    }
  }

  @Test
  void row15_aCertificateNobodyTrustsIsNamedAndHealsWhenTheFileIsMended() throws Exception {
    create(cart("cart-1", pod("a", "10.0.0.1")));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init((java.security.KeyStore) null);
    byte[] other =
        ((X509TrustManager) trust.getTrustManagers()[0]).getAcceptedIssuers()[0].getEncoded();
    Path authority = folder.resolve("ca.crt");
    Files.writeString(
        authority,
        "-----BEGIN CERTIFICATE-----\n"
            + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(other)
            + "\n-----END CERTIFICATE-----\n");
    KubernetesDiscovery cart =
        cart()
            .kubeconfig(
                server.kubeconfig(
                    "token: " + LocalApiServer.ADMIN,
                    "certificate-authority: " + authority,
                    namespace,
                    server.url()));
    watch(cart);
    eventually(() -> assertThat(cart.status().problem()).isEqualTo(Problem.UNTRUSTED));
    expect(State.SYNCING);
    Files.copy(server.certificate(), authority, java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    long mended = System.nanoTime();
    expect(State.LIVE, "10.0.0.1:8080");
    seen("row15", "", mended);
  }

  // Slices

  @Test
  void row18_aSliceMadeAnewUnderAnotherNameIsNotSeen() {
    create(cart("cart-1", pod("a", "10.0.0.1")));
    watch(cart().client(admin));
    expect(State.LIVE, "10.0.0.1:8080");
    for (int i = 0; i < 5; i++) {
      create(cart("cart-x" + i, pod("a", "10.0.0.1")));
      delete(i == 0 ? "cart-1" : "cart-x" + (i - 1));
    }
    create(cart("cart-2", pod("b", "10.0.0.2")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    expectKept();
  }

  @Test
  void row19_aNameReusedForOtherContentIsOtherContent() {
    create(cart("cart-1", pod("a", "10.0.0.1")));
    create(cart("cart-2", pod("b", "10.0.0.2"), pod("c", "10.0.0.3")));
    watch(cart().client(admin));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
    delete("cart-2");
    create(slice(namespace, "cart", "cart-2", 9090, pod("d", "10.0.0.4")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.4:9090");
    expectKept();
  }

  @Test
  void row20_anEndpointThatMovesBetweenSlicesIsAlwaysThere() {
    create(cart("cart-1", pod("a", "10.0.0.1"), pod("b", "10.0.0.2")));
    create(cart("cart-2", pod("c", "10.0.0.3")));
    watch(cart().client(admin).coalesce(Duration.ZERO));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
    int first = recorder.topologies().size();
    for (int i = 0; i < 5; i++) {
      replace(cart("cart-2", pod("b", "10.0.0.2"), pod("c", "10.0.0.3")));
      replace(cart("cart-1", pod("a", "10.0.0.1")));
      replace(cart("cart-1", pod("a", "10.0.0.1"), pod("b", "10.0.0.2")));
      replace(cart("cart-2", pod("c", "10.0.0.3")));
    }
    create(cart("cart-3", pod("d", "10.0.0.4")));
    eventually(() -> assertThat(recorder.addresses()).hasSize(4));
    assertThat(recorder.topologies().subList(first - 1, recorder.topologies().size() - 1))
        .allSatisfy(t -> assertThat(t.endpoints()).hasSize(3));
  }

  @Test
  void row26_tenThousandEndpointsAreOneSnapshot() {
    for (int s = 0; s < 100; s++) {
      Endpoint[] pods = new Endpoint[100];
      for (int e = 0; e < 100; e++) {
        pods[e] = pod("p" + s + "-" + e, "10." + (1 + s / 100) + "." + s + "." + (e + 1));
      }
      create(cart("cart-" + s, pods));
    }
    long start = System.nanoTime();
    watch(cart().client(admin));
    eventually(() -> assertThat(recorder.last().endpoints()).hasSize(10_000));
    seen("row26", "first list", start);
    assertThat(recorder.topologies()).hasSize(1);
  }

  @Test
  void row27_scaledToZeroIsEmptyAtOnce() {
    KubernetesDiscovery cart = cart().client(admin);
    settled(cart);
    replace(cart("cart-1"));
    expect(State.LIVE);
    create(cart("cart-2", pod("a", "10.0.0.1")));
    expect(State.LIVE, "10.0.0.1:8080");
  }

  @Test
  void row31_aServiceThatIsDeletedOrNeverWasIsAbsent() {
    KubernetesDiscovery cart = cart().client(admin);
    watch(cart);
    expect(State.ABSENT);
    assertThat(cart.status().problem()).isEqualTo(Problem.NO_SLICES);
    create(cart("cart-1", pod("a", "10.0.0.1")));
    expect(State.LIVE, "10.0.0.1:8080");
    assertThat(cart.status().problem()).isNull();
    delete("cart-1");
    expect(State.ABSENT);
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row36_anAnnotationThatIsNotAsciiDoesNotStopAWatchOverPlainHttp(HttpClients http) {
    KubernetesClient plain =
        closing(
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(server.config(LocalApiServer.ADMIN))
                        .withOnlyHttpWatches(true)
                        .build())
                .withHttpClientFactory(http.factory())
                .build());
    KubernetesDiscovery cart = cart().client(plain);
    settled(cart);
    EndpointSlice strange = cart("cart-2", pod("b", "10.0.0.2"));
    strange.getMetadata().setAnnotations(java.util.Map.of("owner", "Zoë 😀 Łódź"));
    create(strange);
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080");
    create(cart("cart-3", pod("c", "10.0.0.3")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
    expectKept();
  }

  @Test
  void row37_anObjectThatCannotBeReadCostsOnlyItself() {
    org.junit.jupiter.api.Assumptions.assumeTrue(
        server.acceptsLoopback(), "a server that checks slices never stores such a one");
    KubernetesDiscovery cart = cart().client(admin);
    settled(cart);
    garbage("cart-2", "\"ports\": \"http\", \"endpoints\": [{\"addresses\": 7}]");
    create(cart("cart-3", pod("c", "10.0.0.3")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.3:8080");
    eventually(() -> assertThat(cart.status().unreadable()).isEqualTo(1));
    create(cart("cart-4", pod("d", "10.0.0.4")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.3:8080", "10.0.0.4:8080");
    Recorder fresh = new Recorder();
    closing(cart().client(admin).coalesce(Duration.ZERO).watch(fresh)); // begins with a list
    eventually(() -> assertThat(fresh.addresses()).hasSize(3));
    delete("cart-2");
    create(cart("cart-5", pod("e", "10.0.0.5")));
    eventually(() -> assertThat(recorder.addresses()).hasSize(4));
    expectKept();
  }

  private void garbage(String name, String fields) {
    String slice =
        """
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
         "metadata": {"name": "%s", "labels": {"kubernetes.io/service-name": "cart"}}, %s}
        """
            .formatted(name, fields);
    admin.raw(
        "/apis/discovery.k8s.io/v1/namespaces/" + namespace + "/endpointslices",
        "POST",
        io.fabric8.kubernetes.client.utils.Serialization.unmarshal(slice, java.util.Map.class));
  }

  @Test
  void row38_aServerRestoredFromABackupIsNoticedAlthoughItsVersionsAreLower() throws Exception {
    KubernetesDiscovery cart =
        cart().client(server.client(LocalApiServer.ADMIN)).audit(Duration.ofSeconds(2));
    settled(cart);
    for (int i = 0; i < 300; i++) { // far ahead of what the restored one begins with
      replace(cart("cart-1", pod("a", "10.0.0.1"), pod("x" + i, "10.0.1.1")));
    }
    eventually(() -> assertThat(recorder.addresses()).contains("10.0.1.1:8080"));
    server.restoreEmpty();
    server.namespace(namespace);
    create(cart("cart-1", pod("a", "10.0.0.1"), pod("b", "10.0.0.2")));
    long restored = System.nanoTime();
    eventually(
        () -> assertThat(recorder.addresses()).containsExactly("10.0.0.1:8080", "10.0.0.2:8080"));
    create(cart("cart-2", pod("c", "10.0.0.3")));
    expect(State.LIVE, "10.0.0.1:8080", "10.0.0.2:8080", "10.0.0.3:8080");
    seen("row38", "", restored);
  }

  @Test
  void row39_onlyConsistentListsAreAskedFor() {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    settled(over(proxy.url()));
    assertThat(proxy.requests())
        .filteredOn(r -> !r.contains("watch=true"))
        .isNotEmpty()
        .allSatisfy(r -> assertThat(r).doesNotContain("resourceVersion"));
    assertThat(proxy.requests())
        .filteredOn(r -> r.contains("watch=true"))
        .isNotEmpty()
        .allSatisfy(
            r -> assertThat(r).contains("resourceVersion=").doesNotContain("resourceVersion=0&"));
  }

  // Ends

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row42_aBalancerClosedMidwayLeavesNothingBehind(HttpClients http) throws Exception {
    TcpProxy proxy = closing(TcpProxy.to(server.port()));
    KubernetesDiscovery cart = cart(proxy, http);
    create(cart("cart-1", pod("a", "10.0.0.1")));
    AutoCloseable watch = cart.watch(recorder);
    expect(State.LIVE, "10.0.0.1:8080");
    watch.close();
    watch.close();
    int said = recorder.topologies().size();
    create(cart("cart-2", pod("b", "10.0.0.2")));
    if (http != HttpClients.JDK) { // which has no close on JDK 17, and keeps its pool for a while
      eventually(() -> assertThat(proxy.open()).isZero());
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().startsWith("steelyard-kubernetes"));
    assertThat(recorder.topologies()).hasSize(said);
    assertThat(cart.status().state()).isEqualTo(State.CLOSED);
  }

  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void row43_aClientClosedByItsOwnerIsTheEndAndTheListStays(HttpClients http) {
    KubernetesClient given =
        new KubernetesClientBuilder()
            .withConfig(server.config(LocalApiServer.ADMIN))
            .withHttpClientFactory(http.factory())
            .build();
    KubernetesDiscovery cart = cart().client(given);
    settled(cart);
    given.close();
    expect(State.CLOSED, "10.0.0.1:8080");
    assertThat(cart.status().problem()).isEqualTo(Problem.CLIENT_CLOSED);
    expectKept();
  }

  @Test
  void aUsersClientIsNeverClosedAndBalancersShareOneWatch() throws Exception {
    TcpProxy proxy = closing(TcpProxy.inFrontOfTls(server.port()));
    KubernetesClient given =
        closing(
            new KubernetesClientBuilder()
                .withConfig(server.config(LocalApiServer.ADMIN, proxy.url()))
                .build());
    create(cart("cart-1", pod("a", "10.0.0.1")));
    KubernetesDiscovery cart = cart().client(given);
    Balancer first = Balancer.builder(cart).build();
    Balancer second = Balancer.builder(cart).build();
    try (Balancer third = Balancer.builder(cart).build()) {
      for (Balancer balancer : List.of(first, second, third)) {
        eventually(() -> assertThat(balancer.candidates().topology().endpoints()).hasSize(1));
      }
      eventually(() -> assertThat(cart.status().watches()).isEqualTo(1));
      assertThat(cart.status().lists()).isEqualTo(1);
      first.close();
      second.close();
      create(cart("cart-2", pod("b", "10.0.0.2")));
      eventually(() -> assertThat(third.candidates().topology().endpoints()).hasSize(2));
      assertThat(proxy.requests()).filteredOn(r -> r.contains("watch=true")).hasSize(1);
    }
    assertThat(cart.status().state()).isEqualTo(State.CLOSED);
    assertThat(given.discovery().v1().endpointSlices().inNamespace(namespace).list().getItems())
        .as("the user's client still works")
        .hasSize(2);
  }
}
