package io.steelyard.kubernetes.internal.policy;

import io.steelyard.Endpoint;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.config.ConfigException;
import io.steelyard.config.Fields;
import io.steelyard.config.PolicyFormat;
import io.steelyard.kubernetes.internal.Check;
import io.steelyard.strategy.Strategies;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the {@code spec} of a policy as it came from the API server: plain maps, lists, texts and
 * numbers, so that whatever stands there can be answered with its place.
 *
 * <p>The API server has checked most of it already. But an older definition of the resource may
 * allow more than this library knows, and one that checks nothing is easily made.
 */
final class PolicyReader {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern NAME = Pattern.compile("(?s).{1,63}");
  private static final Pattern ANY = Pattern.compile("(?s).+");

  private PolicyReader() {}

  /**
   * Reads whom it is for alone, so that something can be said to those even if the rest is wrong.
   *
   * @throws ConfigException if that is wrong itself
   */
  static Target target(@Nullable Object spec) {
    return target(Fields.of("spec", spec));
  }

  /**
   * Reads all of it.
   *
   * @param podsReadable whether weights may go by labels of pods
   * @throws ConfigException for the first thing that is wrong
   */
  static PolicySpec read(@Nullable Object value, boolean podsReadable) {
    Fields spec = Fields.of("spec", value);
    Target target = target(spec);
    Fields fields = spec.object("strategy");
    String name = fields.text("name", NAME, "a text of 1 to 63 characters");
    Integer weight = fields.has("weight") ? (Integer) weight(fields) : null;
    Strategy strategy = PolicyFormat.strategy(fields);
    List<PolicySpec.Rule> rules = rules(spec, podsReadable);
    if (strategy.equals(Strategies.roundRobin()) && (weight != null || !rules.isEmpty())) {
      throw new ConfigException(
          weight != null ? fields.at("weight") : spec.at("weights"),
          weight != null ? weight : rules.size() + " rules",
          "none with RoundRobin, which gives equal turns; WeightedRoundRobin goes by weight");
    }
    List<Stage> stages = spec.has("stages") ? PolicyFormat.stages(spec.object("stages")) : null;
    spec.requireNoOthers();
    return new PolicySpec(target, strategy, name, weight, rules, stages);
  }

  private static Target target(Fields spec) {
    String service = spec.text("service", LABEL, "the name of a Service");
    Map<String, String> labels = Map.of();
    if (spec.has("selector")) {
      Fields selector = spec.object("selector");
      labels = labels(selector, "matchLabels");
      selector.requireNoOthers();
      if (labels.isEmpty()) {
        throw new ConfigException(selector.at("matchLabels"), "missing", "at least one label");
      }
    }
    if ((service == null) == labels.isEmpty()) {
      throw new ConfigException(
          "spec", service == null ? "neither" : "both", "one of service and selector");
    }
    Set<String> ports = new TreeSet<>();
    List<?> list = spec.list("ports");
    for (int i = 0; i < list.size(); i++) {
      ports.add(port(spec.at("ports") + "[" + i + "]", list.get(i)));
    }
    return new Target(service, labels, ports);
  }

  /** The API server answers a selector of others with a 400 that names neither policy nor place. */
  private static Map<String, String> labels(Fields fields, String name) {
    Map<String, String> labels = fields.labels(name);
    labels.forEach(
        (key, value) -> {
          if (!Check.isKey(key)) {
            throw new ConfigException(
                fields.at(name),
                Fields.shown(key),
                "a label's key such as track or example.com/track");
          }
          if (!Check.isLabelValue(value)) {
            throw new ConfigException(
                fields.at(name) + "." + key,
                Fields.shown(value),
                "a label's value: letters, digits, -, _ and ., at most 63, none of the three at"
                    + " either end");
          }
        });
    return labels;
  }

  private static String port(String place, @Nullable Object value) {
    if (value instanceof Integer number && number >= 1 && number <= 65_535) {
      return number.toString();
    }
    if (value instanceof String text && LABEL.matcher(text).matches()) {
      return text;
    }
    throw new ConfigException(place, Fields.shown(value), "a port's name, or 1 to 65535");
  }

  private static int weight(Fields fields) {
    return (int) fields.number("weight", 0, Endpoint.MAX_WEIGHT);
  }

  private static List<PolicySpec.Rule> rules(Fields spec, boolean podsReadable) {
    List<PolicySpec.Rule> rules = new ArrayList<>();
    List<?> list = spec.list("weights");
    for (int i = 0; i < list.size(); i++) {
      Fields fields = Fields.of(spec.at("weights") + "[" + i + "]", list.get(i));
      Map<String, String> labels = labels(fields, "podLabels");
      String zone = fields.text("zone", ANY, "the name of a zone");
      if (labels.isEmpty() && zone == null) {
        throw new ConfigException(
            fields.at("podLabels"),
            "missing",
            "podLabels, zone or both; strategy.weight is for all");
      }
      if (!labels.isEmpty() && !podsReadable) {
        throw new ConfigException(
            fields.at("podLabels"),
            labels,
            "KubernetesPolicies.readPods() in this program, and the right to list and watch pods");
      }
      rules.add(new PolicySpec.Rule(labels, zone, weight(fields)));
      fields.requireNoOthers();
    }
    return rules;
  }
}
