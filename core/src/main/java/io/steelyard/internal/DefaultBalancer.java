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
import io.steelyard.PolicySource;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryHost;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
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
public final class DefaultBalancer implements RetryHost, Slot.Owner {
  private static final Logger log = LoggerFactory.getLogger(Balancer.class);

  /**
   * When to try again after a layer threw. Without it, whatever the failed evaluation was to do
   * (let an ejected endpoint back) would wait for the next change, which may never come.
   */
  private static final long RETRY_NANOS = 1_000_000_000;

  private static final Topology CLOSED =
      Topology.syncing().with(Topology.State.CLOSED, "the balancer is closed");

  /**
   * What the builder has collected.
   *
   * @param latencyDecay the time constant of the latency average
   * @param available which endpoints can be used at all
   */
  public record Settings(
      String name,
      Discovery discovery,
      LoadBalancingPolicy policy,
      @Nullable PolicySource policies,
      Classifier classifier,
      @Nullable RetryPolicy retry,
      Duration awaitFirst,
      Duration latencyDecay,
      boolean latencyTracking,
      Predicate<Endpoint> available,
      List<Consumer<Candidates>> listeners,
      Platform platform) {}

  /** The strategy whose picker was last found to talk nonsense, and what is said of it. */
  private record Nonsense(Strategy strategy, String complaint) {}

  /** A policy and who asked for it. Not a value: asking twice for the same is two wishes. */
  private static final class Wanted {
    final LoadBalancingPolicy policy;
    final Rank rank;
    final String origin;

    Wanted(LoadBalancingPolicy policy, Rank rank, String origin) {
      this.policy = policy;
      this.rank = rank;
      this.origin = origin;
    }
  }

  /** Who asks: the later goes before the earlier. */
  private enum Rank {
    BUILDER,
    SOURCE,
    APPLY
  }

  private final Settings settings;
  private final Platform platform;

  /** Null for calls that are tried once. */
  private final @Nullable RetryPolicy retry;

  private final RetryBudget retryBudget = RetryBudget.standard();
  private final Classifier judge = new Judge();
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

  // What each has asked for, written under the monitor; wanted is the highest of them.
  private final Wanted builders;
  private volatile @Nullable Wanted advised;
  private volatile @Nullable Wanted applied;
  private volatile @Nullable Wanted instead; // of the one refused last
  private volatile PolicySource.@Nullable Advice advice;

  // The loop's own; volatile for explain().
  private volatile Wanted inForce;
  private volatile @Nullable String problem;
  private volatile @Nullable String refusal;
  private volatile @Nullable String discoveryProblem;
  private final LongAdder rebuilds = new LongAdder();
  private final LongAdder topologyUpdates = new LongAdder();
  private final LongAdder withoutEndpoint = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder retries = new LongAdder();
  private final LongAdder retriesRefused = new LongAdder();
  private final AtomicReference<@Nullable Nonsense> nonsense = new AtomicReference<>();
  private final AtomicBoolean warnedOfMissingVerdict = new AtomicBoolean();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final List<Consumer<Candidates>> listeners;
  private volatile boolean started;
  private volatile @Nullable AutoCloseable watch;
  private volatile @Nullable AutoCloseable policyWatch;

  /** Builds a balancer and starts its discovery. */
  public static DefaultBalancer start(Settings settings) {
    DefaultBalancer balancer = new DefaultBalancer(settings);
    try {
      balancer.watchPolicies();
      balancer.watchDiscovery();
    } catch (Throwable e) {
      balancer.close(); // what has been started is the caller's no more than the balancer is
      throw e;
    }
    return balancer;
  }

  private DefaultBalancer(Settings settings) {
    this.settings = settings;
    this.listeners = new CopyOnWriteArrayList<>(settings.listeners());
    this.platform = settings.platform();
    this.retry = settings.retry();
    this.pace = new Pace(settings.latencyDecay().toNanos());
    this.ledger =
        new SlotLedger(
            id -> new Slot(id, this, settings.latencyTracking(), pace, platform.nanoTime()));
    this.composer = new Composer(platform, ledger, this::nonsenseOf);
    this.builders = new Wanted(settings.policy(), Rank.BUILDER, "builder");
    this.inForce = builders;
    this.wanted = builders;
    this.snapshot = emptySnapshot(Topology.syncing());
    this.loop = new SerialLoop(platform, this::rebuild);
  }

