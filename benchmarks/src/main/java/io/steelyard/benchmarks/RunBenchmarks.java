package io.steelyard.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.format.ResultFormatType;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs the benchmarks in rounds and prints the {@link Report}.
 *
 * <p>A round measures everything once, each in a JVM of its own, the bare baselines right before
 * what is compared with them. On a machine that does other things too, forks spread over the whole
 * run and a median over rounds say more than the same number of forks in a row.
 */
public final class RunBenchmarks {
  private static final String USAGE =
      """
      usage: benchmarks/run [options] [regex]

      Measures what a request costs beside bare code that does the same, and prints a table of
      medians and ratios. The regex is found in the names of what is measured: pick, begin (to the
      verdict), call; all of them by default. Iterations are short, so that on a busy machine some
      of them have a core for themselves.

        --full             every n, 5 rounds, more iterations (hours for everything)
        --n LIST           numbers of endpoints (10,10000; with --full 10,100,1000,10000)
        --threads LIST     numbers of threads (1,2)
        --strategy LIST    strategies, by regular expression (all)
        --jvm LIST         alone (the JVM saw one strategy), mixed (it saw all) (alone,mixed)
        --rounds N         rounds: JVMs for each figure (3)
        --warmup N         iterations before measuring (25)
        --iterations N     iterations measured (30)
        --millis N         length of an iteration (20)
        --out DIR          where JMH's JSON goes, a file a round and group (target/jmh)
        --jvm-args ARGS    further arguments of the measured JVMs, separated by blanks
        --report           measure nothing; print the table of what is in DIR
        --help             this text

      JMH itself, with all its options: java -jar benchmarks/target/benchmarks.jar -h
      """;

  private String regex = "";
  private List<String> sizes = List.of("10", "10000");
  private List<String> threads = List.of("1", "2");
  private List<String> strategies = List.of(".*");
  private List<String> jvms = List.of("alone", "mixed");
  private int rounds = 3;
  private int warmup = 25;
  private int iterations = 30;
  private int millis = 20;
  private Path out = Path.of("target", "jmh");
  private List<String> jvmArgs = List.of();
  private boolean reportOnly;

  private RunBenchmarks() {}

  /** See {@code --help}. */
  public static void main(String[] args) throws IOException, RunnerException {
    RunBenchmarks run = new RunBenchmarks();
    try {
      if (!run.parse(args)) {
        System.out.print(USAGE);
        return;
      }
    } catch (IllegalArgumentException e) {
      System.err.println(e.getMessage() + "\n\n" + USAGE);
      System.exit(2);
    }
    if (!run.reportOnly) {
      run.measure();
    }
    System.out.print(Report.of(run.results()));
  }

  /** Returns false where help is asked for. */
  private boolean parse(String[] args) {
    for (int i = 0; i < args.length; i++) {
      String option = args[i];
      switch (option) {
        case "--help", "-h" -> {
          return false;
        }
        case "--report" -> reportOnly = true;
        case "--full" -> {
          sizes = List.of("10", "100", "1000", "10000");
          rounds = 5;
          warmup = 50;
          iterations = 100;
        }
        case "--n",
            "--threads",
            "--strategy",
            "--jvm",
            "--rounds",
            "--warmup",
            "--iterations",
            "--millis",
            "--out",
            "--jvm-args" -> {
          if (++i == args.length) {
            throw new IllegalArgumentException(option + ": no value");
          }
          set(option, args[i]);
        }
        default -> {
          if (option.startsWith("-")) {
            throw new IllegalArgumentException("no such option: " + option);
          }
          regex = option;
        }
      }
    }
    return true;
  }

