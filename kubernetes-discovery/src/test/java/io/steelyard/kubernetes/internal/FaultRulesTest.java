package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.internal.SliceUnion.Outcome;
import io.steelyard.kubernetes.internal.SliceUnion.Problem;
import io.steelyard.kubernetes.internal.SliceUnion.Result;
import io.steelyard.kubernetes.testing.Recorder;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of the fault matrix that are rules or a matter of time: no wire is needed for them. */
class FaultRulesTest {
  private static final SliceUnion.Settings HTTP =
      new SliceUnion.Settings(PortChoice.named("http"), false, false);

  private final VirtualPlatform platform =
      new VirtualPlatform(Long.MAX_VALUE - 5_000_000_000L, Instant.EPOCH).random(() -> 1L << 62);
  private final FakeSource<Slice> api = new FakeSource<>();
  private final Recorder recorder = new Recorder();
  private Duration hold = Duration.ZERO;
  private List<Endpoint> seed = List.of();
  private ServiceWatch.@Nullable PodWeights podWeights;
  private @Nullable FakeSource<PodWeightSource.PodWeight> pods;

  private ServiceWatch start(Discovery.Listener... listeners) {
    ServiceWatch watch =
        ServiceWatch.over(
            api,
            pods,
            api.io,
            new ServiceWatch.Settings(
                "kubernetes shop/cart:http",
                "shop",
                "cart",
                HTTP,
                "steelyard.io/weight",
                podWeights,
                Duration.ofMillis(100),
                hold,
                seed,
                Reflector.Settings.DEFAULT),
            platform);
    watch.add(recorder);
    for (Discovery.Listener listener : listeners) {
      watch.add(listener);
    }
    watch.start();
    return watch;
  }

  private static Slice.Entry pod(String uid, String address, boolean ready, boolean terminating) {
    return new Slice.Entry(
        address,
        ready,
        ready || terminating,
        terminating,
        uid,
        uid,
        null,
        null,
        List.of(),
        List.of());
  }

  private static Slice.Entry pod(String uid, String address) {
    return pod(uid, address, true, false);
  }

  private static Slice slice(String name, String type, List<Slice.Port> ports, Slice.Entry... e) {
    return new Slice(name, type, ports, List.of(e), null, Long.MIN_VALUE);
  }

  private static Slice slice(String name, Slice.Entry... entries) {
    return slice(name, "IPv4", ports("http", 80), entries);
  }

  private static List<Slice.Port> ports(String name, @Nullable Integer number) {
    return List.of(new Slice.Port(name, number, "TCP", null));
  }

  private static Result union(Slice... slices) {
    return SliceUnion.union(List.of(slices), HTTP);
  }

  private static List<String> ids(Result result) {
    return result.endpoints().stream().map(e -> (e.draining() ? "draining " : "") + e).toList();
  }

  @Test
  void row16_anEndpointInTwoSlicesIsOneAndTheNewerWordCounts() {
    Slice older = new Slice("a", "IPv4", ports("http", 80), List.of(pod("x", "10.0.0.1")), null, 1);
    Slice newer =
        new Slice(
            "b", "IPv4", ports("http", 80), List.of(pod("x", "10.0.0.1", false, false)), null, 2);
    assertThat(ids(union(older, newer))).isEmpty();
    assertThat(ids(union(newer, older))).isEmpty();
  }

  @Test
  void row17_aReusedAddressIsTheNewPodsWhileTheOldOneGoes() {
    Result result =
        union(slice("a", pod("old", "10.0.0.1", false, true)), slice("b", pod("new", "10.0.0.1")));
    assertThat(ids(result)).containsExactly("new:80@10.0.0.1:80");
  }

