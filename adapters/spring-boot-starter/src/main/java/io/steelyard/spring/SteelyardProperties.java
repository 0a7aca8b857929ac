package io.steelyard.spring;

import io.steelyard.Outcome;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * All properties. What is left out has the default of the library.
 *
 * @param services Services by name, which is the host in http://name/.
 * @param metrics What is measured.
 */
@ConfigurationProperties(prefix = "steelyard", ignoreUnknownFields = false)
record SteelyardProperties(
    @DefaultValue Map<String, Service> services, @DefaultValue Metrics metrics) {

  /**
   * One service: where its endpoints come from (endpoints, dns, file, kubernetes or discovery), and
   * how to choose among them.
   *
   * @param endpoints A fixed list of host:port.
   * @param dns A name with a port, whose addresses are looked up again and again.
   * @param file A file with one endpoint a line, which may change.
   * @param kubernetes A service of Kubernetes, by its EndpointSlices.
   * @param discovery Name of a bean of type Discovery.
   * @param strategy What chooses; the library's default if left out.
   * @param stages Layers before the choice; the library's default if left out.
   * @param retry Further tries of failed requests; without it only where no connection could be
   *     made.
   * @param awaitFirst How long calls of the balancer wait for the first list; not at all by
   *     default.
   * @param latencyDecay Time constant of the latency average; 10s by default.
   */
  record Service(
      @Nullable List<String> endpoints,
      @Nullable String dns,
      @Nullable String file,
      @Nullable Kubernetes kubernetes,
      @Nullable String discovery,
      @Nullable Strategy strategy,
      @Nullable Stages stages,
      @Nullable Retry retry,
      @Nullable Duration awaitFirst,
      @Nullable Duration latencyDecay) {}

  /**
   * A service of Kubernetes.
   *
   * @param namespace Its namespace; that of the configuration or of this pod by default.
   * @param service Its name; the balancer's by default.
   * @param port Its port's name, or the number of the pods' port; the only one by default.
   * @param kubeconfig File with the cluster's address; by default KUBECONFIG, ~/.kube/config, or
   *     the pod's service account.
   * @param context Context in this file; the current one by default.
   */
  record Kubernetes(
      @Nullable String namespace,
      @Nullable String service,
      @Nullable String port,
      @Nullable String kubeconfig,
      @Nullable String context) {}

  /**
   * A strategy.
   *
   * @param type Its name: PowerOfTwo, RoundRobin, WeightedRoundRobin and so on.
   * @param metric PeakEwma or InFlight, for PowerOfTwo and PowerOfD.
   * @param choices How many to compare, for PowerOfD.
   * @param slot How long each endpoint's turn is, for TimedRoundRobin.
   * @param phase Where the first turn begins, for TimedRoundRobin.
   * @param virtualNodes Points of each endpoint on the ring, for RingHash.
   * @param tableSize A prime, for Maglev.
   * @param hash RingHash, Maglev or Rendezvous, for BoundedLoad.
   * @param epsilon How far above the average an endpoint may be, for BoundedLoad.
   * @param idle After which time a session is forgotten, for SessionAffinity.
   * @param maximumSize How many sessions are kept, for SessionAffinity.
   * @param fallback What chooses for a new session, for SessionAffinity.
   */
  record Strategy(
      @Nullable String type,
      @Nullable String metric,
      @Nullable Integer choices,
      @Nullable Duration slot,
      @Nullable Duration phase,
      @Nullable Integer virtualNodes,
      @Nullable Integer tableSize,
      @Nullable String hash,
      @Nullable Double epsilon,
      @Nullable Duration idle,
      @Nullable Long maximumSize,
      @Nullable Fallback fallback) {}

  /**
   * What chooses for a session that is new.
   *
   * @param type Its name: any strategy but SessionAffinity.
   * @param metric PeakEwma or InFlight, for PowerOfTwo and PowerOfD.
   * @param choices How many to compare, for PowerOfD.
   * @param slot How long each endpoint's turn is, for TimedRoundRobin.
   * @param phase Where the first turn begins, for TimedRoundRobin.
   * @param virtualNodes Points of each endpoint on the ring, for RingHash.
   * @param tableSize A prime, for Maglev.
   * @param hash RingHash, Maglev or Rendezvous, for BoundedLoad.
   * @param epsilon How far above the average an endpoint may be, for BoundedLoad.
   */
  record Fallback(
      @Nullable String type,
      @Nullable String metric,
      @Nullable Integer choices,
      @Nullable Duration slot,
      @Nullable Duration phase,
      @Nullable Integer virtualNodes,
      @Nullable Integer tableSize,
      @Nullable String hash,
      @Nullable Double epsilon) {}

  /**
   * The layers before the choice. Where any is set, those that are not set are left out.
   *
   * @param ejection Takes out endpoints that fail.
   * @param outliers Takes out endpoints that fail much more often than the others.
   * @param zone Keeps requests in the client's zone.
   * @param subset Gives each client a part of the endpoints.
   * @param slowStart Gives new endpoints little at first.
   * @param maxInFlight The most requests in flight on one endpoint.
   */
  record Stages(
      @Nullable Ejection ejection,
      @Nullable Outliers outliers,
      @Nullable Zone zone,
      @Nullable Subset subset,
      @Nullable SlowStart slowStart,
      @Nullable Integer maxInFlight) {}

  /**
   * Takes out endpoints that fail.
   *
   * @param failures After how many failures in a row; 5 by default.
   * @param base For how long, the first time; 5s by default.
   * @param most For how long at most; 5m by default.
   * @param panicBelow Share of endpoints that must stay; 0.5 by default, 0 for none.
   */
  record Ejection(
      @Nullable Integer failures,
      @Nullable Duration base,
      @Nullable Duration most,
      @Nullable Double panicBelow) {}

  /**
   * Takes out endpoints that fail much more often than the others.
   *
   * @param requests By how many requests in an interval one is judged; 100 by default.
   * @param interval For how long requests are counted; 10s by default.
   * @param base For how long one is out, times its episodes; 30s by default.
   * @param most For how long at most; 5m by default.
   */
  record Outliers(
      @Nullable Integer requests,
      @Nullable Duration interval,
      @Nullable Duration base,
      @Nullable Duration most) {}

  /**
   * Keeps requests in the client's zone, as far as it can carry them.
   *
   * @param name The zone this process runs in.
   */
  record Zone(@Nullable String name) {}

  /**
   * Gives each client a part of the endpoints: a size, or by how many clients there are.
   *
   * @param size How many endpoints.
   * @param clients How many clients there are, about; the size follows.
   */
  record Subset(@Nullable Integer size, @Nullable Integer clients) {}

  /**
   * Gives new endpoints little at first.
   *
   * @param window How long until one gets its share; above 1s.
   * @param aggression The higher, the sooner it gets most of it; 1 by default.
   */
  record SlowStart(@Nullable Duration window, @Nullable Double aggression) {}

  /**
   * Further tries of failed requests.
   *
   * @param maxAttempts How many tries, the first included; 3 by default.
   * @param backoff Pauses between tries.
   * @param perTryTimeout How long one try may take; no limit by default.
   * @param deadline How long all tries and pauses may take; no limit by default.
   * @param on Outcomes to try again: unreachable, failure, timeout, overloaded; all by default.
   * @param budget How many retries there may be for how many requests.
   */
  record Retry(
      @Nullable Integer maxAttempts,
      @Nullable Backoff backoff,
      @Nullable Duration perTryTimeout,
      @Nullable Duration deadline,
      @Nullable List<Outcome> on,
      @Nullable Budget budget) {}

  /**
   * Pauses between tries: a random part of base, twice that, and so on.
   *
   * @param base The longest first pause.
   * @param most The longest pause of all.
   */
  record Backoff(@DefaultValue("25ms") Duration base, @DefaultValue("1s") Duration most) {}

  /**
   * How many retries there may be.
   *
   * @param share Retries for each request.
   * @param perSecond Retries a second besides.
   */
  record Budget(@DefaultValue("0.2") double share, @DefaultValue("10") int perSecond) {}

  /**
   * What is measured.
   *
   * @param perEndpoint Whether each endpoint has meters of its own, ten of them.
   */
  record Metrics(@DefaultValue("false") boolean perEndpoint) {}
}
