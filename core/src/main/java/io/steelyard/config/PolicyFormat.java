package io.steelyard.config;

import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.stage.Stages;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;

/**
 * The written form of a policy.
 *
 * <pre>{@code
 * strategy:
 *   type: PowerOfTwo        # Adaptive, RoundRobin, WeightedRoundRobin, TimedRoundRobin,
 *   metric: PeakEwma        # LeastConnections, PowerOfD, Random, RingHash, Maglev, Rendezvous,
 * stages:                   # JumpHash, BoundedLoad, SessionAffinity
 *   ejection: {failures: 5, base: 5s, most: 5m, panicBelow: 0.5}
 *   outliers: {requests: 100, interval: 10s, base: 30s, most: 5m}
 *   zone: {name: eu-1a}
 *   subset: {size: 20}      # or {clients: 300}
 *   slowStart: {window: 30s, aggression: 1}
 *   maxInFlight: 100
 * }</pre>
 *
 * <p>Durations are written as {@code 500ms}, {@code 30s} or {@code 1m30s}. What is left out has the
 * default of {@link io.steelyard.strategy.Strategies} and {@link Stages}; what nobody knows, or
 * would do nothing where it stands, is refused with its place. Thread-safe.
 *
 * <p>It reads what any parser of YAML or JSON makes of a text (maps, lists, strings, numbers):
 *
 * <pre>{@code
 * Fields fields = Fields.of("policy", tree);
 * LoadBalancingPolicy policy = PolicyFormat.policy(fields, LoadBalancingPolicy.standard());
 * fields.requireNoOthers();
 * balancer.apply(policy);
 * }</pre>
 */
public final class PolicyFormat {
  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration YEAR = Duration.ofDays(365);
  private static final Pattern NOT_BLANK = Pattern.compile(".*\\S.*");

  private PolicyFormat() {}

  /**
   * Reads {@code strategy} and {@code stages}; the caller asks for what else may stand there and
   * then {@link Fields#requireNoOthers}.
   *
   * @param otherwise gives what is left out: {@link LoadBalancingPolicy#standard()}, or what the
   *     balancer was built with. Its policy in force would keep what an earlier text had set
   * @throws ConfigException for the first thing that is wrong
   */
  public static LoadBalancingPolicy policy(Fields fields, LoadBalancingPolicy otherwise) {
    Strategy strategy =
        fields.has("strategy") ? strategy(fields.object("strategy")) : otherwise.strategy();
    List<Stage> stages =
        fields.has("stages") ? stages(fields.object("stages")) : otherwise.stages();
    return new LoadBalancingPolicy(stages, strategy);
  }

  /**
   * Reads a strategy: {@code type} and its parameters. Further fields are for the caller to ask for
   * before.
   *
   * @throws ConfigException for the first thing that is wrong
   */
  public static Strategy strategy(Fields fields) {
    return StrategyReader.read(fields, fields.word("type", StrategyReader.Type.class));
  }

  /**
   * Reads stages; they come in the order ejection, outliers, zone, subset, slow start, cap, however
   * they are written.
   *
   * @throws ConfigException for the first thing that is wrong
   */
  public static List<Stage> stages(Fields fields) {
    List<Stage> stages = new ArrayList<>();
    if (fields.names("ejection")) {
      stages.add(ejection(fields.object("ejection")));
    }
    if (fields.names("outliers")) {
      stages.add(outliers(fields.object("outliers")));
    }
    if (fields.names("zone")) {
      stages.add(zone(fields.object("zone")));
    }
    if (fields.names("subset")) {
      stages.add(subset(fields.object("subset")));
    }
    if (fields.names("slowStart")) {
      stages.add(slowStart(fields.object("slowStart")));
    }
    if (fields.names("maxInFlight")) {
      stages.add(Stages.maxInFlight((int) fields.number("maxInFlight", 1, Integer.MAX_VALUE)));
    }
    fields.requireNoOthers();
    return stages;
  }

  private static Stage ejection(Fields fields) {
    int failures = fields.number("failures", 1, 65_535, 5);
    Duration base = fields.duration("base", SHORTEST, YEAR, Duration.ofSeconds(5));
    Duration most = fields.duration("most", base, YEAR, Duration.ofMinutes(5));
    double panicBelow = fields.share("panicBelow", 0, false, 1, 0.5);
    fields.requireNoOthers();
    requireBase(fields, base, most);
    Stage ejection = Stages.ejection(failures, base, most);
    return panicBelow == 0 ? ejection : ejection.panicBelow(panicBelow);
  }

  private static Stage outliers(Fields fields) {
    int requests = fields.number("requests", 2, Integer.MAX_VALUE, 100);
    Duration interval =
        fields.duration(
            "interval", Duration.ofMillis(100), Duration.ofDays(1), Duration.ofSeconds(10));
    Duration base = fields.duration("base", SHORTEST, YEAR, Duration.ofSeconds(30));
    Duration most = fields.duration("most", base, YEAR, Duration.ofMinutes(5));
    fields.requireNoOthers();
    requireBase(fields, base, most);
    return Stages.outliers(requests, interval, base, most);
  }

  private static Stage zone(Fields fields) {
    String name = fields.text("name", NOT_BLANK, "the zone's name");
    fields.requireNoOthers();
    if (name == null) {
      throw new ConfigException(fields.at("name"), "missing", "the zone's name");
    }
    return Stages.zone(name);
  }

  /** By a number that each balancer draws: who wrote it may have written it for all clients. */
  private static Stage subset(Fields fields) {
    boolean among = fields.has("clients");
    if (among) {
      fields.refuse("size", "no clients, which it follows from");
    } else if (!fields.has("size")) {
      throw new ConfigException(fields.at("size"), "missing", "size, or clients");
    }
    int number = (int) fields.number(among ? "clients" : "size", 1, Integer.MAX_VALUE);
    fields.requireNoOthers();
    return among ? Stages.subsetAmong(number) : Stages.subset(number);
  }

  private static Stage slowStart(Fields fields) {
    Duration window = fields.duration("window", Duration.ofMillis(1_001), Duration.ofDays(1));
    double aggression = fields.share("aggression", 0, true, 100, 1);
    fields.requireNoOthers();
    return Stages.slowStart(window, aggression);
  }

  private static void requireBase(Fields fields, Duration base, Duration most) {
    if (most.compareTo(base) < 0) {
      throw new ConfigException(
          fields.at("base"), base.toMillis() + "ms", "at most 5m, which most is by default");
    }
  }
}
