package io.steelyard.micrometer;

import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.steelyard.Balancer;
import io.steelyard.Platform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The metrics of one balancer.
 *
 * <table>
 * <caption>Meters; each has the tag {@code service}</caption>
 * <tr><th>Name<th>Kind, further tags<th>What
 * <tr><td>{@code lb.requests}<td>counter; {@code strategy}, {@code outcome}
 *   <td>attempts ended: {@code success}, {@code failure}, {@code timeout}, {@code unreachable},
 *   {@code overloaded}, {@code cancelled}; {@code rejected}: every endpoint was full
 * <tr><td>{@code lb.requests.active}<td>gauge<td>attempts begun and not ended
 * <tr><td>{@code lb.requests.unserved}<td>counter<td>requests that found no endpoint, for whatever
 *   reason
 * <tr><td>{@code lb.retries}<td>counter<td>further attempts of a request, by a retry policy
 * <tr><td>{@code lb.retries.refused}<td>counter<td>those its budget did not allow
 * <tr><td>{@code lb.endpoints}<td>gauge; {@code state}<td>endpoints that are {@code usable}, {@code
 *   probing}, {@code ejected}, {@code draining}, {@code disconnected}, or {@code excluded} by
 *   weight 0 or any other stage
 * <tr><td>{@code lb.endpoint.ejections}<td>counter<td>times an endpoint was ejected, from the binding on
 * <tr><td>{@code lb.discovery.updates}<td>counter<td>lists that discovery has published
 * <tr><td>{@code lb.discovery.state}<td>gauge; {@code state}<td>1 for the state of the list, 0 for
 *   every other: {@code syncing}, {@code live}, {@code stale}, {@code unauthorized}, {@code
 *   absent}, {@code closed}
 * <tr><td>{@code lb.discovery.staleness}<td>time<td>since the source last said anything; only with
 *   {@link Builder#staleness}
 * </table>
 *
 * <p>With {@link Builder#perEndpoint()} there are also {@code lb.endpoint.requests} ({@code
 * outcome}), {@code lb.endpoint.requests.active}, {@code lb.endpoint.latency} (the moving average
 * that strategies go by; not a number before the first answer) and {@code lb.endpoint.weight}, with
 * the tags {@code endpoint} (host and port) and {@code pod} ({@code none} where discovery knows no
 * pods). They come and go with the endpoint.
 *
 * <p><b>The strategy.</b> {@code lb.requests} counts under the name of the strategy in force. When
 * a policy brings another, its counters begin at zero, those of the strategy before stay as they
 * were, so that what was counted since the last scrape is not lost, and older ones go: there are
 * never more than two.
 *
 * <p><b>Cost.</b> Requests do no work for metrics. A counter's reading is O(endpoints), and so is a
 * change of the list, away from the requests.
 *
 * <p>Thread-safe. A registry does not keep a balancer alive. {@link #close()} removes all meters;
 * closing the balancer does not.
 */
public final class BalancerMetrics implements MeterBinder, AutoCloseable {
  private final Builder settings;
  private final List<Binding> bindings = new ArrayList<>();
  private boolean closed;

  private BalancerMetrics(Builder settings) {
    this.settings = settings;
  }

  /** The metrics of this balancer, without those of single endpoints. */
  public static BalancerMetrics of(String service, Balancer balancer) {
    return builder(service, balancer).build();
  }

  /**
   * Starts the metrics of this balancer.
   *
   * @param service the tag {@code service}, not blank: one balancer for each in a registry, unless
   *     {@linkplain Builder#tags other tags} tell them apart
   */
  public static Builder builder(String service, Balancer balancer) {
    return new Builder(service, balancer);
  }

  /**
   * Registers the meters; once for each registry.
   *
   * @throws IllegalStateException if these metrics are closed
   */
  @Override
  public synchronized void bindTo(MeterRegistry registry) {
    if (closed) {
      throw new IllegalStateException("metrics of " + settings.service + ": closed");
    }
    for (Binding binding : bindings) {
      if (binding.isTo(registry)) {
        return;
      }
    }
    bindings.add(new Binding(settings, registry));
  }

  /** Removes every meter from every registry. Idempotent. */
  @Override
  public synchronized void close() {
    closed = true;
    bindings.forEach(Binding::close);
    bindings.clear();
  }

  /** Puts {@link BalancerMetrics} together. Not thread-safe. */
  public static final class Builder {
    final String service;
    final Balancer balancer;
    Tags tags = Tags.empty();
    boolean perEndpoint;
    @Nullable Supplier<@Nullable Duration> staleness;
    Platform platform = Platform.system();

    private Builder(String service, Balancer balancer) {
      if (service.isBlank()) {
        throw new IllegalArgumentException("service: \"" + service + "\" (expected: not blank)");
      }
      this.service = service;
      this.balancer = Objects.requireNonNull(balancer, "balancer");
    }

    private Builder(Builder other) {
      this.service = other.service;
      this.balancer = other.balancer;
      this.tags = other.tags;
      this.perEndpoint = other.perEndpoint;
      this.staleness = other.staleness;
      this.platform = other.platform;
    }

    /** Adds meters for each endpoint: ten for each, so not for services of thousands of pods. */
    public Builder perEndpoint() {
      this.perEndpoint = true;
      return this;
    }

    /** Adds these tags, keys and values by turns, to every meter. */
    public Builder tags(String... keysAndValues) {
      this.tags = tags.and(keysAndValues);
      return this;
    }

    /**
     * Adds the time since discovery's source last said anything, which grows while it is out of
     * reach: {@code .staleness(() -> discovery.status().sinceHeard())} of a {@code
     * KubernetesDiscovery}.
     *
     * @param sinceHeard quick and thread-safe; null while it has never said anything
     */
    public Builder staleness(Supplier<@Nullable Duration> sinceHeard) {
      this.staleness = Objects.requireNonNull(sinceHeard, "staleness");
      return this;
    }

    /** Sets the clock, which must be the balancer's; {@link Platform#system()} by default. */
    public Builder platform(Platform platform) {
      this.platform = Objects.requireNonNull(platform, "platform");
      return this;
    }

    /** Returns the metrics. */
    public BalancerMetrics build() {
      return new BalancerMetrics(new Builder(this));
    }
  }
}
