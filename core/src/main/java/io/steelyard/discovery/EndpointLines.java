package io.steelyard.discovery;

import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Endpoints written down, one a line; see {@link Discoveries#file}.
 *
 * @param endpoints those of the lines that can be read, in their order, ids unique
 * @param problems what is wrong with the others, with the number of the line
 */
record EndpointLines(List<Endpoint> endpoints, List<String> problems) {
  private static final Pattern COMMENT = Pattern.compile("(^|\\s)#.*");
  private static final Pattern SPACE = Pattern.compile("\\s+");
  private static final int LONGEST = 200;
  private static final int MOST_TOLD = 10;
  private static final String KEYS = "weight, zone, node, id, draining";

  /** Reads a whole file. A line that is wrong is left out alone. */
  static EndpointLines read(String text) {
    Map<String, Endpoint> endpoints = new LinkedHashMap<>();
    Map<String, Integer> lineOf = new LinkedHashMap<>();
    List<String> problems = new ArrayList<>();
    int number = 0;
    for (String line : text.lines().toList()) {
      number++;
      String said = COMMENT.matcher(number == 1 ? withoutMark(line) : line).replaceAll("").strip();
      if (said.isEmpty()) {
        continue;
      }
      try {
        Endpoint endpoint = endpoint(said);
        Integer before = lineOf.putIfAbsent(endpoint.id(), number);
        if (before != null) {
          throw new IllegalArgumentException(
              "id " + endpoint.id() + " is that of line " + before + " (expected: unique ids)");
        }
        endpoints.put(endpoint.id(), endpoint);
      } catch (IllegalArgumentException e) {
        problems.add("line " + number + ": " + cut(String.valueOf(e.getMessage())));
      }
    }
    return new EndpointLines(List.copyOf(endpoints.values()), problems);
  }

  /** A line of the wrong file may be a megabyte. */
  private static String cut(String text) {
    return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
  }

  /** Some editors begin a file with a byte order mark. */
  private static String withoutMark(String line) {
    return line.startsWith("\uFEFF") ? line.substring(1) : line;
  }

  private static Endpoint endpoint(String line) {
    String[] words = SPACE.split(line, -1);
    Endpoint plain = Endpoint.parse(words[0]);
    Map<String, String> settings = new LinkedHashMap<>();
    for (int i = 1; i < words.length; i++) {
      int equals = words[i].indexOf('=');
      if (equals < 1 || equals == words[i].length() - 1) {
        throw new IllegalArgumentException("\"" + words[i] + "\" (expected: key=value)");
      }
      String key = words[i].substring(0, equals);
      if (settings.put(key, words[i].substring(equals + 1)) != null) {
        throw new IllegalArgumentException(key + " is given twice (expected: once)");
      }
    }
    Endpoint.Builder builder =
        Endpoint.builder(settings.getOrDefault("id", plain.id()))
            .host(plain.host())
            .port(plain.port());
    settings.forEach((key, value) -> set(builder, key, value));
    return builder.build();
  }

  private static void set(Endpoint.Builder builder, String key, String value) {
    switch (key) {
      case "id" -> {}
      case "weight" -> builder.weight(weight(value));
      case "zone" -> builder.zone(value);
      case "node" -> builder.node(value);
      case "draining" -> builder.draining(truth(value));
      default ->
          throw new IllegalArgumentException(
              "\"" + key + "=" + value + "\" (expected: one of " + KEYS + ")");
    }
  }

  private static int weight(String value) {
    try {
      int weight = Integer.parseInt(value);
      if (weight >= 0 && weight <= Endpoint.MAX_WEIGHT) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // Then it is none.
    }
    throw new IllegalArgumentException(
        "weight: " + value + " (expected: 0 to " + Endpoint.MAX_WEIGHT + ")");
  }

  private static boolean truth(String value) {
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default ->
          throw new IllegalArgumentException("draining: " + value + " (expected: true or false)");
    };
  }

  /** Says what is wrong, the first few of it. */
  String complaint() {
    int shown = Math.min(3, problems.size());
    return String.join("; ", problems.subList(0, shown))
        + (problems.size() > shown ? "; and " + (problems.size() - shown) + " more" : "");
  }

  /** The problems that are new since then: the first few, and how many more there are. */
  List<String> newSince(List<String> told) {
    Set<String> before = new HashSet<>(told);
    List<String> fresh = problems.stream().filter(problem -> !before.contains(problem)).toList();
    if (fresh.size() <= MOST_TOLD) {
      return fresh;
    }
    List<String> few = new ArrayList<>(fresh.subList(0, MOST_TOLD));
    few.add("and " + (fresh.size() - MOST_TOLD) + " more");
    return few;
  }
}
