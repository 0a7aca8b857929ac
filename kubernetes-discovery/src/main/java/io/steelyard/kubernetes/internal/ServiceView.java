package io.steelyard.kubernetes.internal;

import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What the slices of one service amount to at the moment, and how far that can be trusted: from
 * what a reflector knows to a topology.
 *
 * <p>It remembers the last good endpoints, which stay while the port cannot be told or an emptiness
 * is held, and what it has said in the log.
 *
 * <p>Guarded by the lock of its watch.
 */
final class ServiceView {
  private static final Logger log = LoggerFactory.getLogger(ServiceWatch.class);

  private final ServiceWatch.Settings settings;
  private final Platform platform;
  private final Reflector<Slice> reflector;
  private final @Nullable Reflector<PodWeightSource.PodWeight> pods;
  private final Runnable again;

  private Topology good; // the last good endpoints, or the seed
  private boolean everGood;
  private boolean listed;
  private @Nullable Long emptySince; // while good is held although the service is empty
  private Platform.@Nullable Cancellable holding;
  private ServiceWatch.@Nullable Reason reason;
  private @Nullable Throwable cause;

  // Of what the slices and weights amount to, as long as they are these.
  private SliceUnion.@Nullable Result result;
  private long slicesSeen;
  private long podsSeen;
  private ServiceFacts facts;
  private long factsSeen;

  private int slices;
  private int leftOut;
  private SliceUnion.Routing routing = SliceUnion.Routing.ALL;
  private @Nullable String routingDetail;
  private final Set<SliceUnion.Problem> told = EnumSet.noneOf(SliceUnion.Problem.class);
  private boolean portTold;

  /**
   * Creates a view that knows the seed.
   *
   * @param again called when time alone has changed the view
   */
  ServiceView(
      ServiceWatch.Settings settings,
      Platform platform,
      Reflector<Slice> reflector,
      @Nullable Reflector<PodWeightSource.PodWeight> pods,
      Runnable again) {
    this.settings = settings;
    this.platform = platform;
    this.reflector = reflector;
    this.pods = pods;
    this.again = again;
    this.good = Topology.of(settings.seed());
    this.facts = ServiceFacts.unknown(settings.namespace(), settings.service());
  }

  /** Why the topology computed last is not simply live. */
  ServiceWatch.@Nullable Reason reason() {
    return reason;
  }

  /** What was thrown last, if that is why. */
  @Nullable Throwable cause() {
    return cause;
  }

  int slices() {
    return slices;
  }

  int leftOut() {
    return leftOut;
  }

  SliceUnion.Routing routing() {
    return routing;
  }

  @Nullable String routingDetail() {
    return routingDetail;
  }

  /** Whether a list has been made something of. */
  boolean listed() {
    return listed;
  }

  /** Whether there ever were endpoints that a list has told of, or that it was empty. */
  boolean everGood() {
    return everGood;
  }

  /** Afterwards no timer is left. */
  void close() {
    release(holding);
    holding = null;
  }

  /** What the slices say of the service as a whole. */
  ServiceFacts facts() {
    if (reflector.loaded() && factsSeen != reflector.revision()) {
      factsSeen = reflector.revision();
      ServiceFacts now = facts.updatedBy(settings.union().port(), reflector.items());
      facts = now.equals(facts) ? facts : now;
    }
    return facts;
  }

  /**
   * Whether the last slice has just gone. One that is deleted and made anew under another name is
   * away for some milliseconds, which callers need not see.
   */
  boolean vanished() {
    return reflector.loaded()
        && reflector.items().isEmpty()
        && !good.endpoints().isEmpty()
        && everGood;
  }

