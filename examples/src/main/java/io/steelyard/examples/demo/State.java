package io.steelyard.examples.demo;

import io.steelyard.BalancerStats;
import io.steelyard.Explanation;
import io.steelyard.Outcome;
import io.steelyard.kubernetes.KubernetesStatus;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that the page shows at one moment; it becomes JSON as it stands.
 *
 * @param own whether the cluster is the demo's, so that its pods can be scaled and killed
 * @param colors a number for each pod there is or was lately
 */
record State(
    boolean own,
    ServiceInfo service,
    Controller controller,
    Balancing balancer,
    List<Row> pods,
    Map<String, Integer> colors,
    List<Events.Event> events) {

  /** The service, as the API server has it. */
  record ServiceInfo(
      String cluster, String namespace, String name, String selector, String ports, int replicas) {}

  /** The watch of the API server; times in milliseconds, null if it never happened. */
  record Controller(
      String state,
      @Nullable String detail,
      @Nullable Long sinceHeard,
      @Nullable Long sinceChange,
      int endpoints,
      int slices,
      long lists,
      long watches,
      long reconnects) {}

  /** The balancer, and what its callers see. */
  record Balancing(
      String choice,
      boolean follows,
      List<String> choices,
      String explanation,
      @Nullable String problem,
      double offered,
      int open,
      long answered,
      long lost,
      @Nullable String lastLost,
      long attempts,
      long failedAttempts,
      long withoutEndpoint) {}

  /**
   * One pod.
   *
   * @param phase what the cluster makes of it; null if it is not the demo's
   * @param share weight after all stages; null if the balancer does not know the pod
   * @param note why the balancer holds it back, or does not know it; null if it is in full use
   */
  record Row(
      String name,
      String address,
      String node,
      @Nullable String phase,
      boolean slow,
      int weight,
      @Nullable Double share,
      int inFlight,
      double latency,
      double rate,
      @Nullable String note) {}

  /** What stays the same from one moment to the next, or is remembered between them. */
  static final class Source {
    private static final int COLORS = 10;
    private static final int COLORS_KEPT = 64;

    private final Setup setup;
    private final Events events;
    private final String cluster;
    private final String namespace;
    private final String name;
    private final String selector;
    private final String ports;
    private final Map<String, Integer> colors = new LinkedHashMap<>();
    private int nextColor;

    Source(Setup setup, Events events, ServiceFacts facts) {
      this.setup = setup;
      this.events = events;
      this.cluster = setup.title();
      this.namespace = facts.namespace();
      this.name = facts.name();
      this.selector = facts.selector();
      this.ports = facts.ports();
    }

    /** Everything, now. */
    synchronized State now() {
      Application application = setup.application();
      Explanation explanation = application.balancer().explain();
      List<Meter.Sample> samples = setup.meter().samples();
      Map<String, Double> rates =
          samples.isEmpty() ? Map.of() : samples.get(samples.size() - 1).pods();
      Cluster own = setup.cluster();
      List<Row> rows = rows(explanation, own == null ? List.of() : own.pods(), rates);
      rows.forEach(row -> color(row.name(), rows));
      return new State(
          own != null,
          new ServiceInfo(
              cluster,
              namespace,
              name,
              selector,
              ports,
              own == null ? rows.size() : own.replicas()),
          controller(application.status()),
          balancing(application, explanation),
          rows,
          Map.copyOf(colors),
          events.latest());
    }

    /** The cluster's pods and, where it has none, those that the balancer knows. */
    private static List<Row> rows(
        Explanation explanation, List<Cluster.PodView> pods, Map<String, Double> rates) {
      Map<String, Explanation.Row> known = new LinkedHashMap<>();
      explanation.rows().forEach(row -> known.put(Application.podName(row.endpoint()), row));
      List<Row> rows = new ArrayList<>();
      for (Cluster.PodView pod : pods) {
        Explanation.Row row = known.remove(pod.name());
        rows.add(
            new Row(
                pod.name(),
                pod.address(),
                pod.node(),
                pod.phase().name(),
                pod.slow(),
                pod.weight(),
                row == null ? null : row.weight(),
                row == null ? 0 : row.inFlight(),
                row == null ? 0 : row.latencyNanos() / 1e6,
                rates.getOrDefault(pod.name(), 0.0),
                row == null ? "not published" : row.reason()));
      }
      known.forEach(
          (pod, row) ->
              rows.add(
                  new Row(
                      pod,
                      row.endpoint().authority(),
                      row.endpoint().node() == null ? "" : row.endpoint().node(),
                      null,
                      false,
                      row.endpoint().weight(),
                      row.weight(),
                      row.inFlight(),
                      row.latencyNanos() / 1e6,
                      rates.getOrDefault(pod, 0.0),
                      row.reason())));
      return rows;
    }

    /** Gives a new pod the next color that no other has; those gone keep theirs in the chart. */
    private void color(String pod, List<Row> present) {
      if (colors.containsKey(pod)) {
        return;
      }
      for (int tries = 0; tries < COLORS; tries++) {
        int color = nextColor;
        if (present.stream()
            .noneMatch(row -> Integer.valueOf(color).equals(colors.get(row.name())))) {
          break;
        }
        nextColor = (nextColor + 1) % COLORS;
      }
      colors.put(pod, nextColor);
      nextColor = (nextColor + 1) % COLORS;
      if (colors.size() > COLORS_KEPT) {
        colors
            .keySet()
            .removeIf(
                name ->
                    colors.size() > COLORS_KEPT
                        && present.stream().noneMatch(row -> row.name().equals(name)));
      }
    }

    private static Controller controller(KubernetesStatus status) {
      return new Controller(
          status.state().name(),
          status.detail(),
          millis(status.sinceHeard()),
          millis(status.sinceChange()),
          status.endpoints(),
          status.slices(),
          status.lists(),
          status.watches(),
          status.reconnects());
    }

    private static @Nullable Long millis(@Nullable Duration age) {
      return age == null ? null : age.toMillis();
    }

    private Balancing balancing(Application application, Explanation explanation) {
      BalancerStats stats = application.balancer().stats();
      Meter meter = setup.meter();
      long failures = 0;
      for (Outcome outcome : Outcome.values()) {
        failures += outcome.isFailure() ? stats.count(outcome) : 0;
      }
      return new Balancing(
          application.strategy(),
          application.follows(),
          Arrays.stream(Choice.values()).map(Choice::title).toList(),
          explanation.toString().lines().findFirst().orElse(""),
          explanation.problem(),
          setup.load().perSecond(),
          setup.load().open(),
          meter.answered(),
          meter.failed(),
          meter.lastFailure(),
          stats.begun(),
          failures,
          stats.withoutEndpoint());
    }
  }
}
