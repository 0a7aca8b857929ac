package io.steelyard.internal;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.BalancerStats;
import io.steelyard.Call;
import io.steelyard.Candidates;
import io.steelyard.Classifier;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Explanation;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.NoEndpointException;
import io.steelyard.NoEndpointException.Why;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Consumer;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The balancer: a volatile snapshot for requests to read, and a serial loop that replaces it.
 *
 * <p>Requests touch {@link #snapshot} and the slot they are sent to. Everything else here belongs
 * to the loop, which takes what discovery and callers left in {@link #discovered} and {@link
 * #wanted}, has the {@link Composer} make a snapshot of it, and swaps that in with one write.
 */
public final class DefaultBalancer implements Balancer, Slot.Owner {
  private static final Logger log = LoggerFactory.getLogger(Balancer.class);

  /**
   * When to try again after a layer threw. Without it, whatever the failed evaluation was to do
   * (let an ejected endpoint back) would wait for the next change, which may never come.
   */
  private static final long RETRY_NANOS = 1_000_000_000;

  /**
   * What the builder has collected.
   *
   * @param latencyDecay the time constant of the latency average
   */
  public record Settings(
      String name,
      Discovery discovery,
      LoadBalancingPolicy policy,
      Classifier classifier,
      Duration awaitFirst,
      Duration latencyDecay,
      boolean latencyTracking,
      List<Consumer<Candidates>> listeners,
      Platform platform) {}

  /** A policy and who asked for it. Not a value: asking twice for the same is two wishes. */
  private static final class Wanted {
    final LoadBalancingPolicy policy;
    final String source;

    Wanted(LoadBalancingPolicy policy, String source) {
      this.policy = policy;
      this.source = source;
    }
  }

  private final Settings settings;
  private final Platform platform;
  private final Pace pace;
  private final SlotLedger ledger;
  private final Composer composer;
  private final SerialLoop loop;
  private final CompletableFuture<Candidates> ready = new CompletableFuture<>();
  private final CompletionStage<Candidates> readyToSee = ready.minimalCompletionStage();

  /** Asynchronous calls that wait for the first endpoints. */
  private final Set<CompletableFuture<@Nullable Void>> waiting = ConcurrentHashMap.newKeySet();

  /** The answer to every request: read once by each. */
  private volatile Snapshot snapshot;

  // What the loop is to take up next.
  private volatile Topology discovered = Topology.syncing();
  private volatile Wanted wanted;

  // The loop's own; volatile for explain().
  private volatile Wanted inForce;
  private volatile @Nullable String problem;
  private volatile @Nullable String refusal;
  private volatile @Nullable String discoveryProblem;
  private final LongAdder rebuilds = new LongAdder();
  private final LongAdder topologyUpdates = new LongAdder();
  private final LongAdder withoutEndpoint = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final AtomicBoolean warnedOfNonsense = new AtomicBoolean();
  private final AtomicBoolean warnedOfMissingVerdict = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private volatile boolean started;
  private volatile @Nullable AutoCloseable watch;

  /** Builds a balancer and starts its discovery. */
  public static DefaultBalancer start(Settings settings) {
    DefaultBalancer balancer = new DefaultBalancer(settings);
    balancer.watchDiscovery();
    return balancer;
  }

  private DefaultBalancer(Settings settings) {
    this.settings = settings;
    this.platform = settings.platform();
    this.pace = new Pace(settings.latencyDecay().toNanos());
    this.ledger =
        new SlotLedger(
            id -> new Slot(id, this, settings.latencyTracking(), pace, platform.nanoTime()));
    this.composer = new Composer(platform, ledger, this::pickerFailed);
    this.inForce = new Wanted(settings.policy(), "builder");
    this.wanted = inForce;
    this.snapshot = emptySnapshot();
    this.loop = new SerialLoop(platform, this::rebuild);
  }

  @SuppressWarnings("ReferenceEquality") // whether that very list has been taken up
  private void watchDiscovery() {
    AutoCloseable watching = settings.discovery().watch(new DiscoveryListener());
    watch =
        Objects.requireNonNull(watching, () -> settings.name() + ": discovery returned no watch");
    if (discovered.state() != Topology.State.SYNCING) {
      loop.runHere(); // a list that is there already is in force when the builder returns
    }
    started = true;
    if (!discovered.equals(snapshot.candidates.topology())) {
      loop.wake();
    }
  }

  // ---- requests ----

  @Override
  public Attempt begin(PickContext context) {
    Attempt attempt = snapshot.begin(context);
    if (attempt == null) {
      throw noEndpoint(context);
    }
    return attempt;
  }

  @Override
  public @Nullable Attempt tryBegin(PickContext context) {
    Attempt attempt = snapshot.begin(context);
    if (attempt == null) {
      countWithoutEndpoint(context);
    }
    return attempt;
  }

  @Override
  public @Nullable Endpoint pick(PickContext context) {
    return snapshot.pick(context);
  }

  @Override
  public <T extends @Nullable Object, X extends Throwable> T call(
      PickContext context, Call<T, X> call) throws X {
    Attempt attempt = snapshot.begin(context);
    if (attempt == null) {
      attempt = beginWhenReady(context);
    }
    T result;
    try {
      result = call.execute(attempt);
    } catch (Throwable error) {
      attempt.end(classify(null, error));
      throw error;
    }
    attempt.end(classify(result, null));
    return result;
  }

  @Override
  public <T extends @Nullable Object> CompletionStage<T> callAsync(
      PickContext context, Function<Attempt, ? extends CompletionStage<T>> call) {
    if (!mustWait()) {
      return callNow(context, call);
    }
    CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
    waiting.add(gate);
    Platform.Cancellable timeout = platform.schedule(() -> letGo(gate), settings.awaitFirst());
    if (ready.isDone()) {
      letGo(gate); // it became so meanwhile
    }
    return gate.thenCompose(
        nothing -> {
          timeout.cancel();
          return callNow(context, call);
        });
  }

  /** Lets a waiting call go on, on a worker: neither the timer nor the loop runs what it does. */
  @SuppressWarnings("CollectionUndefinedEquality") // identity is what is meant
  private void letGo(CompletableFuture<@Nullable Void> gate) {
    if (waiting.remove(gate)) {
      platform.executor().execute(() -> gate.complete(null));
    }
  }

  private <T extends @Nullable Object> CompletionStage<T> callNow(
      PickContext context, Function<Attempt, ? extends CompletionStage<T>> call) {
    Attempt attempt = snapshot.begin(context);
    if (attempt == null) {
      return CompletableFuture.failedFuture(noEndpoint(context));
    }
    CompletionStage<T> answer;
    try {
      answer = Objects.requireNonNull(call.apply(attempt), "callAsync: the call returned null");
    } catch (Throwable error) {
      attempt.end(classify(null, error));
      return CompletableFuture.failedFuture(error);
    }
    return answer.whenComplete((result, error) -> attempt.end(classify(result, error)));
  }

  private Outcome classify(@Nullable Object result, @Nullable Throwable error) {
    try {
      return Objects.requireNonNull(settings.classifier().classify(result, error), "outcome");
    } catch (Throwable e) {
      log.warn("{}: the classifier threw; judged by the standard one", settings.name(), e);
      return Classifier.standard().classify(result, error);
    }
  }

  private boolean mustWait() {
    return !ready.isDone() && !settings.awaitFirst().isZero();
  }

  private Attempt beginWhenReady(PickContext context) {
    if (mustWait()) {
      try {
        ready.get(settings.awaitFirst().toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        // Then begin says why.
      }
    }
    return begin(context);
  }

  /** Counts a request that found no endpoint, and says why. */
  private Why countWithoutEndpoint(PickContext context) {
    Why why = whyNone(context);
    if (why != Why.CLOSED) {
      withoutEndpoint.increment();
    }
    if (why == Why.FULL) {
      rejected.increment();
    }
    return why;
  }

  private Why whyNone(PickContext context) {
    Snapshot now = snapshot;
    Topology topology = now.candidates.topology();
    if (closed.get()) {
      return Why.CLOSED;
    }
    if (topology.endpoints().isEmpty()) {
      return switch (topology.state()) {
        case SYNCING, UNAUTHORIZED -> Why.WAITING;
        case LIVE, STALE, ABSENT, CLOSED -> Why.EMPTY;
      };
    }
    if (now.candidates.usable() == 0) {
      return Why.EXCLUDED;
    }
    return now.avoidsAll(context) ? Why.AVOIDED : Why.FULL;
  }

  private NoEndpointException noEndpoint(PickContext context) {
    Why why = countWithoutEndpoint(context);
    Candidates candidates = snapshot.candidates;
    Topology topology = candidates.topology();
    String state = topology.state() + (topology.detail() == null ? "" : ": " + topology.detail());
    String message =
        switch (why) {
          case WAITING -> "no list of endpoints yet (" + state + ")" + trouble();
          case EMPTY -> "no endpoints (" + state + ")";
          case EXCLUDED ->
              "none of " + candidates.size() + " endpoints is usable: " + candidates + trouble();
          case AVOIDED -> "every usable endpoint is to be avoided (" + context + ")";
          case FULL -> "all " + candidates.usable() + " usable endpoints are at their limit";
          case CLOSED -> "the balancer is closed";
        };
    return new NoEndpointException(why, settings.name() + ": " + message);
  }

  private String trouble() {
    String known = problemNow();
    return known == null ? "" : "; " + known;
  }

  // ---- the loop ----

  private long rebuild() {
    try {
      return rebuildOrThrow();
    } catch (Throwable error) { // whatever happens, the loop goes on and the last snapshot stays
      complain("rebuilding failed: " + error, error);
      return RETRY_NANOS;
    }
  }

  private long rebuildOrThrow() {
    if (closed.get()) {
      return 0;
    }
    Topology topology = discovered;
    Wanted want = wanted;
    long now = platform.nanoTime();
    Composer.Composition composition;
    try {
      composition = composer.compose(topology, want.policy, i -> true, now);
      problem = null;
      if (want != inForce) {
        refusal = null;
        inForce = want;
      }
    } catch (Composer.LayerException e) {
      composition = withLastGoodPolicy(topology, want, e, now);
      if (composition == null) {
        return RETRY_NANOS;
      }
    }
    Snapshot before = snapshot;
    Snapshot after = composition.snapshot();
    snapshot = after;
    pace.endpoints(after.candidates.usable());
    composition.settle();
    rebuilds.increment();
    if (closed.get()) {
      snapshot = emptySnapshot();
      return 0;
    }
    ChangeLog.log(settings.name(), before, after);
    announce(after.candidates);
    return composition.nextNanos();
  }

  /**
   * A layer threw. If that is the fault of a new policy, the one in force goes on with the new
   * list.
   */
  private Composer.@Nullable Composition withLastGoodPolicy(
      Topology topology, Wanted want, Composer.LayerException fault, long now) {
    if (want == inForce) {
      complain(fault.getMessage() + " (the last snapshot stays)", fault);
      return null;
    }
    log.error("{}: policy refused, the last one stays", settings.name(), fault);
    refusal = "policy refused, the last one stays: " + fault.getMessage();
    giveUp(want);
    try {
      return composer.compose(topology, inForce.policy, i -> true, now);
    } catch (Composer.LayerException e) {
      return null;
    }
  }

  private synchronized void want(Wanted next) {
    wanted = next;
  }

  /** Goes back to the policy in force, unless another was asked for meanwhile. */
  private synchronized void giveUp(Wanted refused) {
    if (wanted == refused) {
      wanted = inForce;
    }
  }

  /** Logs a problem when it is new. */
  private void complain(@Nullable String text, Throwable cause) {
    if (!Objects.equals(problem, text)) {
      log.error("{}: {}", settings.name(), text, cause);
    }
    problem = text;
  }

  private void announce(Candidates candidates) {
    if (candidates.usable() > 0 && !ready.isDone()) {
      if (started) {
        platform.executor().execute(() -> ready.complete(candidates));
      } else {
        ready.complete(candidates);
      }
      waiting.forEach(this::letGo);
    }
    for (Consumer<Candidates> listener : settings.listeners()) {
      if (closed.get()) {
        return;
      }
      try {
        listener.accept(candidates);
      } catch (Throwable e) {
        log.warn("{}: listener {} threw", settings.name(), listener, e);
      }
    }
  }

  private Snapshot emptySnapshot() {
    return new Snapshot(
        Candidates.of(Topology.syncing(), new Slot[0]),
        inForce.policy,
        List.of(),
        null,
        (context, rank) -> Picker.NONE,
        new Slot[0],
        new InFlight(),
        platform,
        this::pickerFailed);
  }

  private void pickerFailed(Object what, @Nullable Throwable error) {
    if (warnedOfNonsense.compareAndSet(false, true)) {
      String complaint =
          error == null ? "chose candidate " + what + ", which is not usable" : "threw " + error;
      log.error(
          "{}: the picker of {} {}; a random endpoint is used instead (said once)",
          settings.name(),
          snapshot.policy.strategy(),
          complaint,
          error);
    }
  }

  private final class DiscoveryListener implements Discovery.Listener {
    @Override
    public void update(Topology topology) {
      Objects.requireNonNull(topology, "topology");
      if (closed.get()) {
        return;
      }
      topologyUpdates.increment();
      discoveryProblem = null;
      if (!topology.equals(discovered)) {
        discovered = topology;
        if (started) {
          loop.wake();
        }
      }
    }

    @Override
    public void failed(Throwable cause) {
      String text = String.valueOf(cause);
      if (!text.equals(discoveryProblem) && !closed.get()) {
        log.warn("{}: discovery failed, the last endpoints stay", settings.name(), cause);
      }
      discoveryProblem = text;
    }
  }

  // ---- what a slot asks ----

  @Override
  public long nanoTime() {
    return platform.nanoTime();
  }

  @Override
  public void wake() {
    loop.wake();
  }

  @Override
  public void closedWithoutVerdict(String endpointId) {
    if (warnedOfMissingVerdict.compareAndSet(false, true)) {
      log.warn(
          "{}: an attempt on {} was closed without a verdict and counts as a failure (said once)",
          settings.name(),
          endpointId);
    }
  }

  // ---- control and questions ----

  @Override
  public CompletionStage<Candidates> ready() {
    return readyToSee;
  }

  @Override
  public void apply(LoadBalancingPolicy policy) {
    Objects.requireNonNull(policy, "policy");
    if (closed.get()) {
      throw new IllegalStateException(settings.name() + ": the balancer is closed");
    }
    want(new Wanted(policy, "apply"));
    if (!loop.runHere()) {
      loop.wake();
    }
  }

  @Override
  public LoadBalancingPolicy policy() {
    return inForce.policy;
  }

  @Override
  public Candidates candidates() {
    return snapshot.candidates;
  }

  @Override
  public BalancerStats stats() {
    SlotLedger.Totals totals = ledger.totals();
    return new TotalsAtOneMoment(
        totals, rejected.sum(), withoutEndpoint.sum(), topologyUpdates.sum(), rebuilds.sum());
  }

  @Override
  public Explanation explain() {
    return ExplanationAtOneMoment.of(
        settings.name(), snapshot, inForce.source, problemNow(), platform.nanoTime(), null, null);
  }

  @Override
  public Explanation explain(PickContext context) {
    Snapshot now = snapshot;
    return ExplanationAtOneMoment.of(
        settings.name(),
        now,
        inForce.source,
        problemNow(),
        platform.nanoTime(),
        context,
        now.pick(context));
  }

  private @Nullable String problemNow() {
    if (problem != null) {
      return problem;
    }
    if (refusal != null) {
      return refusal;
    }
    return discoveryProblem == null ? null : "discovery: " + discoveryProblem;
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    AutoCloseable watching = watch;
    if (watching != null) {
      try {
        watching.close();
      } catch (Exception e) {
        log.warn("{}: discovery could not be closed", settings.name(), e);
      }
    }
    loop.close(composer::close);
    snapshot = emptySnapshot();
    ready.completeExceptionally(
        new NoEndpointException(Why.CLOSED, settings.name() + ": the balancer is closed"));
    waiting.forEach(this::letGo);
  }

  @Override
  public String toString() {
    return "Balancer " + settings.name() + ": " + inForce.policy;
  }
}