  /** Works out how things are now. */
  Topology topology() {
    Reflector.Health health = reflector.health();
    cause = health.cause();
    reason = reason(health);
    if (!reflector.loaded() || weightsPending()) {
      return seeded(health);
    }
    SliceUnion.Result result = result();
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
          state =
              good.endpoints().isEmpty() && !everGood
                  ? Topology.State.SYNCING
                  : Topology.State.STALE;
    }
    if (health.state() != Topology.State.LIVE) {
      state = health.state();
      detail = health.detail();
    } else {
      reason =
          switch (result.outcome()) {
            case NO_PORT -> ServiceWatch.Reason.NO_PORT;
            case NO_SLICES -> ServiceWatch.Reason.NO_SLICES;
            case ENDPOINTS -> emptySince != null ? ServiceWatch.Reason.EMPTY : null;
          };
      detail = detail == null ? weightsDetail() : detail;
    }
    return good.with(state, detail);
  }

  private SliceUnion.Result result() {
    long slicesNow = reflector.revision();
    long podsNow = pods == null ? 0 : pods.revision();
    SliceUnion.Result known = result;
    if (known == null || slicesNow != slicesSeen || podsNow != podsSeen) {
      known = SliceUnion.union(reflector.items(), settings.union(), weightsByUid());
      result = known;
      slicesSeen = slicesNow;
      podsSeen = podsNow;
    }
    return known;
  }

  private static ServiceWatch.@Nullable Reason reason(Reflector.Health health) {
    if (health.state() == Topology.State.CLOSED) {
      return ServiceWatch.Reason.CLIENT_CLOSED;
    }
    Throwable cause = health.cause();
    if (cause == null) {
      return health.detail() == null ? null : ServiceWatch.Reason.UNREACHABLE;
    }
    return switch (Failure.of(cause).kind()) {
      case UNREACHABLE -> ServiceWatch.Reason.UNREACHABLE;
      case BUSY -> ServiceWatch.Reason.BUSY;
      case UNTRUSTED -> ServiceWatch.Reason.UNTRUSTED;
      case UNAUTHORIZED -> ServiceWatch.Reason.REFUSED;
      case NOT_FOUND -> ServiceWatch.Reason.NOT_SERVED;
      case GONE, UNREADABLE -> ServiceWatch.Reason.UNREADABLE;
    };
  }

  /** What there is before the first list: nothing, or the seed. */
  private Topology seeded(Reflector.Health health) {
    if (good.endpoints().isEmpty()) {
      Topology.State state =
          health.state() == Topology.State.LIVE ? Topology.State.SYNCING : health.state();
      return Topology.syncing().with(state, health.detail());
    }
    Topology.State state =
        health.state() == Topology.State.SYNCING || health.state() == Topology.State.LIVE
            ? Topology.State.STALE
            : health.state();
    String detail = "the seed, as nothing has been listed yet";
    return good.with(state, health.detail() == null ? detail : detail + ": " + health.detail());
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
        + good.endpoints().size()
        + " endpoints are held for "
        + settings.holdEmpty().toSeconds()
        + " s";
  }

  /** Takes these endpoints up, unless there are none and those there were are to be held. */
  private boolean holds(List<Endpoint> endpoints) {
    boolean empty = endpoints.isEmpty() && !good.endpoints().isEmpty() && everGood;
    if (empty && !settings.holdEmpty().isZero()) {
      long now = platform.nanoTime();
      if (emptySince == null) {
        emptySince = now;
        log.warn(
            "{}: empty all of a sudden; holds its last {} endpoints for {} s",
            settings.title(),
            good.endpoints().size(),
            settings.holdEmpty().toSeconds());
        holding = platform.schedule(again, settings.holdEmpty());
      }
      if (now - emptySince < settings.holdEmpty().toNanos()) {
        return true;
      }
      log.warn("{}: still empty; its endpoints are held no longer", settings.title());
    }
    emptySince = null;
    release(holding);
    holding = null;
    if (!endpoints.equals(good.endpoints())) {
      good = Topology.distinct(endpoints, same -> {});
    }
    everGood = true;
    return false;
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
          "{}: {}; keeps the last good list of {}",
          settings.title(),
          result.detail(),
          good.endpoints().size());
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
}
