package io.steelyard.benchmarks.simulation;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
        --svg DIR          write pictures there
        --list             print the names of scenarios and strategies
        --help             this text
      """;

  private Pattern scenarios = Pattern.compile("");
  private Pattern strategies = Pattern.compile("");
  private int seeds = 5;
  private boolean markdown;
  private boolean list;
  private @Nullable Path svg;

  private Simulate() {}

  /** See {@code --help}. */
  public static void main(String[] args) {
    System.setProperty("org.slf4j.simpleLogger.log.io.steelyard", "off"); // they fail on purpose
    Simulate simulate = new Simulate();
    try {
      if (!simulate.parse(args)) {
        System.out.print(USAGE);
        return;
      }
      simulate.run();
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n\n" + USAGE);
      System.exit(2);
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
        case "--strategy", "--seeds", "--svg" -> {
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

  private void run() {
    List<Scenario> chosen =
        Scenarios.all().stream().filter(s -> scenarios.matcher(s.name).find()).toList();
    if (chosen.isEmpty()) {
      throw new IllegalArgumentException(
          "scenario: " + scenarios + " (expected: found in one of " + Scenarios.all() + ")");
    }
    long began = System.nanoTime();
    boolean any = false;
    for (Scenario scenario : chosen) {
      List<Contender> contenders =
          Contenders.in(scenario).stream()
              .filter(c -> strategies.matcher(c.name()).find())
              .toList();
      if (list) {
        System.out.println(scenario.name + ": " + contenders);
      }
      any |= !contenders.isEmpty();
      if (list || contenders.isEmpty()) {
        continue;
      }
      List<Summary> summaries = new ArrayList<>();
      for (Contender contender : contenders) {
        summaries.add(Summary.of(scenario, contender, seeds));
      }
      System.out.print(Tables.of(summaries, markdown));
      System.out.flush();
      System.err.printf(
          Locale.ROOT, "[%.1f s] %s%n", (System.nanoTime() - began) / 1e9, scenario.name);
    }
    if (!any) {
      throw new IllegalArgumentException(
          "--strategy: " + strategies + " (expected: found in a name that --list prints)");
    }
  }
}
