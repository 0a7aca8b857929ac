package io.steelyard.config;

import io.steelyard.Strategy;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;

/** Reads {@code strategy} and the fallback in it. */
final class StrategyReader {
  private static final Duration SHORTEST = Duration.ofMillis(1);
  private static final Duration YEAR = Duration.ofDays(365);

  /** The names of the strategies. */
  enum Type {
    RoundRobin,
    WeightedRoundRobin,
    TimedRoundRobin,
    LeastConnections,
    PowerOfTwo,
    PowerOfD,
    Adaptive,
    Random,
    RingHash,
    Maglev,
    Rendezvous,
    JumpHash,
    BoundedLoad,
    SessionAffinity
  }

  /** What may be in a session's stead. */
  enum Fallback {
    RoundRobin,
    WeightedRoundRobin,
    TimedRoundRobin,
    LeastConnections,
    PowerOfTwo,
    PowerOfD,
    Adaptive,
    Random,
    RingHash,
    Maglev,
    Rendezvous,
    JumpHash,
    BoundedLoad;

    Type type() {
      return Type.valueOf(name());
    }
  }

  enum Hash {
    RingHash,
    Maglev,
    Rendezvous
  }

  enum Metric {
    PeakEwma,
    InFlight
  }

  private StrategyReader() {}

  static Strategy read(Fields fields, Type type) {
    Strategy strategy = type == Type.SessionAffinity ? sessions(fields) : simple(fields, type);
    if (type != Type.SessionAffinity) {
      fields.refuse("idle", "SessionAffinity");
      fields.refuse("maximumSize", "SessionAffinity");
      fields.refuse("fallback", "SessionAffinity");
    }
    refuseOthers(fields, type);
    fields.requireNoOthers();
    return strategy;
  }

  private static Strategy sessions(Fields fields) {
    Duration idle = fields.duration("idle", SHORTEST, YEAR);
    long most = fields.number("maximumSize", 1, Long.MAX_VALUE);
    Strategy fallback = Strategies.powerOfTwo(LoadMetric.peakEwma());
    if (fields.has("fallback")) {
      Fields inner = fields.object("fallback");
      Type type = inner.word("type", Fallback.class).type();
      fallback = simple(inner, type);
      refuseOthers(inner, type);
      inner.requireNoOthers();
    }
    return Strategies.sessionAffinity(fallback, idle, most);
  }

  private static Strategy simple(Fields fields, Type type) {
    return switch (type) {
      case RoundRobin -> Strategies.roundRobin();
      case WeightedRoundRobin -> Strategies.weightedRoundRobin();
      case TimedRoundRobin -> timed(fields);
      case LeastConnections -> Strategies.leastConnections();
      case PowerOfTwo -> Strategies.powerOfTwo(metric(fields));
      case PowerOfD -> Strategies.powerOf((int) fields.number("choices", 2, 8), metric(fields));
      case Adaptive -> Strategies.adaptive();
      case Random -> Strategies.random();
      case RingHash, Maglev, Rendezvous -> hash(fields, Hash.valueOf(type.name()));
      case JumpHash -> Strategies.jumpHash();
      case BoundedLoad ->
          Strategies.boundedLoad(
              hash(fields, fields.word("hash", Hash.class, Hash.RingHash)),
              fields.share("epsilon", 0, true, 1_000, 0.25));
      case SessionAffinity ->
          throw new ConfigException(fields.at("type"), type, "no sessions within sessions");
    };
  }

  private static LoadMetric metric(Fields fields) {
    return fields.word("metric", Metric.class, Metric.PeakEwma) == Metric.PeakEwma
        ? LoadMetric.peakEwma()
        : LoadMetric.inFlight();
  }

  private static Strategy timed(Fields fields) {
    Duration slot = fields.duration("slot", SHORTEST, Duration.ofDays(1));
    return fields.has("phase")
        ? Strategies.timedRoundRobin(slot, fields.duration("phase", Duration.ZERO, YEAR))
        : Strategies.timedRoundRobin(slot);
  }

  private static Strategy hash(Fields fields, Hash hash) {
    return switch (hash) {
      case RingHash -> {
        fields.refuse("tableSize", "Maglev");
        yield Strategies.ringHash(fields.number("virtualNodes", 1, 10_000, 100));
      }
      case Maglev -> {
        fields.refuse("virtualNodes", "RingHash");
        if (!fields.has("tableSize")) {
          yield Strategies.maglev();
        }
        int size = (int) fields.number("tableSize", 3, 16_777_213);
        try {
          yield Strategies.maglev(size);
        } catch (IllegalArgumentException e) {
          throw new ConfigException(fields.at("tableSize"), size, "a prime");
        }
      }
      case Rendezvous -> {
        fields.refuse("virtualNodes", "RingHash");
        fields.refuse("tableSize", "Maglev");
        yield Strategies.rendezvous();
      }
    };
  }

  /** Complains of parameters that belong to another strategy: they would do nothing. */
  private static void refuseOthers(Fields fields, Type type) {
    if (type != Type.TimedRoundRobin) {
      fields.refuse("slot", "TimedRoundRobin");
      fields.refuse("phase", "TimedRoundRobin");
    }
    if (type != Type.PowerOfTwo && type != Type.PowerOfD) {
      fields.refuse("metric", "PowerOfTwo or PowerOfD");
    }
    if (type != Type.PowerOfD) {
      fields.refuse("choices", "PowerOfD");
    }
    if (type != Type.BoundedLoad) {
      fields.refuse("hash", "BoundedLoad");
      fields.refuse("epsilon", "BoundedLoad");
      if (type != Type.RingHash) {
        fields.refuse("virtualNodes", "RingHash");
      }
      if (type != Type.Maglev) {
        fields.refuse("tableSize", "Maglev");
      }
    }
  }
}
