package io.steelyard.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
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
      medians and ratios. The regex is found in the names of what is measured: pick, keyed (a pick by
      a key whose hash is known), key (with hashing it), begin (to the verdict), call; all of them by
      default. Iterations are short, so that on a busy machine some of them have a core for
      themselves. With --peers other libraries' load balancers are measured in the same rounds.

      benchmarks/run churn [options]: how long picks take while lists change; see churn --help.

        --full             every n, 5 rounds, more iterations (hours for everything)
        --n LIST           numbers of endpoints (10,10000; with --full 10,100,1000,10000)
        --threads LIST     numbers of threads (1,2)
        --strategy LIST    strategies, by regular expression (all)
        --peers            other libraries too (fetches some 90 MB of them, once)
        --peer LIST        which of them, by regular expression (all)
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

  /**
   * For every measured JVM. A heap that has been touched: while the JVM takes up new pages, what an
   * operation allocates costs it a part of a page fault, 20 ns for 40 bytes, which a program that
   * has run for a minute does not pay. And no line for each balancer that is made.
   */
  private static final List<String> JVM_ARGS =
      List.of(
          "-Xms512m",
          "-Xmx512m",
          "-XX:+AlwaysPreTouch",
          "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");

  /** In the module of the peers. */
  private static final String PEERS = "io.steelyard.benchmarks.peers.Peers";

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
  private boolean withPeers;
  private List<String> peers = List.of(".*");

  private RunBenchmarks() {}

  /** See {@code --help}. */
  public static void main(String[] args) throws IOException, RunnerException {
    if (args.length > 0 && args[0].equals("churn")) {
      Churn.main(Arrays.copyOfRange(args, 1, args.length));
      return;
    }
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
        case "--peers" -> withPeers = true;
        case "--full" -> {
          sizes = List.of("10", "100", "1000", "10000");
          rounds = 5;
          warmup = 50;
          iterations = 100;
        }
        case "--n",
            "--threads",
            "--strategy",
            "--peer",
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
      case "--peer" -> peers = List.of(value.split(","));
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
    List<Part> parts = parts();
    int jvmsEach = parts.stream().mapToInt(Part::jvms).sum();
    int groups = rounds * threads.size() * sizes.size();
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
          for (Part part : parts) {
            ChainedOptionsBuilder options =
                new OptionsBuilder()
                    .include(part.include())
                    .param("n", n)
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
                        out.resolve(
                                "round%02d-threads%s-n%s-%s.json"
                                    .formatted(round, threadCount, n, part.name))
                            .toString())
                    .addProfiler(GCProfiler.class)
                    .jvmArgsAppend(
                        Stream.concat(JVM_ARGS.stream(), jvmArgs.stream()).toArray(String[]::new));
            part.params.forEach(
                (name, values) -> options.param(name, values.toArray(String[]::new)));
            new Runner(options.build()).run();
          }
        }
      }
    }
    System.err.printf(Locale.ROOT, "[%d s] done%n", (System.nanoTime() - began) / 1_000_000_000);
  }

  /** One run of JMH: methods that have the same parameters. */
  private record Part(
      String name, String type, List<String> methods, Map<String, List<String>> params) {
    int jvms() {
      return methods.size()
          * params.values().stream().mapToInt(List::size).reduce(1, (a, b) -> a * b);
    }

    String include() {
      return Pattern.quote(type) + "\\.(" + String.join("|", methods) + ")$";
    }
  }

  /** What is asked for: in each round the bare code first, then ours, then the peers. */
  private List<Part> parts() {
    List<String> operations = chosen(Report.OPERATIONS, List.of(regex));
    Map<String, List<String>> ours = new LinkedHashMap<>();
    for (String operation : operations) {
      List<String> all = new ArrayList<>();
      switch (operation) {
        case "pick" -> all.addAll(Subject.STRATEGIES);
        case "begin", "call" -> {
          all.addAll(Subject.STRATEGIES);
          all.addAll(Subject.UNTRACKED);
        }
        default -> all.addAll(Subject.HASHING);
      }
      List<String> chosen = chosen(all, strategies);
      if (!chosen.isEmpty()) {
        ours.put(operation, chosen);
      }
    }
    Map<String, List<String>> theirs = new LinkedHashMap<>();
    if (withPeers) {
      for (String operation : operations) {
        List<String> names = new ArrayList<>();
        for (PeerName name : PeerName.values()) {
          if (name.can(operation) && !chosen(List.of(name.name(), name.text()), peers).isEmpty()) {
            names.add(name.name());
          }
        }
        if (!names.isEmpty()) {
          theirs.put(operation, names);
        }
      }
    }
    if (ours.isEmpty() && theirs.isEmpty()) {
      throw new IllegalArgumentException("nothing to measure: " + regex + ", " + strategies);
    }
    Set<String> bare = new LinkedHashSet<>();
    ours.forEach(
        (operation, names) ->
            names.forEach(name -> bare.addAll(Report.baselines(operation, name))));
    theirs.forEach(
        (operation, names) ->
            names.forEach(
                name ->
                    bare.addAll(Report.baselines(operation, PeerName.valueOf(name).kind.ours))));
    List<Part> parts = new ArrayList<>();
    for (Class<?> type : List.of(Bare.class, BareKeyed.class)) {
      List<String> methods = new ArrayList<>(bare);
      methods.retainAll(
          Arrays.stream(type.getDeclaredMethods()).map(method -> method.getName()).toList());
      if (!methods.isEmpty()) {
        parts.add(new Part(type.getSimpleName(), type.getName(), methods, Map.of()));
      }
    }
    ours.forEach(
        (operation, names) ->
            parts.add(
                new Part(
                    "ours-" + operation,
                    Ours.class.getName(),
                    List.of(operation),
                    Map.of("strategy", names, "jvm", jvms))));
    theirs.forEach(
        (operation, names) ->
            parts.add(
                new Part(
                    "peers-" + operation,
                    PEERS,
                    List.of(operation),
                    Map.of("peerName", names, "jvm", jvms))));
    return parts;
  }

  private static List<String> chosen(List<String> from, List<String> regexes) {
    return from.stream()
        .filter(name -> regexes.stream().anyMatch(r -> Pattern.compile(r).matcher(name).find()))
        .toList();
  }
}
