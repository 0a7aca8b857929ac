package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One service being watched on behalf of any number of listeners: started by the first, over with
 * the last.
 *
 * <p>Changes are published at once if nothing was published within the pace, else together at its
 * end. What is published is the union of all slices as they are then, so whatever happens between
 * is never seen.
 *
 * <p>One lock guards this and the reflector behind it. Nothing under it blocks or calls a listener.
 */
public final class ServiceWatch {
  private static final Logger log = LoggerFactory.getLogger(ServiceWatch.class);

  /**
   * What to watch and how.
   *
   * @param title for messages and thread names: {@code kubernetes shop/cart:http}
   */
  public record Settings(
      String title,
      String namespace,
      String service,
      SliceUnion.Settings union,
      String weightLabel,
      Duration pace,
      Reflector.Settings reflector) {}

  /** A moment's view of everything there is to tell; see {@code KubernetesStatus}. */
  public record Snapshot(
      Topology topology,
      @Nullable Duration sinceHeard,
      @Nullable Duration sinceChange,
      @Nullable String version,
      Reflector.Counts counts,
      int slices,
      int leftOut) {}

  private final Settings settings;
  private final Platform platform;
  private final ExecutorService io;
  private final Runnable release;
  private final ReentrantLock lock = new ReentrantLock();
  private final Reflector<Slice> reflector;

  private final List<Delivery> deliveries = new ArrayList<>();
  private boolean closed;

  private Topology published = Topology.syncing();
  private @Nullable Long publishedAt;
  private Platform.@Nullable Cancellable pending;
  private @Nullable Long changedAt;
  private List<Endpoint> good = List.of();
  private boolean everGood;
  private int slices;
  private int leftOut;
  private ServiceFacts facts;
  private final Set<SliceUnion.Problem> told = EnumSet.noneOf(SliceUnion.Problem.class);
  private boolean portTold;
  private boolean terminatingTold;

  private ServiceWatch(
      Settings settings,
      Platform platform,
      Source<Slice> source,
      ExecutorService io,
      Runnable release) {
    this.settings = settings;
    this.platform = platform;
    this.io = io;
    this.release = release;
    this.facts = ServiceFacts.unknown(settings.namespace(), settings.service());
    String what = "endpointslices.discovery.k8s.io in namespace " + settings.namespace();
    this.reflector =
        new Reflector<>(
            source,
            what + " (service " + settings.service() + ")",
            platform,
            lock,
            io,
            settings.reflector(),
            this::changed);
  }

  /** Watches with this client, which stays the caller's. */
  public static ServiceWatch using(KubernetesClient client, Settings settings, Platform platform) {
    return over(ClientHolder.given(client), settings, platform);
  }

  /** Watches with a client made for it, which is closed with the watch. */
  public static ServiceWatch making(
      Supplier<KubernetesClient> client, Settings settings, Platform platform) {
    return over(ClientHolder.own(client), settings, platform);
  }

  private static ServiceWatch over(ClientHolder client, Settings settings, Platform platform) {
    Source<Slice> source =
        new SliceSource(client, settings.namespace(), settings.service(), settings.weightLabel());
    IoThreads threads =
        new IoThreads(
            "steelyard-kubernetes-" + settings.namespace() + "-" + settings.service() + "-");
    // Blocking calls run one after another, so this is one thread while there are any and none
    // while a watch is quiet. A call that ignores its interrupt does not hold up the next.
    ExecutorService io =
        new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 2, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    return new ServiceWatch(
        settings,
        platform,
        source,
        io,
        () -> {
          client.close();
          threads.join(2, TimeUnit.SECONDS);
        });
  }

  /** For tests: any source, and any executor in place of threads. */
  static ServiceWatch over(
      Source<Slice> source, ExecutorService io, Settings settings, Platform platform) {
    return new ServiceWatch(settings, platform, source, io, () -> {});
  }

  /** Starts watching. */
  public void start() {
    reflector.start();
  }

