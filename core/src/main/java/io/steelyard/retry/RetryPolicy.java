package io.steelyard.retry;

import io.steelyard.Balancer;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.RandomSource;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Says which failures of a request are answered with another try, when, and how often. Immutable
 * and thread-safe; one policy may serve many balancers.
 *
 * <pre>{@code
 * RetryPolicy policy =
 *     RetryPolicy.builder()
 *         .maxAttempts(3)
 *         .backoff(Duration.ofMillis(25), Duration.ofSeconds(1))
 *         .deadline(Duration.ofSeconds(2))
 *         .build();
 * }</pre>
 *
 * <ul>
 *   <li><b>What.</b> {@link Outcome#UNREACHABLE} for every request: nothing was sent. The other
 *       {@linkplain Builder#on outcomes} only for requests that may be repeated: {@link
 *       PickContext#idempotent()}, or what an adapter knows by the method. An {@link Error} is
 *       never tried again, nor is what a caller cancelled.
 *   <li><b>Where.</b> Each try goes to an endpoint that the request has not been to; where there is
 *       none left, there is no further try.
 *   <li><b>When.</b> At once after {@code UNREACHABLE}, which has cost nobody anything. After other
 *       failures, the k-th pause is a random part of {@code base} · 2<sup>k-1</sup>, {@code most}
 *       at most: "full jitter" (Brooker, "Exponential Backoff and Jitter", 2015), which spreads
 *       those who failed together over the whole interval. A server's {@code Retry-After} makes the
 *       pause longer, and is the end of it where it exceeds {@code most}.
 *   <li><b>How often.</b> As long as attempts, deadline and {@linkplain Builder#budget budget}
 *       last. A pause that would not end before the deadline is not begun.
 * </ul>
 *
 * <p>Hedging, a second try before the first has failed, is not built; a request's tries would have
 * room for it, since each can be {@linkplain io.steelyard.Attempt#onCancel given up}.
 */
public final class RetryPolicy {
  private static final RetryPolicy STANDARD = builder().build();

  private final int maxAttempts;
  private final long baseNanos;
  private final long mostNanos;
  private final @Nullable Duration perTryTimeout;
  private final @Nullable Duration deadline;
  private final Set<Outcome> outcomes;
  private final @Nullable RetryBudget budget;

  private RetryPolicy(Builder builder) {
    this.maxAttempts = builder.maxAttempts;
    this.baseNanos = builder.base.toNanos();
    this.mostNanos = builder.most.toNanos();
    this.perTryTimeout = builder.perTryTimeout;
    this.deadline = builder.deadline;
    this.outcomes = EnumSet.copyOf(builder.outcomes);
    this.budget = builder.budget;
  }

  /** Starts a policy with the defaults that each setting names. */
  public static Builder builder() {
    return new Builder();
  }

  /** The policy of defaults: three attempts, 25 ms to 1 s, no time limits. */
  public static RetryPolicy standard() {
    return STANDARD;
  }

  /** The policy that a balancer was built with; null if it has none. */
  public static @Nullable RetryPolicy of(Balancer balancer) {
    return balancer instanceof RetryHost host ? host.retryPolicy() : null;
  }

  /**
   * Sets a request on its way: counts it for the budget, and its deadline begins. For adapters, and
   * for a single request with a policy of its own: {@code policy.begin(balancer,
   * context).call(call)}.
   */
  public Tries begin(Balancer balancer, PickContext context) {
    return begin(balancer, context, null);
  }

  /**
   * As {@link #begin(Balancer, PickContext)}, for a request with a limit of its own.
   *
   * @param atMost how long it may take with all its tries and pauses, where that is less than the
   *     deadline; null for no limit of its own
   */
  public Tries begin(Balancer balancer, PickContext context, @Nullable Duration atMost) {
    Objects.requireNonNull(balancer, "balancer");
    Objects.requireNonNull(context, "context");
    Duration limit =
        deadline == null || (atMost != null && atMost.compareTo(deadline) < 0) ? atMost : deadline;
    return new Tries(this, balancer, context, limit);
  }

  /** How many tries a request may have, the first included. */
  public int maxAttempts() {
    return maxAttempts;
  }

  /** How long one try may take; null for no limit. */
  public @Nullable Duration perTryTimeout() {
    return perTryTimeout;
  }

  /** How long a request may take with all its tries and pauses; null for no limit. */
  public @Nullable Duration deadline() {
    return deadline;
  }

  /** The budget that was given; null if each balancer uses its own. */
  public @Nullable RetryBudget budget() {
    return budget;
  }

  /** Whether a request that ended so may be tried again, limits aside. */
  boolean covers(Outcome outcome, boolean repeatable) {
    return outcomes.contains(outcome) && (repeatable || outcome == Outcome.UNREACHABLE);
  }

  /** The pause before the k-th retry, in nanoseconds. */
  long pauseNanos(Outcome outcome, int retry, RandomSource random) {
    if (outcome == Outcome.UNREACHABLE || baseNanos == 0) {
      return 0;
    }
    // 2^k × base, or most where that is less or would overflow.
    int doublings = Math.min(retry - 1, Long.numberOfLeadingZeros(baseNanos) - 1);
    long upTo = Math.min(mostNanos, baseNanos << doublings);
    return (long) (random.nextDouble() * upTo);
  }

  long longestPauseNanos() {
    return mostNanos;
  }

  @Override
  public String toString() {
    return "retry("
        + maxAttempts
        + " attempts, "
        + Duration.ofNanos(baseNanos)
        + " to "
        + Duration.ofNanos(mostNanos)
        + (perTryTimeout == null ? "" : ", each within " + perTryTimeout)
        + (deadline == null ? "" : ", all within " + deadline)
        + ", on "
        + outcomes
        + (budget == null ? "" : ", " + budget)
        + ")";
  }

  /** Puts a {@link RetryPolicy} together, checking each setting. Not thread-safe. */
  public static final class Builder {
    private static final Duration LONGEST = Duration.ofDays(1);

    private int maxAttempts = 3;
    private Duration base = Duration.ofMillis(25);
    private Duration most = Duration.ofSeconds(1);
    private @Nullable Duration perTryTimeout;
    private @Nullable Duration deadline;
    private Set<Outcome> outcomes =
        EnumSet.of(Outcome.UNREACHABLE, Outcome.FAILURE, Outcome.TIMEOUT, Outcome.OVERLOADED);
    private @Nullable RetryBudget budget;

    private Builder() {}

    /**
     * Sets how many tries a request may have, the first included; 3 by default.
     *
     * @param attempts 1, for no retries, to 100
     */
    public Builder maxAttempts(int attempts) {
      if (attempts < 1 || attempts > 100) {
        throw new IllegalArgumentException(
            "retry: maxAttempts: " + attempts + " (expected: 1 to 100)");
      }
      this.maxAttempts = attempts;
      return this;
    }

    /**
     * Sets the pauses: up to {@code base} before the first retry, twice that before each further
     * one, {@code most} at most; 25 ms and 1 second by default.
     *
     * @param base zero, for no pauses, to {@code most}
     * @param most up to 1 day; a server that asks for a longer pause is not asked again
     */
    public Builder backoff(Duration base, Duration most) {
      if (base.isNegative() || base.compareTo(most) > 0) {
        throw new IllegalArgumentException(
            "retry: backoff: base: " + base + " (expected: 0 to most, " + most + ")");
      }
      if (most.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "retry: backoff: most: " + most + " (expected: <= 1 day)");
      }
      this.base = base;
      this.most = most;
      return this;
    }

    /**
     * Sets how long one try may take; no limit by default. {@code callAsync} gives up what takes
     * longer, with {@code TIMEOUT}; a {@code call} runs code that cannot be interrupted, which is
     * told by {@link io.steelyard.Attempt#remaining()}.
     *
     * @param timeout more than zero, up to 1 day
     */
    public Builder perTryTimeout(Duration timeout) {
      this.perTryTimeout = positive("perTryTimeout", timeout);
      return this;
    }

    /**
     * Sets how long a request may take with all its tries and pauses; no limit by default. It
     * shortens what {@link io.steelyard.Attempt#remaining()} says, and ends a {@code callAsync}.
     *
     * @param deadline more than zero, up to 1 day
     */
    public Builder deadline(Duration deadline) {
      this.deadline = positive("deadline", deadline);
      return this;
    }

    /**
     * Sets which outcomes are tried again: {@code UNREACHABLE} whatever the request is, others if
     * it may be repeated. All four failures by default.
     *
     * @param outcomes some of {@code UNREACHABLE}, {@code FAILURE}, {@code TIMEOUT}, {@code
     *     OVERLOADED}
     */
    public Builder on(Outcome... outcomes) {
      Set<Outcome> chosen = EnumSet.noneOf(Outcome.class);
      for (Outcome outcome : outcomes) {
        if (!outcome.isFailure()) {
          throw new IllegalArgumentException(
              "retry: on: " + outcome + " (expected: UNREACHABLE, FAILURE, TIMEOUT or OVERLOADED)");
        }
        chosen.add(outcome);
      }
      this.outcomes = chosen;
      return this;
    }

    /**
     * Sets a budget that all have part in who are given this object. By default each balancer has
     * one of its own, of {@linkplain RetryBudget#standard() the default size}, which all policies
     * share that it is used with.
     */
    public Builder budget(RetryBudget budget) {
      this.budget = Objects.requireNonNull(budget, "budget");
      return this;
    }

    /**
     * Returns the policy.
     *
     * @throws IllegalArgumentException if one try may take longer than all together
     */
    public RetryPolicy build() {
      if (perTryTimeout != null && deadline != null && perTryTimeout.compareTo(deadline) > 0) {
        throw new IllegalArgumentException(
            "retry: perTryTimeout: "
                + perTryTimeout
                + " (expected: <= deadline, "
                + deadline
                + ")");
      }
      return new RetryPolicy(this);
    }

    private static Duration positive(String name, Duration value) {
      if (value.isNegative() || value.isZero() || value.compareTo(LONGEST) > 0) {
        throw new IllegalArgumentException(
            "retry: " + name + ": " + value + " (expected: > 0, up to 1 day)");
      }
      return value;
    }
  }
}