  @Test
  void row21_aRenamedPortKeepsTheLastGoodListAndNamesThoseThereAre() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a", "IPv4", ports("web", 80), pod("x", "10.0.0.1")));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
    assertThat(recorder.last().detail()).contains("web=80");
    assertThat(watch.snapshot().reason()).isEqualTo(ServiceWatch.Reason.NO_PORT);
  }

  @Test
  void row22_aPortHasTheNumberOfItsSlice() {
    assertThat(
            ids(
                union(
                    slice("a", pod("x", "10.0.0.1")),
                    slice("b", "IPv4", ports("http", 8080), pod("y", "10.0.0.2")))))
        .containsExactly("x:80@10.0.0.1:80", "y:8080@10.0.0.2:8080");
  }

  @Test
  void row23_aSliceWithoutThePortsNumberIsLeftOutWithAWord() {
    Result result =
        union(
            slice("a", pod("x", "10.0.0.1")),
            slice("b", "IPv4", ports("http", null), pod("y", "10.0.0.2")),
            slice("c", "IPv4", List.of(), pod("z", "10.0.0.3")));
    assertThat(ids(result)).containsExactly("x:80@10.0.0.1:80");
    assertThat(result.problems()).containsOnlyKeys(Problem.PORT);
  }

  @Test
  void row25_flappingAHundredTimesASecondIsAtMostTenTopologiesASecondAndTheLastStateWins() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    start();
    for (int i = 0; i < 1_001; i++) {
      platform.advance(Duration.ofMillis(10));
      api.put("a", slice("a", pod("x", "10.0.0.1", i % 2 != 0, false)));
    }
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.topologies()).hasSizeLessThanOrEqualTo(102);
    assertThat(recorder.addresses()).isEmpty();
  }

  @Test
  void row28_aSuddenEmptinessIsHeldAsLongAsConfigured() {
    hold = Duration.ofSeconds(30);
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    platform.advance(Duration.ofSeconds(1));
    api.put("a", slice("a"));
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
    assertThat(recorder.last().detail())
        .isEqualTo("the service is empty; its last 1 endpoints are held for 30 s");
    assertThat(watch.snapshot().reason()).isEqualTo(ServiceWatch.Reason.EMPTY);
    platform.advance(Duration.ofSeconds(28));
    assertThat(recorder.addresses()).hasSize(1);
    platform.advance(Duration.ofSeconds(2));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    assertThat(recorder.addresses()).isEmpty();
  }

  @Test
  void row28_endpointsThatComeBackEndTheHold() {
    hold = Duration.ofSeconds(30);
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    start();
    platform.advance(Duration.ofSeconds(1));
    api.remove("a");
    platform.advance(Duration.ofSeconds(20));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    api.put("a", slice("a", pod("y", "10.0.0.2")));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.2:80");
    platform.advance(Duration.ofSeconds(60));
    api.remove("a"); // a new emptiness has a hold of its own
    platform.advance(Duration.ofSeconds(29));
    assertThat(recorder.addresses()).containsExactly("10.0.0.2:80");
    platform.advance(Duration.ofSeconds(2));
    assertThat(recorder.state()).isEqualTo(State.ABSENT);
  }

  @Test
  void row29_allUnreadyIsEmpty() {
    Result result = union(slice("a", pod("x", "10.0.0.1", false, false)));
    assertThat(result.outcome()).isEqualTo(Outcome.ENDPOINTS);
    assertThat(result.endpoints()).isEmpty();
  }

  @Test
  void row30_allTerminatingAreUsedAsLongAsTheyServe() {
    Result result =
        union(
            slice(
                "a",
                pod("x", "10.0.0.1", false, true),
                new Slice.Entry(
                    "10.0.0.2", false, false, true, "y", "y", null, null, List.of(), List.of())));
    assertThat(ids(result)).containsExactly("x:80@10.0.0.1:80");
    assertThat(result.routing()).isEqualTo(SliceUnion.Routing.TERMINATING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cart.shop.svc", "10.0.0", "10.0.0.01", "", "fe80::1%eth0", "0x7f.1"})
  void row32_aMalformedAddressCostsOnlyItselfAndNobodyIsAsked(String address) {
    Result result = union(slice("a", pod("x", address), pod("y", "10.0.0.1")));
    assertThat(ids(result)).containsExactly("y:80@10.0.0.1:80");
    assertThat(result.problems()).containsOnlyKeys(Problem.MALFORMED);
  }

  @ParameterizedTest
  @CsvSource({"127.0.0.1", "169.254.169.254", "0.0.0.0", "224.0.0.1", "255.255.255.255"})
  void row33_anAddressNobodyShouldBeSentToIsRefused(String address) {
    Result result = union(slice("a", pod("x", address), pod("y", "10.0.0.1")));
    assertThat(ids(result)).containsExactly("y:80@10.0.0.1:80");
    assertThat(result.problems()).containsOnlyKeys(Problem.REFUSED);
  }

  @ParameterizedTest
  @ValueSource(strings = {"FQDN", "IPv8", ""})
  void row34_aSliceOfAnUnknownTypeIsLeftOut(String type) {
    Result result =
        union(
            slice("a", type, ports("http", 80), pod("x", "10.0.0.1")),
            slice("b", pod("y", "10.0.0.2")));
    assertThat(ids(result)).containsExactly("y:80@10.0.0.2:80");
    assertThat(result.leftOut()).isEqualTo(1);
  }

  @Test
  void row40_nothingHereAsksTheWallClock() throws IOException {
    Path sources = Path.of("src/main/java");
    try (Stream<Path> files = Files.walk(sources)) {
      assertThat(files.filter(f -> f.toString().endsWith(".java")).toList())
          .isNotEmpty()
          .filteredOn(FaultRulesTest::asksTheWallClock)
          .as("a date in a Retry-After header, and the date of a report, are no use otherwise")
          .extracting(file -> file.getFileName().toString())
          .containsExactlyInAnyOrder("ApiList.java", "StatusReports.java");
    }
  }

  private static boolean asksTheWallClock(Path file) {
    try {
      return Files.readString(file).matches("(?s).*(currentTimeMillis|epochMillis\\(|\\.now\\().*");
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void row41_aListenerThatThrowsOrBlocksHoldsUpNobody() throws Exception {
    CountDownLatch released = new CountDownLatch(1);
    Recorder other = new Recorder();
    Delivery blocked = new Delivery(listener(t -> await(released)), Platform.system(), "blocked");
    Delivery rude =
        new Delivery(
            listener(
                t -> {
                  throw new IllegalStateException("rude");
                }),
            Platform.system(),
            "rude");
    Delivery fine = new Delivery(other, Platform.system(), "fine");
    for (int i = 1; i <= 3; i++) {
      Topology topology = Topology.of(Endpoint.of("10.0.0." + i, 80));
      for (Delivery delivery : List.of(blocked, rude, fine)) {
        delivery.offer(topology);
      }
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!other.addresses().equals(List.of("10.0.0.3:80")) && System.nanoTime() < end) {
      Thread.sleep(1);
    }
    assertThat(other.addresses()).containsExactly("10.0.0.3:80");
    released.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Discovery.Listener listener(java.util.function.Consumer<Topology> update) {
    return new Discovery.Listener() {
      @Override
      public void update(Topology topology) {
        update.accept(topology);
      }

      @Override
      public void failed(Throwable cause) {}
    };
  }

  @Test
  void row44_aPartitionForADayKeepsTheListAndItsAgeCanBeRead() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    api.down = new IOException("timed out");
    api.watch().ended(null);
    platform.advance(Duration.ofDays(1));
    assertThat(recorder.state()).isEqualTo(State.STALE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
    assertThat(watch.snapshot().sinceHeard()).isEqualTo(Duration.ofDays(1));
    assertThat(watch.snapshot().cause()).isSameAs(api.down);
    assertThat(watch.snapshot().reason()).isEqualTo(ServiceWatch.Reason.UNREACHABLE);
    api.down = null;
    platform.advance(Duration.ofSeconds(31));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
  }

  @Test
  void row45_aThousandClientsThatReconnectAreSpread() {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    VirtualPlatform clock = new VirtualPlatform().random(random::nextLong);
    FakeSource<String> shared = new FakeSource<>();
    shared.down = new IOException("Connection refused");
    List<Reflector<String>> clients = new ArrayList<>();
    for (int i = 0; i < 1_000; i++) {
      Reflector<String> client =
          new Reflector<>(
              shared,
              "things",
              clock,
              new ReentrantLock(),
              shared.io,
              Reflector.Settings.DEFAULT,
              () -> {});
      clients.add(client);
      client.start();
    }
    clock.advance(Duration.ofMinutes(5));
    int most = 0;
    int attempts = shared.attempts;
    for (int i = 0; i < 300; i++) { // 30 s, in which each tries about twice
      int before = shared.attempts;
      clock.advance(Duration.ofMillis(100));
      most = Math.max(most, shared.attempts - before);
    }
    assertThat(shared.attempts - attempts).as("seed %d", seed).isBetween(1_000, 4_000);
    assertThat(most).as("seed %d: in any tenth of a second", seed).isLessThan(40);
    clients.forEach(Reflector::close);
  }

  // What is no row but belongs here

  @Test
  void a_seed_stays_until_the_first_list_and_through_a_refusal() {
    seed = List.of(Endpoint.of("10.9.9.9", 80));
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    api.down = FakeSource.http(403);
    start();
    assertThat(recorder.state()).isEqualTo(State.UNAUTHORIZED);
    assertThat(recorder.addresses()).containsExactly("10.9.9.9:80");
    api.down = null;
    platform.advance(Duration.ofSeconds(30));
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80");
  }

  @Test
  void an_audit_heals_what_a_watch_has_missed_and_counts_it() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    api.objects.put("b", slice("b", pod("y", "10.0.0.2"))); // and the watch says nothing
    for (int i = 0; i < 8; i++) {
      platform.advance(Duration.ofMinutes(1));
      api.watch().bookmark("1");
    }
    assertThat(watch.snapshot().counts().audits()).isEqualTo(1);
    assertThat(watch.snapshot().counts().mismatches()).isEqualTo(1);
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80", "10.0.0.2:80");
    assertThat(api.open).isEqualTo(1);
  }

  @Test
  void an_audit_that_finds_all_as_it_should_be_changes_nothing() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    for (int i = 0; i < 60; i++) {
      platform.advance(Duration.ofMinutes(1));
      api.watch().bookmark("1");
    }
    assertThat(watch.snapshot().counts().audits()).isBetween(6L, 12L);
    assertThat(watch.snapshot().counts().mismatches()).isZero();
    assertThat(watch.snapshot().counts().lists()).isEqualTo(1);
    assertThat(recorder.topologies()).hasSize(1);
  }

  @Test
  void a_watch_that_is_only_behind_is_no_mismatch() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    platform.advance(Duration.ofMinutes(1));
    for (int i = 0; i < 20_000; i++) { // the list is always one change ahead of the watch
      Slice next = slice("a", pod("x", "10.0." + i / 200 + "." + (1 + i % 200)));
      Slice before = api.objects.put("a", next);
      platform.advance(Duration.ofMillis(50));
      api.watch().put("a", before, "1");
    }
    assertThat(watch.snapshot().counts().audits()).isPositive();
    assertThat(watch.snapshot().counts().mismatches()).isZero();
  }

  @Test
  void weights_of_pods_are_waited_for_and_followed() {
    podWeights = new ServiceWatch.PodWeights("steelyard.io/weight", false);
    pods = new FakeSource<>();
    pods.objects.put("shop/x", new PodWeightSource.PodWeight("x", "7"));
    api.objects.put("a", slice("a", pod("x", "10.0.0.1"), pod("y", "10.0.0.2")));
    start();
    assertThat(recorder.topologies())
        .allSatisfy(
            t ->
                assertThat(t.endpoints())
                    .satisfiesAnyOf(
                        none -> assertThat(none).isEmpty(),
                        all -> assertThat(all).extracting(Endpoint::weight).containsExactly(7, 1)));
    assertThat(recorder.last().endpoints()).extracting(Endpoint::weight).containsExactly(7, 1);
    platform.advance(Duration.ofSeconds(1));
    pods.put("shop/y", new PodWeightSource.PodWeight("y", "3"));
    assertThat(recorder.last().endpoints()).extracting(Endpoint::weight).containsExactly(7, 3);
    platform.advance(Duration.ofSeconds(1));
    pods.remove("shop/x");
    assertThat(recorder.last().endpoints()).extracting(Endpoint::weight).containsExactly(1, 3);
  }

  @Test
  void without_the_right_to_see_pods_the_weights_of_slices_hold_and_it_is_said() {
    podWeights = new ServiceWatch.PodWeights("steelyard.io/weight", false);
    pods = new FakeSource<>();
    pods.down = FakeSource.http(403);
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    ServiceWatch watch = start();
    assertThat(recorder.state()).isEqualTo(State.LIVE);
    assertThat(recorder.last().endpoints()).extracting(Endpoint::weight).containsExactly(1);
    assertThat(recorder.last().detail())
        .startsWith("weights of pods: may not list pods in namespace shop: HTTP 403");
    assertThat(watch.snapshot().podWeights().state()).isEqualTo(State.UNAUTHORIZED);
  }

  @Test
  void what_cannot_be_read_in_a_list_stays_as_it_was_known() {
    api.objects.put("a", slice("a", pod("x", "10.0.0.1")));
    api.objects.put("b", slice("b", pod("y", "10.0.0.2")));
    ServiceWatch watch = start();
    api.unreadable.put("b", "nonsense");
    api.unreadable.put("c", "nonsense");
    api.objects.remove("b");
    api.watch().ended(new Failure.UnreadableException("nonsense", null));
    platform.advance(Duration.ofSeconds(1));
    assertThat(recorder.addresses()).containsExactly("10.0.0.1:80", "10.0.0.2:80");
    assertThat(watch.snapshot().counts().unreadable()).isEqualTo(2);
  }
}