  /**
   * Adds a listener, which is told the latest topology if there is one.
   *
   * @return closes it, and the watch with the last one; null if that has happened already
   */
  public @Nullable AutoCloseable add(Discovery.Listener listener) {
    Delivery delivery = new Delivery(listener, platform.executor(), settings.title());
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      deliveries.add(delivery);
      if (publishedAt != null) {
        delivery.offer(published);
      }
    } finally {
      lock.unlock();
    }
    return () -> remove(delivery);
  }

  private void remove(Delivery delivery) {
    boolean last;
    lock.lock();
    try {
      last = deliveries.remove(delivery) && deliveries.isEmpty();
      if (last) {
        closed = true;
        if (pending != null) {
          pending.cancel();
          pending = null;
        }
        published = published.with(Topology.State.CLOSED, null);
      }
    } finally {
      lock.unlock();
    }
    delivery.close();
    if (last) {
      reflector.close();
      io.shutdownNow();
      release.run();
    }
  }

  /** What the slices say of the service as a whole. */
  public ServiceFacts facts() {
    lock.lock();
    try {
      return facts;
    } finally {
      lock.unlock();
    }
  }

  /** A moment's view. */
  public Snapshot snapshot() {
    lock.lock();
    try {
      Long at = changedAt;
      return new Snapshot(
          published,
          reflector.sinceHeard(),
          at == null ? null : Duration.ofNanos(platform.nanoTime() - at),
          reflector.version(),
          reflector.counts(),
          slices,
          leftOut);
    } finally {
      lock.unlock();
    }
  }

  /**
   * The reflector has news: publish now, or together with what else happens until the pace ends.
   */
  private void changed() {
    if (closed || pending != null) {
      return;
    }
    Duration wait = Duration.ZERO;
    if (publishedAt != null) {
      wait = settings.pace().minusNanos(platform.nanoTime() - publishedAt);
    }
    if (wait.isNegative() || wait.isZero()) {
      publishSafely();
    } else {
      pending = platform.schedule(() -> platform.executor().execute(this::publishPending), wait);
    }
  }

  private void publishPending() {
    lock.lock();
    try {
      pending = null;
      if (!closed) {
        publishSafely();
      }
    } finally {
      lock.unlock();
    }
  }

  private void publishSafely() {
    try {
      publish();
    } catch (RuntimeException e) {
      log.error("{}: publishing met a bug; the last topology stays", settings.title(), e);
      for (Delivery delivery : List.copyOf(deliveries)) { // an executor may run at once
        delivery.fail(e);
      }
    }
  }

  private void publish() {
    Topology next = topology();
    ServiceFacts described = describe();
    // A label that changes is news too, for those who choose policies by it.
    boolean same = next.equals(published) && described.equals(facts);
    facts = described;
    if (same && publishedAt != null) {
      return;
    }
    long now = platform.nanoTime();
    if (changedAt == null || !next.endpoints().equals(published.endpoints())) {
      changedAt = everGood ? (Long) now : null;
    }
    published = next;
    publishedAt = now;
    for (Delivery delivery : List.copyOf(deliveries)) { // an executor may run at once
      delivery.offer(next);
    }
  }

  private ServiceFacts describe() {
    return reflector.loaded()
        ? ServiceFacts.of(
            settings.namespace(), settings.service(), settings.union().port(), reflector.items())
        : facts;
  }

  private Topology topology() {
    Reflector.Health health = reflector.health();
    if (!reflector.loaded()) {
      return Topology.syncing().with(health.state(), health.detail());
    }
    SliceUnion.Result result = SliceUnion.union(reflector.items(), settings.union());
    slices = reflector.items().size();
    leftOut = result.leftOut();
    tell(result);
    Topology.State state = Topology.State.LIVE;
    String detail = result.detail();
    switch (result.outcome()) {
      case ENDPOINTS -> keep(result.endpoints());
      case NO_SLICES -> {
        keep(List.of());
        state = Topology.State.ABSENT;
        detail =
            "no EndpointSlice in namespace "
                + settings.namespace()
                + " has the label "
                + SliceSource.SERVICE
                + "="
                + settings.service();
      }
      case NO_PORT -> state = everGood ? Topology.State.STALE : Topology.State.SYNCING;
    }
    if (health.state() != Topology.State.LIVE) {
      state = health.state();
      detail = health.detail();
    }
    return Topology.distinct(good, same -> {}).with(state, detail);
  }

  private void keep(List<Endpoint> endpoints) {
    good = endpoints;
    everGood = true;
  }

  /** One line for each kind of problem, until it has been away. */
  private void tell(SliceUnion.Result result) {
    told.retainAll(result.problems().keySet());
    result
        .problems()
        .forEach(
            (problem, sentence) -> {
              if (told.add(problem)) {
                log.warn("{}: {}", settings.title(), sentence);
              }
            });
    boolean noPort = result.outcome() == SliceUnion.Outcome.NO_PORT;
    if (noPort && !portTold) {
      log.warn(
          "{}: {}; keeps the last good list of {}", settings.title(), result.detail(), good.size());
    }
    portTold = noPort;
    if (result.allTerminating() && !terminatingTold) {
      log.info(
          "{}: no endpoint is ready; uses {} that are terminating but still serve",
          settings.title(),
          result.endpoints().size());
    }
    terminatingTold = result.allTerminating();
  }

  @Override
  public String toString() {
    return Objects.requireNonNull(settings.title());
  }
}
