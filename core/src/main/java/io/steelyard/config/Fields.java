package io.steelyard.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One object of a configuration, and where it stands in it. Every complaint names the place; what
 * nobody has asked for is a mistake, found by {@link #requireNoOthers}. All reading methods throw
 * {@link ConfigException}. Not thread-safe.
 */
public final class Fields {
  private static final Pattern DURATION = Pattern.compile("(?:[0-9]{1,5}(?:h|m|s|ms)){1,4}");
  private static final Pattern PART = Pattern.compile("([0-9]+)(ms|h|m|s)");

  private final String place;
  private final Map<?, ?> values;
  private final Set<String> asked = new HashSet<>();

  private Fields(String place, Map<?, ?> values) {
    this.place = place;
    this.values = values;
  }

  /** Reads this value as an object. */
  public static Fields of(String place, @Nullable Object value) {
    if (value instanceof Map<?, ?> map) {
      return new Fields(place, map);
    }
    throw new ConfigException(place, shown(value), "an object");
  }

  /** Where a field of this object stands. */
  public String at(String name) {
    return place + "." + name;
  }

  /** Whether a field stands there. */
  public boolean has(String name) {
    asked.add(name);
    return values.get(name) != null;
  }

  /**
   * Whether a field stands there, be it empty: for those that say something by being there, where
   * an empty one ({@code ejection:} in YAML) must not be taken for none.
   */
  boolean names(String name) {
    if (values.containsKey(name) && values.get(name) == null) {
      throw new ConfigException(at(name), "null", "a value, {} for an object of defaults");
    }
    return has(name);
  }

  private @Nullable Object get(String name) {
    asked.add(name);
    return values.get(name);
  }

  private static Object required(String at, @Nullable Object value, String expected) {
    if (value == null) {
      throw new ConfigException(at, "missing", expected);
    }
    return value;
  }

  /** A field that is an object. */
  public Fields object(String name) {
    return of(at(name), get(name));
  }

  /** A text that is one of the pattern's; null if there is none. */
  public @Nullable String text(String name, Pattern pattern, String expected) {
    Object value = get(name);
    if (value == null) {
      return null;
    }
    if (value instanceof String text && pattern.matcher(text).matches()) {
      return text;
    }
    throw new ConfigException(at(name), shown(value), expected);
  }

  /** One of a list of words. */
  public <E extends Enum<E>> E word(String name, Class<E> words) {
    String expected = "one of " + String.join(", ", names(words));
    Object value = required(at(name), get(name), expected);
    for (E word : words.getEnumConstants()) {
      if (word.name().equals(value)) {
        return word;
      }
    }
    throw new ConfigException(at(name), shown(value), expected);
  }

  /** As {@link #word(String, Class)}, or something else where it is left out. */
  public <E extends Enum<E>> E word(String name, Class<E> words, E otherwise) {
    return has(name) ? word(name, words) : otherwise;
  }

  private static <E extends Enum<E>> List<String> names(Class<E> words) {
    List<String> names = new ArrayList<>();
    for (E word : words.getEnumConstants()) {
      names.add(word.name());
    }
    return names;
  }

  /** A whole number. */
  public long number(String name, long least, long most) {
    String expected = most == Long.MAX_VALUE ? ">= " + least : least + " to " + most;
    Object value = required(at(name), get(name), expected);
    // A parser that knows only one kind of number gives whole ones as a double.
    if (value instanceof Integer
        || value instanceof Long
        || (value instanceof Double whole && whole == Math.rint(whole))) {
      long number = ((Number) value).longValue();
      if (number >= least && number <= most) {
        return number;
      }
      expected = number < least ? ">= " + least : "<= " + most;
    }
    throw new ConfigException(at(name), shown(value), expected);
  }

  /** As {@link #number(String, long, long)}, or something else where it is left out. */
  public int number(String name, int least, int most, int otherwise) {
    return has(name) ? (int) number(name, least, most) : otherwise;
  }

  /** A number that need not be whole, of a range that may leave out its lower end. */
  public double share(String name, double least, boolean above, double most, double otherwise) {
    if (!has(name)) {
      return otherwise;
    }
    Object value = get(name);
    if (value instanceof Number number) {
      double share = number.doubleValue();
      if ((above ? share > least : share >= least) && share <= most) {
        return share;
      }
    }
    String from = above ? "above " + plain(least) + ", at most " : plain(least) + " to ";
    throw new ConfigException(at(name), shown(value), from + plain(most));
  }

  private static String plain(double number) {
    return number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
  }

  /** A duration as Kubernetes writes them: hours, minutes, seconds, milliseconds. */
  public Duration duration(String name, Duration least, Duration most) {
    String expected = "a duration such as 500ms, 30s or 1m30s";
    Object value = required(at(name), get(name), expected);
    if (!(value instanceof String text) || !DURATION.matcher(text).matches()) {
      throw new ConfigException(at(name), shown(value), expected);
    }
    long millis = 0;
    Matcher parts = PART.matcher(text);
    while (parts.find()) {
      long count = Long.parseLong(parts.group(1));
      millis +=
          switch (parts.group(2)) {
            case "h" -> count * 3_600_000;
            case "m" -> count * 60_000;
            case "s" -> count * 1_000;
            default -> count;
          };
    }
    Duration duration = Duration.ofMillis(millis);
    if (duration.compareTo(least) < 0 || duration.compareTo(most) > 0) {
      throw new ConfigException(at(name), shown(value), written(least) + " to " + written(most));
    }
    return duration;
  }

  /** As {@link #duration(String, Duration, Duration)}, or something else where it is left out. */
  public Duration duration(String name, Duration least, Duration most, Duration otherwise) {
    return has(name) ? duration(name, least, most) : otherwise;
  }

  /** The same way round: {@code 24h}, {@code 1ms}. */
  private static String written(Duration duration) {
    long millis = duration.toMillis();
    if (millis % 3_600_000 == 0) {
      return millis / 3_600_000 + "h";
    }
    return millis % 1_000 == 0 ? millis / 1_000 + "s" : millis + "ms";
  }

  /** Labels by key, at least one; empty if there are none. */
  public Map<String, String> labels(String name) {
    if (!has(name)) {
      return Map.of();
    }
    String expected = "labels, at least one: key: value";
    if (!(get(name) instanceof Map<?, ?> map) || map.isEmpty()) {
      throw new ConfigException(at(name), shown(get(name)), expected);
    }
    Map<String, String> labels = new LinkedHashMap<>();
    map.forEach(
        (key, value) -> {
          if (!(key instanceof String k) || !(value instanceof String v)) {
            throw new ConfigException(at(name) + "." + key, shown(value), "a text");
          }
          labels.put(k, v);
        });
    return labels;
  }

  /** A list's elements; none if there is no list. */
  public List<?> list(String name) {
    Object value = get(name);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list) {
      return list;
    }
    throw new ConfigException(at(name), shown(value), "a list");
  }

  /** Complains of a field that stands there without its partner. */
  public void refuse(String name, String goesWith) {
    if (has(name)) {
      throw new ConfigException(at(name), shown(get(name)), "only with " + goesWith);
    }
  }

  /** Complains of fields that nobody has asked for. */
  public void requireNoOthers() {
    for (Map.Entry<?, ?> entry : values.entrySet()) {
      if (!(entry.getKey() instanceof String name) || !asked.contains(name)) {
        throw new ConfigException(
            place + "." + entry.getKey(),
            shown(entry.getValue()),
            "one of the fields " + String.join(", ", new TreeSet<>(asked)));
      }
    }
  }

  /** A value as complaints show it. */
  public static String shown(@Nullable Object value) {
    String text =
        value == null ? "missing" : value instanceof String s ? "\"" + s + "\"" : "" + value;
    return text.length() > 100 ? text.substring(0, 100) + "…" : text;
  }
}