  private void set(String option, String value) {
    switch (option) {
      case "--n" -> sizes = List.of(value.split(","));
      case "--threads" -> threads = List.of(value.split(","));
      case "--strategy" -> strategies = List.of(value.split(","));
      case "--jvm" -> jvms = List.of(value.split(","));
      case "--rounds" -> rounds = positive(option, value);
      case "--warmup" -> warmup = positive(option, value);
      case "--iterations" -> iterations = positive(option, value);
      case "--millis" -> millis = positive(option, value);
      case "--out" -> out = Path.of(value);
      default -> jvmArgs = List.of(value.trim().split(" +"));
    }
  }

  private static int positive(String option, String value) {
    int number = Integer.parseInt(value);
    if (number < 1) {
      throw new IllegalArgumentException(option + ": " + value + " (expected: 1 or more)");
    }
    return number;
  }

  private List<Path> results() throws IOException {
    List<Path> files = new ArrayList<>();
    try (var found = Files.newDirectoryStream(out, "*.json")) {
      found.forEach(files::add);
    }
    files.sort(null);
    return files;
  }

  private void measure() throws IOException, RunnerException {
    Files.createDirectories(out);
    for (Path old : results()) {
      Files.delete(old);
    }
    List<String> operations = chosen(List.of("pick", "begin", "call"), List.of(regex));
    List<String> chosen = chosen(Subject.STRATEGIES, strategies);
    if (operations.isEmpty() || chosen.isEmpty()) {
      throw new IllegalArgumentException("nothing to measure: " + regex + ", " + strategies);
    }
    List<String> bare = new ArrayList<>();
    if (operations.contains("pick")) {
      bare.addAll(List.of("counter", "two", "clock"));
      if (chosen.contains("leastConnections")) {
        bare.add("scan");
      }
    }
    if (operations.contains("begin") || operations.contains("call")) {
      bare.add("request");
      if (chosen.contains(Subject.UNTRACKED)) {
        bare.add("count");
      }
    }
    int groups = rounds * threads.size() * sizes.size();
    int jvmsEach = bare.size() + operations.size() * chosen.size() * jvms.size();
    int done = 0;
    long began = System.nanoTime();
    for (int round = 1; round <= rounds; round++) {
      for (String threadCount : threads) {
        for (String n : sizes) {
          System.err.printf(
              Locale.ROOT,
              "[%d s] round %d of %d, %s threads, n=%s: %d JVMs (group %d of %d)%n",
              (System.nanoTime() - began) / 1_000_000_000,
              round,
              rounds,
              threadCount,
              n,
              jvmsEach,
              ++done,
              groups);
          ChainedOptionsBuilder options =
              new OptionsBuilder()
                  .include(pattern(Bare.class, bare))
                  .include(pattern(Ours.class, operations))
                  .param("n", n)
                  .param("strategy", chosen.toArray(String[]::new))
                  .param("jvm", jvms.toArray(String[]::new))
                  .threads(Integer.parseInt(threadCount))
                  .forks(1)
                  .warmupIterations(warmup)
                  .warmupTime(TimeValue.milliseconds(millis))
                  .measurementIterations(iterations)
                  .measurementTime(TimeValue.milliseconds(millis))
                  .shouldFailOnError(true)
                  .verbosity(VerboseMode.SILENT)
                  .resultFormat(ResultFormatType.JSON)
                  .result(
                      out.resolve("round%02d-threads%s-n%s.json".formatted(round, threadCount, n))
                          .toString())
                  .addProfiler(GCProfiler.class)
                  .jvmArgsAppend(jvmArgs.toArray(String[]::new));
          new Runner(options.build()).run();
        }
      }
    }
    System.err.printf(Locale.ROOT, "[%d s] done%n", (System.nanoTime() - began) / 1_000_000_000);
  }

  private static List<String> chosen(List<String> from, List<String> regexes) {
    return from.stream()
        .filter(name -> regexes.stream().anyMatch(r -> Pattern.compile(r).matcher(name).find()))
        .toList();
  }

  private static String pattern(Class<?> type, List<String> methods) {
    return Pattern.quote(type.getName()) + "\\.(" + String.join("|", methods) + ")$";
  }
}
