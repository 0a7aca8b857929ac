package io.steelyard.spring;

import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.config.ConfigException;
import io.steelyard.config.Fields;
import io.steelyard.config.PolicyFormat;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Reads strategy and stages as every written policy is read. */
final class PolicyProperties {
  private PolicyProperties() {}

  /**
   * Reads {@code <place>.strategy}.
   *
   * @throws ServiceConfigurationException for the first thing that is wrong
   */
  static Strategy strategy(String place, SteelyardProperties.Strategy strategy) {
    Written written = new Written();
    written.put("type", strategy.type());
    written.put("metric", strategy.metric());
    written.put("choices", strategy.choices());
    written.put("slot", strategy.slot());
    written.put("phase", strategy.phase());
    written.put("virtualNodes", strategy.virtualNodes());
    written.put("tableSize", strategy.tableSize());
    written.put("hash", strategy.hash());
    written.put("epsilon", strategy.epsilon());
    written.put("idle", strategy.idle());
    written.put("maximumSize", strategy.maximumSize());
    SteelyardProperties.Fallback fallback = strategy.fallback();
    if (fallback != null) {
      Written inner = new Written();
      inner.put("type", fallback.type());
      inner.put("metric", fallback.metric());
      inner.put("choices", fallback.choices());
      inner.put("slot", fallback.slot());
      inner.put("phase", fallback.phase());
      inner.put("virtualNodes", fallback.virtualNodes());
      inner.put("tableSize", fallback.tableSize());
      inner.put("hash", fallback.hash());
      inner.put("epsilon", fallback.epsilon());
      written.fields.put("fallback", inner.fields);
    }
    try {
      return PolicyFormat.strategy(Fields.of(place + ".strategy", written.fields));
    } catch (ConfigException e) {
      throw ServiceConfigurationException.of(place, e);
    }
  }

  /**
   * Reads {@code <place>.stages}.
   *
   * @throws ServiceConfigurationException for the first thing that is wrong
   */
  static List<Stage> stages(String place, SteelyardProperties.Stages stages) {
    Written written = new Written();
    written.put("maxInFlight", stages.maxInFlight());
    SteelyardProperties.Ejection ejection = stages.ejection();
    if (ejection != null) {
      Written inner = new Written();
      inner.put("failures", ejection.failures());
      inner.put("base", ejection.base());
      inner.put("most", ejection.most());
      inner.put("panicBelow", ejection.panicBelow());
      written.fields.put("ejection", inner.fields);
    }
    SteelyardProperties.Outliers outliers = stages.outliers();
    if (outliers != null) {
      Written inner = new Written();
      inner.put("requests", outliers.requests());
      inner.put("interval", outliers.interval());
      inner.put("base", outliers.base());
      inner.put("most", outliers.most());
      written.fields.put("outliers", inner.fields);
    }
    SteelyardProperties.Zone zone = stages.zone();
    if (zone != null) {
      Written inner = new Written();
      inner.put("name", zone.name());
      written.fields.put("zone", inner.fields);
    }
    SteelyardProperties.Subset subset = stages.subset();
    if (subset != null) {
      Written inner = new Written();
      inner.put("size", subset.size());
      inner.put("clients", subset.clients());
      written.fields.put("subset", inner.fields);
    }
    SteelyardProperties.SlowStart slowStart = stages.slowStart();
    if (slowStart != null) {
      Written inner = new Written();
      inner.put("window", slowStart.window());
      inner.put("aggression", slowStart.aggression());
      written.fields.put("slowStart", inner.fields);
    }
    try {
      return PolicyFormat.stages(Fields.of(place + ".stages", written.fields));
    } catch (ConfigException e) {
      throw ServiceConfigurationException.of(place, e);
    }
  }

  /** An object as it would be written down. */
  private static final class Written {
    final Map<String, Object> fields = new LinkedHashMap<>();

    void put(String name, @Nullable Object value) {
      if (value instanceof Duration duration) {
        fields.put(name, written(duration));
      } else if (value != null) {
        fields.put(name, value);
      }
    }

    /** {@code 1h2m3s4ms}; what cannot be written so is left as it is, and refused. */
    private static String written(Duration duration) {
      if (duration.isNegative() || duration.toNanosPart() % 1_000_000 != 0) {
        return duration.toString();
      }
      return duration.toHours()
          + "h"
          + duration.toMinutesPart()
          + "m"
          + duration.toSecondsPart()
          + "s"
          + duration.toMillisPart()
          + "ms";
    }
  }
}
