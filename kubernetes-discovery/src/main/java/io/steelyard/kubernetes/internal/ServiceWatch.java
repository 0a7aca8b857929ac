package io.steelyard.kubernetes.internal;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
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
  private final ServiceView view;

  private final List<Delivery> deliveries = new ArrayList<>();
  private boolean closed;

  private Topology published = Topology.syncing();
  private @Nullable Long publishedAt;
  private Platform.@Nullable Cancellable pending;
  private @Nullable Long changedAt;
  private ServiceFacts facts; // as published

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
    this.view =
        new ServiceView(
            settings, platform, reflector, pods, () -> platform.run(this::changedWithTime));
  }

  /** Watches by this client, which is closed with the watch if it is our own. */
  public static ServiceWatch over(ClientHolder client, Settings settings, Platform platform) {
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
      int seed = settings.seed().size();
      if (seed > 0 && !closed) {
        log.info("{}: begins with the {} endpoints of the seed", settings.title(), seed);
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
   * Adds a listener. If there is a topology it is told of it on the calling thread, so that a
   * second balancer need not wait for what the first one knows.
   *
   * @return closes it, and the watch with the last one; null if that has happened already
   */
  public @Nullable AutoCloseable add(Discovery.Listener listener) {
    Delivery delivery = new Delivery(listener, platform, settings.title());
    boolean known = false;
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      deliveries.add(delivery);
      known = publishedAt != null && delivery.take(published);
    } finally {
      lock.unlock();
    }
    if (known) {
      delivery.drain();
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
        view.close();
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
          view.reason(),
          view.cause(),
          reflector.sinceHeard(),
          at == null ? null : Duration.ofNanos(platform.nanoTime() - at),
          reflector.version(),
          reflector.counts(),
          view.slices(),
          view.leftOut(),
          view.routing(),
          view.routingDetail(),
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
    if (publishedAt != null && view.listed()) { // the first list is awaited
      wait = settings.pace().minusNanos(platform.nanoTime() - publishedAt);
    }
    if (view.vanished() && wait.compareTo(settings.pace()) < 0) {
      wait = settings.pace();
    }
    if (wait.isNegative() || wait.isZero()) {
      publishSafely();
    } else {
      pending = platform.runAfter(wait, this::publishPending);
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
    } catch (Throwable e) { // an Error too: what is published next may be fine again
      log.error("{}: publishing met a bug; the last topology stays", settings.title(), e);
      for (Delivery delivery : List.copyOf(deliveries)) { // an executor may run at once
        delivery.fail(e);
      }
    }
  }

  private void publish() {
    Topology next = view.topology();
    ServiceFacts described = view.facts();
    // A label that changes is news too, for those who choose policies by it.
    boolean same = next.equals(published) && described.equals(facts);
    facts = described;
    if (same && publishedAt != null) {
      return;
    }
    long now = platform.nanoTime();
    if (changedAt == null || !next.endpoints().equals(published.endpoints())) {
      changedAt = view.everGood() ? (Long) now : null;
    }
    published = next;
    publishedAt = now;
    for (Delivery delivery : List.copyOf(deliveries)) { // an executor may run at once
      delivery.offer(next);
    }
  }

  private void changedWithTime() {
    lock.lock();
    try {
      changed();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public String toString() {
    return Objects.requireNonNull(settings.title());
  }
}
