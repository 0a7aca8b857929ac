package io.steelyard.kubernetes.figures;

import io.fabric8.kubernetes.api.model.ListOptionsBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.Watch;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.WatcherException;
import io.steelyard.Balancer;
import io.steelyard.Topology;
import io.steelyard.kubernetes.KubernetesDiscovery;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.Recorder;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/**
 * Measures a service of ten thousand endpoints in a hundred slices on a real API server: how soon
 * it is known, what an endpoint retains, what changes cost, and how soon they are picked.
 *
 * <p>What the API server itself needs is seen by a bare watch of the client in the same process,
 * and taken off.
 */
public final class Figures {
  private static final int SLICES = 100;

  private final LocalApiServer server;
  private final KubernetesClient admin;

  private Figures(LocalApiServer server) {
    this.server = server;
    this.admin = server.admin();
  }

  public static void main(String[] args) throws Exception {
    if (args.length == 2 && args[0].equals("--write")) {
      write(args[1]);
      return;
    }
    LocalApiServer server =
        LocalApiServer.start(
            LocalApiServer.assets()
                .orElseThrow(
                    () ->
                        new IllegalStateException(
                            "KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver")));
    try (server) {
      server.namespace(Cart.NAMESPACE);
      Figures figures = new Figures(server);
      figures.small();
      figures.large();
      figures.restarts();
    }
    System.exit(0); // the admin client's threads need not be waited for
  }

  /** A service of one slice: also warms everything up. */
  private void small() throws Exception {
    Cart.fill(admin, "small", 1);
    KubernetesDiscovery discovery = Cart.discovery(server, "small");
    try (Balancer balancer = balancer(discovery)) {
      until(() -> usable(balancer) == Cart.PER_SLICE);
      changes("small", 1, balancer, 60); // warm-up
      print(
          "change to pick over the API server's delivery, 100 endpoints in 1 slice",
          changes("small", 1, balancer, 150));
    }
  }

  private void large() throws Exception {
    Cart.fill(admin, "large", SLICES);
    for (int i = 0; i < 3; i++) {
      long without = usedByNone();
      Recorder recorder = new Recorder();
      long start = System.nanoTime();
      try (AutoCloseable watch = Cart.discovery(server, "large").watch(recorder)) {
        until(() -> recorder.last().endpoints().size() == SLICES * Cart.PER_SLICE);
        long millis = (System.nanoTime() - start) / 1_000_000;
        System.out.printf(
            "first list of 10,000 endpoints, client and TLS and all: %d ms, %d snapshot(s)%n",
            millis, recorder.topologies().size());
        Thread.sleep(3_000); // what the list needed is gone
        long with = used();
        System.out.printf(
            "retained: %d bytes an endpoint%n", (with - without) / (SLICES * Cart.PER_SLICE));
      }
    }
    KubernetesDiscovery discovery = Cart.discovery(server, "large");
    try (Balancer balancer = balancer(discovery)) {
      until(() -> usable(balancer) == SLICES * Cart.PER_SLICE);
      print(
          "change to pick over the API server's delivery, 10,000 endpoints in 100 slices",
          changes("large", SLICES, balancer, 100));
      bursts(balancer);
      churn(balancer);
    }
  }

  /**
   * The API server is killed and started again, each time under a balancer of its own: from the
   * moment it is ready, to a change that is made then and picked.
   */
  private void restarts() throws Exception {
    long[] delays = new long[11];
    for (int i = 0; i < delays.length; i++) {
      KubernetesDiscovery discovery = Cart.discovery(server, "small");
      try (Balancer balancer = balancer(discovery)) {
        until(() -> usable(balancer) == Cart.PER_SLICE);
        Thread.sleep(1_000);
        server.killApiServer();
        until(() -> discovery.status().state() == Topology.State.STALE);
        server.startApiServer();
        long ready = System.nanoTime();
        replace(Cart.slice("small", 0, 7));
        until(() -> usable(balancer) == Cart.PER_SLICE - 1);
        delays[i] = System.nanoTime() - ready;
        replace(Cart.slice("small", 0, -1));
        until(() -> usable(balancer) == Cart.PER_SLICE);
      }
    }
    Arrays.sort(delays);
    System.out.printf(
        Locale.ROOT,
        "restart of the API server, ready to change to pick: median %.1f s, longest %.1f s (%d)%n",
        delays[delays.length / 2] / 1e9,
        delays[delays.length - 1] / 1e9,
        delays.length);
  }

  /** What there is with a client and a watch, of a service without endpoints. */
  private long usedByNone() throws Exception {
    Recorder recorder = new Recorder();
    try (AutoCloseable watch = Cart.discovery(server, "none").watch(recorder)) {
      until(() -> recorder.state() == Topology.State.ABSENT);
      Thread.sleep(3_000);
      return used();
    }
  }

  private static Balancer balancer(KubernetesDiscovery discovery) {
    return Balancer.builder(discovery).build();
  }

  private static int usable(Balancer balancer) {
    return balancer.candidates().usable();
  }