  private void watchPolicies() {
    PolicySource policies = settings.policies();
    if (policies != null) {
      AutoCloseable watching = policies.watch(settings.policy(), this::advised);
      policyWatch =
          Objects.requireNonNull(watching, () -> settings.name() + ": " + policies + ": no watch");
    }
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
    if (!discovered.equals(snapshot.candidates.topology()) || wanted != inForce) {
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
    Objects.requireNonNull(call, "call"); // the caller's mistake, not an endpoint's failure
    RetryPolicy policy = retry;
    if (policy != null) {
      return callWithRetries(policy, context, call);
    }
    Attempt attempt = snapshot.begin(context);
    if (attempt == null) {
      waitForFirst(settings.awaitFirst());
      attempt = begin(context);
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

  private <T extends @Nullable Object, X extends Throwable> T callWithRetries(
      RetryPolicy policy, PickContext context, Call<T, X> call) throws X {
    Tries tries = policy.begin(this, context);
    waitForFirst(waitWithin(tries));
    return tries.call(call);
  }

  @Override
  public <T extends @Nullable Object> CompletionStage<T> callAsync(
      PickContext context, Function<Attempt, ? extends CompletionStage<T>> call) {
    Objects.requireNonNull(context, "context");
    Objects.requireNonNull(call, "call");
    RetryPolicy policy = retry;
    if (policy != null) {
      return callAsyncWithRetries(policy, context, call);
    }
    if (!mustWait()) {
      return callNow(context, call);
    }
    return firstOrTimeout(settings.awaitFirst()).thenCompose(nothing -> callNow(context, call));
  }

  private <T extends @Nullable Object> CompletionStage<T> callAsyncWithRetries(
      RetryPolicy policy,
      PickContext context,
      Function<Attempt, ? extends CompletionStage<T>> call) {
    Tries tries = policy.begin(this, context);
    if (!mustWait()) {
      return tries.callAsync(call);
    }
    CompletableFuture<T> result = new CompletableFuture<>();
    CompletableFuture<?> gate = firstOrTimeout(waitWithin(tries));
    CompletableFuture<?> unused =
        gate.thenRun(
            () -> {
              if (!result.isDone()) {
                join(tries.callAsync(call).toCompletableFuture(), result);
              }
            });
    return result;
  }

  /** Passes on what the inner one comes to, and from outside that nobody waits any more. */
  private static <T extends @Nullable Object> void join(
      CompletableFuture<T> inner, CompletableFuture<T> outer) {
    CompletableFuture<?> unused =
        inner.whenComplete(
            (value, error) -> {
              if (error == null) {
                outer.complete(value);
              } else {
                outer.completeExceptionally(error);
              }
            });
    CompletableFuture<?> unusedToo =
        outer.whenComplete(
            (value, error) ->
                inner.completeExceptionally(error == null ? new CancellationException() : error));
  }

  /** How long a request may wait for the first endpoints: its deadline covers that, too. */
  private Duration waitWithin(Tries tries) {
    Duration left = tries.remaining();
    Duration wait = settings.awaitFirst();
    return left != null && left.compareTo(wait) < 0 ? left : wait;
  }

  /** Completes when the first endpoints are there, or when they have been waited for so long. */
  private CompletableFuture<@Nullable Void> firstOrTimeout(Duration atMost) {
    CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
    waiting.add(gate);
    Platform.Cancellable timeout = platform.schedule(() -> letGo(gate), atMost);
    // It became so meanwhile. The snapshot is asked, for whoever lets the others go has written it
    // before, but may complete ready only afterwards.
    if (snapshot.candidates.usable() > 0 || ready.isDone()) {
      letGo(gate);
    }
    return gate.thenRun(timeout::cancel);
  }

  /** Lets a waiting call go on, on a worker: neither the timer nor the loop runs what it does. */
  @SuppressWarnings("CollectionUndefinedEquality") // identity is what is meant
  private void letGo(CompletableFuture<@Nullable Void> gate) {
    if (waiting.remove(gate)) {
      platform.run(() -> gate.complete(null));
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

  private void waitForFirst(Duration atMost) {
    if (mustWait()) {
      try {
        ready.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } catch (ExecutionException | TimeoutException e) {
        // Then begin says why.
      }
    }
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
      composition = composer.compose(topology, want.policy, available(topology), now);
      problem = null;
      if (want != inForce) {
        if (want != instead) {
          refusal = null;
        }
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
      snapshot = emptySnapshot(CLOSED);
      return 0;
    }
    ChangeLog.log(settings.name(), before, after);
    Events.get().snapshot(settings.name(), before.candidates, after.candidates);
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
      return composer.compose(topology, inForce.policy, available(topology), now);
    } catch (Composer.LayerException e) {
      return null;
    }
  }

  private IntPredicate available(Topology topology) {
    List<Endpoint> endpoints = topology.endpoints();
    Predicate<Endpoint> available = settings.available();
    return i -> available.test(endpoints.get(i));
  }

  /** Forgets a policy that was refused; what its asker had in force before counts again. */
  private synchronized void giveUp(Wanted refused) {
    if (applied == refused) {
      applied = inForce.rank == Rank.APPLY ? inForce : null;
    }
    if (advised == refused) {
      advised = inForce.rank == Rank.SOURCE ? inForce : null;
    }
    if (wanted == refused) {
      wanted = highest();
      instead = wanted;
      if (wanted != inForce) {
        loop.wake();
      }
    }
  }

  /** What counts of all that builder, source and code have asked for. */
  private Wanted highest() {
    Wanted code = applied;
    Wanted source = advised;
    return code != null ? code : source != null ? source : builders;
  }

  private synchronized void wantApplied(@Nullable Wanted next) {
    applied = next;
    wanted = highest();
  }

  private void advised(PolicySource.Advice next) {
    Objects.requireNonNull(next, "advice");
    synchronized (this) {
      PolicySource.Advice before = advice;
      advice = next;
      LoadBalancingPolicy policy = next.policy();
      if (before != null && Objects.equals(before.policy(), policy)) {
        return; // only what is said of it has changed
      }
      advised = policy == null ? null : new Wanted(policy, Rank.SOURCE, next.origin());
      wanted = highest();
    }
    if (started && !closed.get()) {
      loop.wake();
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
        platform.run(() -> ready.complete(candidates));
      } else {
        ready.complete(candidates);
      }
      waiting.forEach(this::letGo);
    }
    for (Consumer<Candidates> listener : listeners) {
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

  private Snapshot emptySnapshot(Topology topology) {
    return new Snapshot(
        Candidates.of(topology, new Slot[0]),
        inForce.policy,
        List.of(),
        null,
        (context, rank) -> Picker.NONE,
        new Slot[0],
        new InFlight(),
        platform,
        nonsenseOf(inForce.policy.strategy()));
  }

  private BiConsumer<Object, @Nullable Throwable> nonsenseOf(Strategy strategy) {
    return (what, error) -> pickerFailed(strategy, what, error);
  }

  /** Called by the request that met it. Of one strategy it is said once. */
  @SuppressWarnings(
      "ReferenceEquality") // a stranger's equals has no business on a request's thread
  private void pickerFailed(Strategy strategy, Object what, @Nullable Throwable error) {
    Nonsense known = nonsense.get();
    if (known != null && known.strategy == strategy) {
      return;
    }
    String complaint =
        "the picker of "
            + strategy
            + (error == null
                ? " chose candidate " + what + ", which is not usable"
                : " threw " + error)
            + "; a random endpoint is used instead";
    if (nonsense.compareAndSet(known, new Nonsense(strategy, complaint))) {
      log.error("{}: {} (said once)", settings.name(), complaint, error);
    }
  }

  /** What is wrong with the picker in force, as far as requests have met it. */
  @SuppressWarnings("ReferenceEquality") // as above
  private @Nullable String pickerProblem() {
    Nonsense known = nonsense.get();
    return known != null && known.strategy == snapshot.policy.strategy() ? known.complaint : null;
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

  // ---- what retries ask ----

  @Override
  public Platform platform() {
    return platform;
  }

  @Override
  public Classifier classifier() {
    return judge;
  }

  @Override
  public @Nullable RetryPolicy retryPolicy() {
    return retry;
  }

  @Override
  public RetryBudget retryBudget() {
    return retryBudget;
  }

  @Override
  public void retried(
      Endpoint failed, Outcome outcome, Endpoint next, int attempt, long pauseNanos) {
    retries.increment();
    Events.get().retry(settings.name(), failed, outcome, next, attempt, pauseNanos);
  }

  @Override
  public void retryRefused(Endpoint failed, Outcome outcome, int attempt) {
    retriesRefused.increment();
    Events.get().retry(settings.name(), failed, outcome, null, attempt, 0);
  }

  /** The classifier of the settings; what it throws is dealt with. */
  private final class Judge implements Classifier {
    @Override
    public Outcome classify(@Nullable Object result, @Nullable Throwable error) {
      return DefaultBalancer.this.classify(result, error);
    }

    @Override
    public @Nullable Duration retryAfter(@Nullable Object result, @Nullable Throwable error) {
      try {
        return settings.classifier().retryAfter(result, error);
      } catch (Throwable e) {
        log.warn("{}: the classifier threw; no pause is known", settings.name(), e);
        return null;
      }
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
    wantApplied(new Wanted(policy, Rank.APPLY, "apply"));
    if (!loop.runHere()) {
      loop.wake();
    }
  }

  @Override
  public void refresh() {
    if (!closed.get() && !loop.runHere()) {
      loop.wake();
    }
  }

  @Override
  public void withdraw() {
    if (closed.get()) {
      throw new IllegalStateException(settings.name() + ": the balancer is closed");
    }
    wantApplied(null);
    if (wanted != inForce && !loop.runHere()) {
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
        totals,
        rejected.sum(),
        withoutEndpoint.sum(),
        retries.sum(),
        retriesRefused.sum(),
        topologyUpdates.sum(),
        rebuilds.sum());
  }

  @Override
  public Explanation explain() {
    return ExplanationAtOneMoment.of(
        settings.name(), snapshot, originNow(), problemNow(), platform.nanoTime(), null, null);
  }

  @Override
  public Explanation explain(PickContext context) {
    Snapshot now = snapshot;
    return ExplanationAtOneMoment.of(
        settings.name(),
        now,
        originNow(),
        problemNow(),
        platform.nanoTime(),
        context,
        now.pick(context));
  }

  /** Where the policy in force comes from, and why it is not another. */
  private String originNow() {
    Wanted now = inForce;
    PolicySource.Advice said = advice;
    if (said == null) {
      return now.origin;
    }
    LoadBalancingPolicy policy = said.policy();
    return switch (now.rank) {
      case BUILDER -> policy == null ? now.origin + " (" + said.origin() + ")" : now.origin;
      case SOURCE -> now.policy.equals(policy) ? said.origin() : now.origin;
      case APPLY -> policy == null ? now.origin : now.origin + " (over " + said.origin() + ")";
    };
  }

  private @Nullable String problemNow() {
    if (problem != null) {
      return problem;
    }
    if (refusal != null) {
      return refusal;
    }
    String picker = pickerProblem();
    if (picker != null) {
      return picker;
    }
    if (discoveryProblem != null) {
      return "discovery: " + discoveryProblem;
    }
    PolicySource.Advice said = advice;
    return said == null ? null : said.problem();
  }

  @Override
  public AutoCloseable listen(Consumer<Candidates> listener) {
    Objects.requireNonNull(listener, "listener");
    // An object of its own, so that one listener may be added twice.
    Consumer<Candidates> own = candidates -> listener.accept(candidates);
    listeners.add(own);
    return () -> listeners.remove(own);
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    closeQuietly("policy source", policyWatch);
    closeQuietly("discovery", watch);
    loop.close(composer::close);
    snapshot = emptySnapshot(CLOSED);
    ready.completeExceptionally(
        new NoEndpointException(Why.CLOSED, settings.name() + ": the balancer is closed"));
    waiting.forEach(this::letGo);
  }

  private void closeQuietly(String what, @Nullable AutoCloseable watching) {
    if (watching != null) {
      try {
        watching.close();
      } catch (Exception e) {
        log.warn("{}: {} could not be closed", settings.name(), what, e);
      }
    }
  }

  @Override
  public String toString() {
    return "Balancer " + settings.name() + ": " + inForce.policy;
  }
}
