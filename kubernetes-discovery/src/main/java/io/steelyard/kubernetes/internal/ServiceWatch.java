package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
   * @param podWeights whether and where pods carry weights of their own
   * @param holdEmpty how long endpoints are kept after the service has become empty
   * @param seed what is published until the first list
   */
  public record Settings(
      String title,
      String namespace,
      String service,
      SliceUnion.Settings union,
      String weightLabel,
      @Nullable PodWeights podWeights,
      Duration pace,
      Duration holdEmpty,
      List<Endpoint> seed,
      Reflector.Settings reflector) {
    public Settings {
      seed = List.copyOf(seed);
    }
  }

  /** The label or annotation of a pod that is its weight. */
  public record PodWeights(String key, boolean annotation) {}

  /** A moment's view of everything there is to tell; see {@code KubernetesStatus}. */
  public record Snapshot(
      Topology topology,
      @Nullable Reason reason,
      @Nullable Throwable cause,
      @Nullable Duration sinceHeard,
      @Nullable Duration sinceChange,
      @Nullable String version,
      Reflector.Counts counts,
      int slices,
      int leftOut,
      SliceUnion.Routing routing,
      @Nullable String routingDetail,
      Reflector.@Nullable Health podWeights) {}

  /** Why a topology is not simply live, for programs. */
  public enum Reason {
    /** The API server cannot be reached or does not answer. */
    UNREACHABLE,
    /** It is overloaded or not well. */
    BUSY,
    /** It and this client do not trust each other's certificates. */
    UNTRUSTED,
    /** It refuses this client. */
    REFUSED,
    /** It does not serve EndpointSlices. */
    NOT_SERVED,
    /** It says what cannot be read, or no longer knows the version asked for. */
    UNREADABLE,
    /** The port cannot be told. */
    NO_PORT,
    /** The service has become empty, and its endpoints are held for a while. */
    EMPTY,
    /** There is no slice of such a service. */
    NO_SLICES,
    /** The client that was given has been closed. */
    CLIENT_CLOSED
  }

  private final Settings settings;
  private final Platform platform;
  private final ExecutorService io;
  private final Runnable release;
  private final ReentrantLock lock = new ReentrantLock();
  private final Reflector<Slice> reflector;
  private final @Nullable Reflector<PodWeightSource.PodWeight> pods;

  private final List<Delivery> deliveries = new ArrayList<>();
  private boolean closed;

  private Topology published = Topology.syncing();
  private @Nullable Long publishedAt;
  private Platform.@Nullable Cancellable pending;
  private @Nullable Long changedAt;
  private List<Endpoint> good;
  private boolean everGood;
  private boolean listed;
  private @Nullable Long emptySince; // while good is held although the service is empty
  private Platform.@Nullable Cancellable holding;
  private @Nullable Reason reason;
  private @Nullable Throwable cause;
  private int slices;
  private int leftOut;
  private ServiceFacts facts;
  private SliceUnion.Routing routing = SliceUnion.Routing.ALL;
  private @Nullable String routingDetail;
  private final Set<SliceUnion.Problem> told = EnumSet.noneOf(SliceUnion.Problem.class);
  private boolean portTold;

  private ServiceWatch(
      Settings settings,
      Platform platform,
      Source<Slice> source,
      @Nullable Source<PodWeightSource.PodWeight> podSource,
      ExecutorService io,
      Runnable release) {
    this.settings = settings;
    this.platform = platform;
    this.io = io;
    this.release = release;
    this.facts = ServiceFacts.unknown(settings.namespace(), settings.service());
    this.good = settings.seed();
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
    this.pods =
        podSource == null
            ? null
            : new Reflector<>(
                podSource,
                "pods in namespace " + settings.namespace(),
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
    PodWeights weights = settings.podWeights();
    Source<PodWeightSource.PodWeight> podSource =
        weights == null
            ? null
            : new PodWeightSource(
                client, settings.namespace(), weights.key(), weights.annotation());
    IoThreads threads =
        new IoThreads(
            "steelyard-kubernetes-" + settings.namespace() + "-" + settings.service() + "-");
    // A reflector's calls run one after another, its audits beside them, so these are two or three
    // threads at most and none while all is quiet. A call that ignores its interrupt does not hold
    // up the next.
    ExecutorService io =
        new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 2, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    return new ServiceWatch(
        settings,
        platform,
        source,
        podSource,
        io,
        () -> {
          client.close();
          threads.join(2, TimeUnit.SECONDS);
        });
  }

  /** For tests: any source, and any executor in place of threads. */
  static ServiceWatch over(
      Source<Slice> source, ExecutorService io, Settings settings, Platform platform) {
    return over(source, null, io, settings, platform);
  }

  /** For tests: any sources, and any executor in place of threads. */
  static ServiceWatch over(
      Source<Slice> source,
      @Nullable Source<PodWeightSource.PodWeight> pods,
      ExecutorService io,
      Settings settings,
      Platform platform) {
    return new ServiceWatch(settings, platform, source, pods, io, () -> {});
  }

  /** Starts watching. */
  public void start() {
    lock.lock();
    try {
      if (!good.isEmpty() && !closed) {
        log.info("{}: begins with the {} endpoints of the seed", settings.title(), good.size());
        publishSafely();
      }
    } finally {
      lock.unlock();
    }
    if (pods != null) {
      pods.start(); // first, so that weights are likely to be there with the endpoints
    }
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
        release(holding);
        holding = null;
        published = published.with(Topology.State.CLOSED, null);
      }
    } finally {
      lock.unlock();
    }
    delivery.close();
    if (last) {
      reflector.close();
      if (pods != null) {
        pods.close();
      }
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
          reason,
          cause,
          reflector.sinceHeard(),
          at == null ? null : Duration.ofNanos(platform.nanoTime() - at),
          reflector.version(),
          reflector.counts(),
          slices,
          leftOut,
          routing,
          routingDetail,
          pods == null ? null : pods.health());
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
    if (publishedAt != null && listed) { // the first list is awaited
      wait = settings.pace().minusNanos(platform.nanoTime() - publishedAt);
    }
    if (vanished() && wait.compareTo(settings.pace()) < 0) {
      wait = settings.pace();
    }
    if (wait.isNegative() || wait.isZero()) {
      publishSafely();
    } else {
      pending = platform.schedule(() -> platform.executor().execute(this::publishPending), wait);
    }
  }

  /**
   * Whether the last slice has just gone. One that is deleted and made anew under another name is
   * away for some milliseconds, which callers need not see.
   */
  private boolean vanished() {
    return reflector.loaded() && reflector.items().isEmpty() && !good.isEmpty() && everGood;
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
    cause = health.cause();
    reason = reason(health);
    if (!reflector.loaded() || weightsPending()) {
      return seeded(health);
    }
    SliceUnion.Result result =
        SliceUnion.union(reflector.items(), settings.union(), weightsByUid());
    listed = true;
    slices = reflector.items().size();
    leftOut = result.leftOut();
    tell(result);
    Topology.State state = Topology.State.LIVE;
    String detail = result.detail();
    switch (result.outcome()) {
      case ENDPOINTS -> {
        if (holds(result.endpoints())) {
          state = Topology.State.STALE;
          detail = held();
        }
      }
      case NO_SLICES -> {
        boolean holds = holds(List.of());
        state = holds ? Topology.State.STALE : Topology.State.ABSENT;
        detail = noSlices() + (holds ? "; " + held() : "");
      }
      case NO_PORT ->
          state = good.isEmpty() && !everGood ? Topology.State.SYNCING : Topology.State.STALE;
    }
    if (health.state() != Topology.State.LIVE) {
      state = health.state();
      detail = health.detail();
    } else {
      reason =
          switch (result.outcome()) {
            case NO_PORT -> Reason.NO_PORT;
            case NO_SLICES -> Reason.NO_SLICES;
            case ENDPOINTS -> emptySince != null ? Reason.EMPTY : null;
          };
      detail = detail == null ? weightsDetail() : detail;
    }
    Topology topology = Topology.distinct(good, same -> {}).with(state, detail);
    good = topology.endpoints(); // one list for both
    return topology;
  }

  private static @Nullable Reason reason(Reflector.Health health) {
    if (health.state() == Topology.State.CLOSED) {
      return Reason.CLIENT_CLOSED;
    }
    Throwable cause = health.cause();
    if (cause == null) {
      return health.detail() == null ? null : Reason.UNREACHABLE;
    }
    return switch (Failure.of(cause).kind()) {
      case UNREACHABLE -> Reason.UNREACHABLE;
      case BUSY -> Reason.BUSY;
      case UNTRUSTED -> Reason.UNTRUSTED;
      case UNAUTHORIZED -> Reason.REFUSED;
      case NOT_FOUND -> Reason.NOT_SERVED;
      case GONE, UNREADABLE -> Reason.UNREADABLE;
    };
  }

  /** What there is before the first list: nothing, or the seed. */
  private Topology seeded(Reflector.Health health) {
    if (good.isEmpty()) {
      Topology.State state =
          health.state() == Topology.State.LIVE ? Topology.State.SYNCING : health.state();
      return Topology.syncing().with(state, health.detail());
    }
    Topology.State state =
        health.state() == Topology.State.SYNCING || health.state() == Topology.State.LIVE
            ? Topology.State.STALE
            : health.state();
    String detail = "the seed, as nothing has been listed yet";
    return Topology.distinct(good, same -> {})
        .with(state, health.detail() == null ? detail : detail + ": " + health.detail());
  }

  // Weights of pods

  /**
   * Whether endpoints should wait for their weights: a canary that begins with the weight of all
   * others gets their share of the traffic. They do not wait where weights cannot be had.
   */
  private boolean weightsPending() {
    return pods != null && !pods.loaded() && pods.health().detail() == null && !everGood;
  }

  private Map<String, String> weightsByUid() {
    if (pods == null || pods.items().isEmpty()) {
      return Map.of();
    }
    Map<String, String> weights = new HashMap<>();
    for (PodWeightSource.PodWeight pod : pods.items()) {
      weights.put(pod.uid(), pod.weight());
    }
    return weights;
  }

  private @Nullable String weightsDetail() {
    return pods == null || pods.health().detail() == null
        ? null
        : "weights of pods: " + pods.health().detail();
  }

  // Emptiness

  private String noSlices() {
    return "no EndpointSlice in namespace "
        + settings.namespace()
        + " has the label "
        + SliceSource.SERVICE
        + "="
        + settings.service();
  }

  private String held() {
    return "the service is empty; its last "
        + good.size()
        + " endpoints are held for "
        + settings.holdEmpty().toSeconds()
        + " s";
  }

  /** Takes these endpoints up, unless there are none and those there were are to be held. */
  private boolean holds(List<Endpoint> endpoints) {
    boolean empty = endpoints.isEmpty() && !good.isEmpty() && everGood;
    if (empty && !settings.holdEmpty().isZero()) {
      long now = platform.nanoTime();
      if (emptySince == null) {
        emptySince = now;
        log.warn(
            "{}: empty all of a sudden; holds its last {} endpoints for {} s",
            settings.title(),
            good.size(),
            settings.holdEmpty().toSeconds());
        holding =
            platform.schedule(
                () -> platform.executor().execute(this::holdOver), settings.holdEmpty());
      }
      if (now - emptySince < settings.holdEmpty().toNanos()) {
        return true;
      }
      log.warn("{}: still empty; its endpoints are held no longer", settings.title());
    }
    emptySince = null;
    release(holding);
    holding = null;
    good = endpoints;
    everGood = true;
    return false;
  }

  private void holdOver() {
    lock.lock();
    try {
      changed();
    } finally {
      lock.unlock();
    }
  }

  private static void release(Platform.@Nullable Cancellable timer) {
    if (timer != null) {
      timer.cancel();
    }
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
    if (result.outcome() == SliceUnion.Outcome.ENDPOINTS) {
      tellRouting(result);
    }
  }

  /** One line when other endpoints are used, or hints begin or cease to be followed. */
  private void tellRouting(SliceUnion.Result result) {
    boolean hinted = result.routingDetail() != null;
    if (result.routing() != routing || hinted != (routingDetail != null)) {
      String text =
          switch (result.routing()) {
            case TERMINATING -> "none is ready; uses those that are terminating but still serve";
            case SAME_NODE, SAME_ZONE, ALL ->
                hinted ? result.routingDetail() : "every ready endpoint is used";
          };
      log.info("{}: {}", settings.title(), text);
    }
    routing = result.routing();
    routingDetail = result.routingDetail();
  }

  @Override
  public String toString() {
    return Objects.requireNonNull(settings.title());
  }
}