  private static void until(BooleanSupplier condition) {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException("not within a minute");
      }
      LockSupport.parkNanos(20_000);
    }
  }

  /** From the moment a bare watch has an event to the moment a pick knows it, in nanoseconds. */
  private long[] changes(String service, int slices, Balancer balancer, int count)
      throws Exception {
    int all = usable(balancer);
    AtomicLong delivered = new AtomicLong();
    AtomicLong deliveredToo = new AtomicLong();
    long[] delays = new long[count];
    long[] apart = new long[count];
    try (Watch bare = bare(service, delivered);
        Watch another = bare(service, deliveredToo)) {
      Thread.sleep(500);
      for (int i = 0; i < count; i++) {
        Thread.sleep(300); // longer than any pause of the balancer's: each is the first after one
        boolean off = i % 2 == 0;
        delivered.set(0);
        deliveredToo.set(0);
        int s = i / 2 % slices;
        replace(Cart.slice(service, s, off ? 7 : -1));
        int expected = off ? all - 1 : all;
        until(() -> usable(balancer) == expected);
        long picked = System.nanoTime();
        until(() -> delivered.get() != 0 && deliveredToo.get() != 0);
        delays[i] = picked - delivered.get();
        apart[i] = Math.abs(deliveredToo.get() - delivered.get());
      }
      Thread.sleep(300);
    }
    print("two bare watches apart, " + service, apart);
    return delays;
  }

  /** Fifty changes at once: from the last event to the moment a pick knows them all. */
  private void bursts(Balancer balancer) throws Exception {
    int all = usable(balancer);
    AtomicLong delivered = new AtomicLong();
    long[] delays = new long[10];
    try (Watch bare = bare("large", delivered)) {
      Thread.sleep(500);
      for (int i = 0; i < delays.length; i++) {
        boolean off = i % 2 == 0;
        for (int s = 0; s < 50; s++) {
          delivered.set(0);
          replace(Cart.slice("large", s, off ? 7 : -1));
        }
        until(() -> usable(balancer) == (off ? all - 50 : all));
        long picked = System.nanoTime();
        until(() -> delivered.get() != 0);
        delays[i] = Math.max(0, picked - delivered.get());
      }
    }
    print("change to pick over the API server's delivery, bursts of 50, from the last", delays);
  }

  /** A hundred slices change once a second, written by another process. */
  private void churn(Balancer balancer) throws Exception {
    Process writer =
        new ProcessBuilder(
                ProcessHandle.current().info().command().orElse("java"),
                "-cp",
                System.getProperty("java.class.path"),
                Figures.class.getName(),
                "--write",
                server.kubeconfig(LocalApiServer.ADMIN, Cart.NAMESPACE).toString())
            .inheritIO()
            .start();
    try {
      Thread.sleep(6_000);
      com.sun.management.OperatingSystemMXBean system =
          (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
      long updates = balancer.stats().topologyUpdates();
      long cpu = system.getProcessCpuTime();
      long start = System.nanoTime();
      Thread.sleep(15_000);
      double seconds = (System.nanoTime() - start) / 1e9;
      System.out.printf(
          Locale.ROOT,
          "100 slices changing once a second: %.0f %% of a core, %.1f snapshots a second%n",
          (system.getProcessCpuTime() - cpu) / 1e7 / seconds,
          (balancer.stats().topologyUpdates() - updates) / seconds);
    } finally {
      writer.destroyForcibly().waitFor();
    }
  }

  private static void write(String kubeconfig) throws Exception {
    try (KubernetesClient client =
        new io.fabric8.kubernetes.client.KubernetesClientBuilder()
            .withConfig(
                io.fabric8.kubernetes.client.Config.fromKubeconfig(new java.io.File(kubeconfig)))
            .build()) {
      long start = System.nanoTime();
      for (int i = 0; ; i++) {
        client
            .discovery()
            .v1()
            .endpointSlices()
            .inNamespace(Cart.NAMESPACE)
            .resource(Cart.slice("large", i % SLICES, i / SLICES % 2 == 0 ? 9 : -1))
            .update();
        long due = start + (i + 1) * 10_000_000L;
        LockSupport.parkNanos(Math.max(0, due - System.nanoTime()));
      }
    }
  }

  private void replace(EndpointSlice slice) {
    admin.discovery().v1().endpointSlices().inNamespace(Cart.NAMESPACE).resource(slice).update();
  }

  private Watch bare(String service, AtomicLong delivered) {
    return admin
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(Cart.NAMESPACE)
        .withLabel("kubernetes.io/service-name", service)
        .watch(
            new ListOptionsBuilder().withResourceVersion("0").build(),
            new Watcher<>() {
              @Override
              public void eventReceived(Action action, EndpointSlice slice) {
                delivered.set(System.nanoTime());
              }

              @Override
              public void onClose(WatcherException cause) {}
            });
  }

  private static void print(String what, long[] nanos) {
    long[] sorted = nanos.clone();
    Arrays.sort(sorted);
    System.out.printf(
        Locale.ROOT,
        "%s: p50 %.1f ms, p99 %.1f ms (%d)%n",
        what,
        sorted[sorted.length / 2] / 1e6,
        sorted[(int) Math.ceil(sorted.length * 0.99) - 1] / 1e6,
        sorted.length);
  }

  private static long used() throws InterruptedException {
    Runtime runtime = Runtime.getRuntime();
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 6; i++) {
      System.gc();
      Thread.sleep(100);
      least = Math.min(least, runtime.totalMemory() - runtime.freeMemory());
    }
    return least;
  }
}
