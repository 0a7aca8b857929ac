package io.steelyard.kubernetes.figures;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.PickContext;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.KubernetesStatus;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.TcpProxy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;

/**
 * A thousand endpoints that come and go, faults on the wire and in the API server by a seed, and
 * picks all along. At the end the view equals what the server holds, nothing is in flight, threads
 * and sockets are gone and the heap has not grown; otherwise it says what is wrong and exits with
 * 1.
 */
public final class Soak {
  private static final int SLICES = 10;

  private final Random random;
  private final LocalApiServer server;
  private final TcpProxy proxy;
  private final List<String> wrong = new ArrayList<>();
  private final LongAdder picks = new LongAdder();
  private final LongAdder without = new LongAdder();
  private final AtomicBoolean over = new AtomicBoolean();
  private int changes;
  private int faults;
  private long lastBlackHole = System.nanoTime() - 60_000_000_000L;

  private Soak(long seed, LocalApiServer server, TcpProxy proxy) {
    this.random = new Random(seed);
    this.server = server;
    this.proxy = proxy;
  }

  public static void main(String[] args) throws Exception {
    double minutes = 10;
    long seed = 1;
    for (int i = 0; i < args.length; i += 2) {
      String value = i + 1 < args.length ? args[i + 1] : "";
      switch (args[i]) {
        case "--minutes" -> minutes = Double.parseDouble(value);
        case "--seed" -> seed = Long.parseLong(value);
        default -> {
          System.err.println(
              args[i] + " (expected: --minutes, 10 by default, or --seed, 1 by default)");
          System.exit(2);
        }
      }
    }
    System.out.printf("soak: %.1f minutes, seed %d%n", minutes, seed);
    boolean well;
    try (LocalApiServer server =
            LocalApiServer.start(
                LocalApiServer.assets()
                    .orElseThrow(
                        () ->
                            new IllegalStateException(
                                "KUBEBUILDER_ASSETS names no folder with etcd and"
                                    + " kube-apiserver")));
        TcpProxy proxy = TcpProxy.to(server.port())) {
      server.namespace(Cart.NAMESPACE);
      well = new Soak(seed, server, proxy).run(Duration.ofMillis((long) (minutes * 60_000)));
    }
    System.exit(well ? 0 : 1);
  }

