package io.steelyard.benchmarks.simulation;

import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/** The command line of the simulator. */
public final class Simulate {
  private static final String USAGE =
      """
      usage: benchmarks/simulate [options] [scenario]

      Plays scenarios with the real balancer on virtual time, and with rules of other balancers
      written as strategies, and prints a table for each: medians over seeds (least–most).
      A latency is what a caller waited, for an answer or until it gave up; errors count as failed
      alone. Equal arguments print equal bytes.

        scenario           a regular expression, found in the names of scenarios (all)
        --strategy REGEX   only strategies in whose name it is found (all)
        --seeds N          how many runs, with the seeds 1 to N (5)
        --markdown         print what stands in docs/simulations.md
        --into FILE        the same, and put it between the marks in FILE:
                           benchmarks/simulate --into docs/simulations.md --svg docs/images
        --svg DIR          write pictures there
        --list             print the names of scenarios and strategies
        --help             this text
      """;

  private static final String BEGIN = "<!-- simulated -->";
  private static final String END = "<!-- end of what is simulated -->";

  private Pattern scenarios = Pattern.compile("");
  private Pattern strategies = Pattern.compile("");
  private int seeds = 5;
  private boolean markdown;
  private boolean list;
  private @Nullable Path svg;
  private @Nullable Path into;

  private final PrintStream out;
  private final PrintStream err;

  private Simulate(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.setProperty("org.slf4j.simpleLogger.log.io.steelyard", "off"); // they fail on purpose
    int code = run(args, System.out, System.err);
    if (code != 0) {
      System.exit(code);
    }
  }

  /** As {@link #main}; returns the exit code. */
  static int run(String[] args, PrintStream out, PrintStream err) {
    Simulate simulate = new Simulate(out, err);
    try {
      if (simulate.parse(args)) {
        simulate.play(args);
      } else {
        out.print(USAGE);
      }
      return 0;
    } catch (IllegalArgumentException e) {
      err.println(e.getMessage() + "\n\n" + USAGE);
      return 2;
    } catch (IOException e) {
      err.println("could not be written: " + e);
      return 1;
    }
  }

  /** Returns false where help is asked for. */
  private boolean parse(String[] args) {
    boolean named = false;
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      switch (option) {
        case "--help", "-h" -> {
          return false;
        }
        case "--markdown" -> markdown = true;
        case "--list" -> list = true;
        case "--strategy", "--seeds", "--svg", "--into" -> {
          if (++i == args.length) {
            throw new IllegalArgumentException(option + ": no value");
          }
          set(option, args[i]);
        }
        default -> {
          if (option.startsWith("-")) {
            throw new IllegalArgumentException("no such option: " + option);
          }
          if (named) {
            throw new IllegalArgumentException(
                "scenario: " + option + " (expected: one regular expression, as in 'even|sparse')");
          }
          scenarios = regex("scenario", option);
          named = true;
        }
      }
    }
    return true;
  }

  private void set(String option, String value) {
    switch (option) {
      case "--strategy" -> strategies = regex(option, value);
      case "--seeds" -> seeds = seeds(value);
      case "--into" -> {
        into = Path.of(value);
        markdown = true;
        if (!Files.isRegularFile(into)) {
          throw new IllegalArgumentException("--into: " + value + " (expected: a file)");
        }
      }
      default -> svg = Path.of(value);
    }
  }

  private static int seeds(String value) {
    try {
      int number = Integer.parseInt(value);
      if (number >= 1 && number <= 1_000) {
        return number;
      }
    } catch (NumberFormatException e) {
      // as below
    }
    throw new IllegalArgumentException("--seeds: " + value + " (expected: 1 to 1000)");
  }

  private static Pattern regex(String what, String value) {
    try {
      return Pattern.compile(value);
    } catch (PatternSyntaxException e) {
      throw new IllegalArgumentException(
          what + ": " + value + " (expected: a regular expression; " + e.getDescription() + ")");
    }
  }

  private void play(String[] args) throws IOException {
    List<Scenario> chosen =
        Scenarios.all().stream().filter(s -> scenarios.matcher(s.name).find()).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "scenario: " + scenarios + " (expected: found in one of " + Scenarios.all() + ")");
    }
    Map<Scenario, List<Contender>> contenders = new LinkedHashMap<>();
    for (Scenario scenario : chosen) {
      List<Contender> in =
          Contenders.in(scenario).stream()
              .filter(contender -> strategies.matcher(contender.name()).find())
              .toList();
      if (!in.isEmpty()) {
        contenders.put(scenario, in);
      }
    }
    if (contenders.isEmpty()) {
      throw new IllegalArgumentException(
          "--strategy: " + strategies + " (expected: found in a name that --list prints)");
    }
    if (list) {
      contenders.forEach((scenario, in) -> out.println(scenario + ": " + in));
      return;
    }
    StringBuilder text = new StringBuilder();
    if (markdown) {
      say("`" + commandLine(args) + "`\n\n", text);
    }
    long began = System.nanoTime();
    List<List<Summary>> played = new ArrayList<>();
    for (Map.Entry<Scenario, List<Contender>> entry : contenders.entrySet()) {
      List<Summary> summaries = new ArrayList<>();
      for (Contender contender : entry.getValue()) {
        summaries.add(Summary.of(entry.getKey(), contender, seeds));
      }
      say(Tables.of(summaries, markdown), text);
      played.add(summaries);
      err.printf(
          Locale.ROOT, "[%.1f s] %s%n", (System.nanoTime() - began) / 1e9, entry.getKey().name);
    }
    if (svg != null) {
      Plots.write(played, svg);
    }
    if (into != null) {
      replaceBetweenMarks(into, text.toString());
    }
  }

  private void say(String part, StringBuilder text) {
    out.print(part);
    out.flush();
    text.append(part);
  }

  private static void replaceBetweenMarks(Path file, String text) throws IOException {
    String before = Files.readString(file);
    int begin = before.indexOf(BEGIN);
    int end = before.indexOf(END);
    if (begin < 0 || end < begin) {
      throw new IllegalArgumentException(
          "--into: " + file + " (expected: the lines " + BEGIN + " and " + END + " in it)");
    }
    String head = before.substring(0, begin + BEGIN.length());
    Files.writeString(file, head + "\n\n" + text + before.substring(end));
  }

  /** What was typed, as far as it has to do with what is printed. */
  private static String commandLine(String[] args) {
    StringBuilder text = new StringBuilder("benchmarks/simulate");
    for (int i = 0; i < args.length; i++) {
      if (args[i].equals("--svg") || args[i].equals("--into")) {
        text.append(args[i].equals("--into") ? " --markdown" : "");
        i++;
      } else {
        text.append(' ').append(args[i].matches("[\\w.-]+") ? args[i] : "'" + args[i] + "'");
      }
    }
    return text.toString();
  }
}
