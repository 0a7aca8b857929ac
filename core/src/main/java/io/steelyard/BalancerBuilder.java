package io.steelyard;

import io.steelyard.discovery.Discoveries;
import io.steelyard.internal.DefaultBalancer;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Puts a {@link Balancer} together. Every setting is checked here, not at the first request. Not
 * thread-safe.
 */
public final class BalancerBuilder {
  /** What {@link LoadBalancingPolicy#standard()} is. */
  static final LoadBalancingPolicy STANDARD =
      LoadBalancingPolicy.of(Strategies.adaptive(), Stages.ejection().panicBelow(0.5));

  private final Discovery discovery;
  private @Nullable String name;
  private Strategy strategy = STANDARD.strategy();
  private List<Stage> stages = STANDARD.stages();
  private @Nullable PolicySource policies;
  private Classifier classifier = Classifier.standard();
  private @Nullable RetryPolicy retry;
  private Duration awaitFirst = Duration.ZERO;
  private Duration latencyDecay = Duration.ofSeconds(10);
  private boolean latencyTracking = true;
  private Predicate<Endpoint> available = endpoint -> true;
  private Platform platform = Platform.system();
  private final List<Consumer<Candidates>> listeners = new ArrayList<>();

  BalancerBuilder(Discovery discovery) {
    this.discovery = Objects.requireNonNull(discovery, "discovery");
  }

  /** Over a list that does not change. */
  static BalancerBuilder fixed(Endpoint... endpoints) {
    return new BalancerBuilder(Discoveries.fixed(endpoints));
  }

  /**
   * Sets the name in logs, errors and explanations; by default the discovery's {@code toString()},
   * which of a fixed list says nothing, nor of a lambda.
   */
  public BalancerBuilder name(String name) {
    this.name = Objects.requireNonNull(name, "name");
    return this;
  }

  /** Sets what chooses; {@link Strategies#adaptive()} by default. */
  public BalancerBuilder strategy(Strategy strategy) {
    this.strategy = Objects.requireNonNull(strategy, "strategy");
    return this;
  }

  /**
   * Sets the layers before the choice, in order; {@code ejection().panicBelow(0.5)} by default.
   * None is allowed.
   */
  public BalancerBuilder stages(Stage... stages) {
    this.stages = List.of(stages);
    return this;
  }

  /** Sets strategy and stages at once; {@link LoadBalancingPolicy#standard()} by default. */
  public BalancerBuilder policy(LoadBalancingPolicy policy) {
    this.strategy = policy.strategy();
    this.stages = policy.stages();
    return this;
  }

  /**
   * Sets who may change the policy from outside while the balancer runs; nobody by default. It goes
   * before strategy and stages set here, and behind {@link Balancer#apply}.
   */
  public BalancerBuilder policies(PolicySource source) {
    this.policies = Objects.requireNonNull(source, "policies");
    return this;
  }

  /**
   * Sets what judges the results of {@code call} and {@code callAsync}; {@link
   * Classifier#standard()} by default.
   */
  public BalancerBuilder classifier(Classifier classifier) {
    this.classifier = Objects.requireNonNull(classifier, "classifier");
    return this;
  }

  /**
   * Has {@code call} and {@code callAsync}, and adapters that are not told otherwise, try failed
   * requests again; none by default. Requests that may arrive twice say so by {@link
   * PickContext#idempotent()}; others are tried again only when nothing was sent. Attempts that one
   * begins oneself are one's own to repeat.
   */
  public BalancerBuilder retry(RetryPolicy retry) {
    this.retry = Objects.requireNonNull(retry, "retry");
    return this;
  }

  /**
   * Lets {@code call} and {@code callAsync} wait so long for the first usable endpoints; zero, the
   * default, fails at once. {@code begin} never waits.
   *
   * @param atMost zero to 1 day
   */
  public BalancerBuilder awaitFirst(Duration atMost) {
    if (atMost.isNegative() || atMost.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException("awaitFirst: " + atMost + " (expected: 0 to 1 day)");
    }
    this.awaitFirst = atMost;
    return this;
  }

  /**
   * Sets the time constant of the latency average: after this time the weight of an old sample has
   * fallen to 37 % (1/e). 10 seconds by default. While requests are so rare that an endpoint sees
   * fewer than fifty in that time, it is fifty of the gaps between them (at most an hour).
   *
   * @param decay 1 millisecond to 10 minutes
   */
  public BalancerBuilder latencyDecay(Duration decay) {
    if (decay.compareTo(Duration.ofMillis(1)) < 0 || decay.compareTo(Duration.ofMinutes(10)) > 0) {
      throw new IllegalArgumentException(
          "latencyDecay: " + decay + " (expected: 1 ms to 10 minutes)");
    }
    this.latencyDecay = decay;
    return this;
  }

  /**
   * Sets whether latency is measured, which costs two clock reads a request; true by default, also
   * under strategies that do not go by it, since {@link EndpointStats} tells of it. Those
   * strategies need no clock without it: a request under {@code powerOfTwo(inFlight())} then takes
   * a quarter of the time. {@code adaptive()} and peak EWMA know nothing then and compare requests
   * in flight.
   */
  public BalancerBuilder latencyTracking(boolean tracking) {
    this.latencyTracking = tracking;
    return this;
  }

  /**
   * Adds a listener that is told of every new snapshot, after it is in force, one call at a time,
   * on the platform's executor or on the thread that calls {@code build} or {@code apply}. What it
   * throws is logged; while it blocks, later snapshots wait. After {@link Balancer#close} none is
   * called, but a call under way may still end.
   */
  public BalancerBuilder listener(Consumer<Candidates> listener) {
    listeners.add(Objects.requireNonNull(listener, "listener"));
    return this;
  }

  /**
   * Sets which endpoints can be used at all, whatever the stages say: those with a connection, for
   * a client that keeps one to each. It is asked after the last stage, so no panic guard overrules
   * it, for every endpoint in each evaluation and never by a request; the others are "not
   * connected". When its answers change, call {@link Balancer#refresh}. All, by default.
   *
   * @param available quick and thread-safe
   */
  public BalancerBuilder available(Predicate<Endpoint> available) {
    this.available = Objects.requireNonNull(available, "available");
    return this;
  }

  /** Sets time, randomness and threads; {@link Platform#system()} by default. */
  public BalancerBuilder platform(Platform platform) {
    this.platform = Objects.requireNonNull(platform, "platform");
    return this;
  }

  /**
   * Starts the discovery and returns the balancer. If the discovery publishes its first list at
   * once, as a fixed one does, the balancer is ready when this returns.
   */
  public Balancer build() {
    return DefaultBalancer.start(
        new DefaultBalancer.Settings(
            name == null ? discovery.toString() : name,
            discovery,
            new LoadBalancingPolicy(stages, strategy),
            policies,
            classifier,
            retry,
            awaitFirst,
            latencyDecay,
            latencyTracking,
            available,
            List.copyOf(listeners),
            platform));
  }
}