  private boolean run(Duration time) throws Exception {
    Cart.fill(server.admin(), "soak", SLICES);
    KubernetesDiscovery discovery =
        KubernetesDiscovery.service(Cart.NAMESPACE, "soak")
            .port("http")
            .silenceLimit(Duration.ofSeconds(10))
            .audit(Duration.ofSeconds(20))
            .kubeconfig(
                server.kubeconfig(
                    "token: " + LocalApiServer.ADMIN,
                    "insecure-skip-tls-verify: true",
                    Cart.NAMESPACE,
                    proxy.url()));
    long threadsBefore = clientThreads();
    Balancer balancer = Balancer.builder(discovery).build();
    await("the first list", () -> balancer.candidates().usable() == SLICES * Cart.PER_SLICE);
    List<Thread> pickers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      Thread picker = new Thread(() -> pick(balancer), "soak-picker-" + i);
      picker.start();
      pickers.add(picker);
    }
    long start = System.nanoTime();
    long nextFault = start + 3_000_000_000L;
    long nextReport = start + 30_000_000_000L;
    long heapAtFirst = 0;
    long mismatches = 0;
    while (System.nanoTime() - start < time.toNanos()) {
      change();
      // An audit may come upon a half-open watch before its silence tells; else none ever differs.
      long found = discovery.status().mismatches();
      check(
          found == mismatches || System.nanoTime() - lastBlackHole < 30_000_000_000L,
          found - mismatches + " mismatches found by an audit, and no black hole (expected: 0)");
      mismatches = found;
      long now = System.nanoTime();
      if (now >= nextFault) {
        fault();
        // Mostly close together; now and then long enough for silences to be found and audits.
        double seconds = random.nextInt(4) == 0 ? 25 : 8 * random.nextDouble();
        nextFault = System.nanoTime() + (long) (seconds * 1e9);
      }
      if (heapAtFirst == 0 && now - start > time.toNanos() / 4) {
        heapAtFirst = heap();
      }
      if (now >= nextReport) {
        report(balancer, discovery);
        nextReport = now + 30_000_000_000L;
      }
      Thread.sleep(20);
    }
    proxy.refuse(false);
    proxy.hold(false);
    proxy.delay(Duration.ZERO);
    // A connection that is half open at the end is found in ten seconds, a retry comes in thirty.
    await("the view to equal the server's", () -> view(balancer).equals(held()));
    long heapAtLast = heap();
    over.set(true);
    for (Thread picker : pickers) {
      picker.join();
    }
    report(balancer, discovery);
    long inFlight = inFlight(balancer);
    check(inFlight == 0, inFlight + " in flight (expected: 0)");
    check(without.sum() == 0, without.sum() + " picks without an endpoint (expected: 0)");
    check(
        heapAtLast < heapAtFirst * 1.3 + 8e6,
        "heap of " + heapAtFirst / 1000 + " kB has grown to " + heapAtLast / 1000 + " kB");
    System.out.printf("heap: %d kB, then %d kB%n", heapAtFirst / 1000, heapAtLast / 1000);
    balancer.close();
    await("sockets to be closed", () -> proxy.open() == 0);
    await(
        "threads to end",
        () ->
            !ownThreads()
                && clientThreads()
                    <= threadsBefore + 2 * Runtime.getRuntime().availableProcessors());
    wrong.forEach(what -> System.out.println("WRONG: " + what));
    System.out.println(wrong.isEmpty() ? "soak: all is well" : "soak: failed");
    return wrong.isEmpty();
  }

  private void pick(Balancer balancer) {
    int count = 0;
    while (!over.get()) {
      try {
        Attempt attempt = balancer.begin(PickContext.none());
        attempt.success();
        picks.increment();
      } catch (NoEndpointException e) {
        without.increment();
      }
      if (++count % 1_000 == 0) {
        pause(1); // some hundred thousand picks a second are enough
      }
    }
  }

  /** One slice changes: pods are replaced, become ready or unready, or it is made anew. */
  private void change() {
    int s = random.nextInt(SLICES);
    List<Endpoint> pods = new ArrayList<>();
    int generation = random.nextInt(5);
    int size = 1 + random.nextInt(Cart.PER_SLICE);
    for (int e = 0; e < size; e++) {
      pods.add(Cart.pod("soak" + generation, s, e, random.nextInt(10) > 0));
    }
    pods.set(0, Cart.pod("soak", s, 0, true)); // it never becomes empty
    EndpointSlice slice = Cart.slice("soak", s, pods);
    KubernetesClient admin = server.admin();
    try {
      var slices = admin.discovery().v1().endpointSlices().inNamespace(Cart.NAMESPACE);
      if (random.nextInt(20) == 0) {
        slices.withName(slice.getMetadata().getName()).delete();
        slices.resource(slice).create();
      } else {
        slices.resource(slice).update();
      }
      changes++;
    } catch (RuntimeException e) {
      throw new IllegalStateException("the admin's change failed", e);
    }
  }

  private void fault() throws Exception {
    faults++;
    switch (random.nextInt(9)) {
      case 0 -> proxy.reset();
      case 1 -> proxy.resetAfter(random.nextInt(5_000));
      case 2 -> {
        proxy.blackHole();
        lastBlackHole = System.nanoTime();
      }
      case 3 -> proxy.halfClose();
      case 4 -> {
        proxy.delay(Duration.ofMillis(random.nextInt(400)));
      }
      case 5 -> proxy.delay(Duration.ZERO);
      case 6 -> {
        proxy.refuse(true);
        proxy.reset();
        pause(random.nextInt(4_000));
        proxy.refuse(false);
      }
      case 7 -> {
        proxy.hold(true);
        proxy.reset();
        pause(random.nextInt(4_000));
        proxy.hold(false);
      }
      default -> {
        if (random.nextInt(3) == 0) {
          server.killApiServer();
          if (random.nextBoolean()) {
            server.compact();
          }
          server.startApiServer();
        }
      }
    }
  }

  /** What the server holds, as a naive reader sees it. */
  private Set<String> held() {
    Set<String> ready = new TreeSet<>();
    for (EndpointSlice slice :
        server
            .admin()
            .discovery()
            .v1()
            .endpointSlices()
            .inNamespace(Cart.NAMESPACE)
            .list()
            .getItems()) {
      for (Endpoint pod : slice.getEndpoints()) {
        if (pod.getConditions().getReady()) {
          ready.add(pod.getTargetRef().getUid() + ":8080");
        }
      }
    }
    return ready;
  }

  private static Set<String> view(Balancer balancer) {
    return balancer.candidates().topology().endpoints().stream()
        .map(io.steelyard.Endpoint::id)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static long inFlight(Balancer balancer) {
    var candidates = balancer.candidates();
    long sum = 0;
    for (int i = 0; i < candidates.size(); i++) {
      sum += candidates.stats(i).inFlight();
    }
    return sum;
  }

  private void report(Balancer balancer, KubernetesDiscovery discovery) {
    KubernetesStatus status = discovery.status();
    System.out.printf(
        "%d changes, %d faults, %d picks (%d without an endpoint), in flight %d; %s%n",
        changes, faults, picks.sum(), without.sum(), inFlight(balancer), status);
  }

  private void await(String what, BooleanSupplier condition) {
    long end = System.nanoTime() + 90_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        check(false, "waited 90 s for " + what);
        return;
      }
      System.gc(); // the JDK's own HTTP client has no close before 21
      pause(100);
    }
  }

  private void check(boolean well, String what) {
    if (!well) {
      wrong.add(what);
    }
  }

  /** Threads of the HTTP clients; the admin's may still be making its own few. */
  private static long clientThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("vert.x"))
        .count();
  }

  private static boolean ownThreads() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().startsWith("steelyard-kubernetes"));
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      pause(50);
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }

  private static void pause(long millis) {
    try {
      Thread.sleep(millis);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
