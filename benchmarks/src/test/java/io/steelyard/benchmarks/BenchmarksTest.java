package io.steelyard.benchmarks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Every benchmark runs; what it measures here means nothing. */
class BenchmarksTest {
  @BeforeAll
  static void otherJmhRunsDoNotMatterHere() {
    System.setProperty("jmh.ignoreLock", "true");
  }

  @Test
  void everyBenchmarkRunsWithEveryStrategy() throws Exception {
    int strategies = Subject.STRATEGIES.size() + Subject.UNTRACKED.size();
    List<String> all = new ArrayList<>(Subject.STRATEGIES);
    all.addAll(Subject.UNTRACKED);

    assertThat(run("(Bare|Ours)\\.(?!key)", "alone", all)).hasSize(6 + 3 * strategies);
  }

  @Test
  void everyKeyedBenchmarkRunsWithEveryHashingStrategy() throws Exception {
    assertThat(run("(BareKeyed\\.|Ours\\.key)", "alone", Subject.HASHING))
        .hasSize(7 + 2 * Subject.HASHING.size());
  }

  @Test
  void everyBenchmarkRunsInAJvmThatSawAllStrategies() throws Exception {
    assertThat(run("Ours\\.", "mixed", List.of("weightedRoundRobin"))).hasSize(5);
  }

  private static Collection<RunResult> run(String methods, String jvm, List<String> strategies)
      throws Exception {
    return new Runner(
            new OptionsBuilder()
                .include("io\\.steelyard\\.benchmarks\\." + methods)
                .param("n", "10")
                .param("jvm", jvm)
                .param("strategy", strategies.toArray(String[]::new))
                .threads(2)
                .forks(0)
                .warmupIterations(0)
                .measurementIterations(1)
                .measurementTime(TimeValue.milliseconds(5))
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build())
        .run();
  }

  @Test
  void tellsMediansRatiosAndTargets() {
    String table =
        Report.of(
            "["
                + result("Bare.counter", 10, "", "[[4.0, 100.0, 4.0], [3.0, 5.0, 5.0], [6.0]]", 0)
                + ","
                + result("Ours.pick", 10, "roundRobin", "[[10.0], [7.0], [1000.0]]", 0.001)
                + ","
                + result("Ours.begin", 10, "roundRobin", "[[80.0]]", 56)
                + "]");

    // By fork the medians are 4, 5 and 6 beside 10, 7 and 1000; the least is 3 beside 7.
    assertThat(table)
        .containsPattern("counter +10 +1 +5\\.0 +3\\.0 +3\n")
        .containsPattern(
            "roundRobin +10 +1 alone +10\\.0 +7\\.0 +2\\.00 +2\\.33 +counter +0\\.0 .*\n")
        .containsPattern("roundRobin +10 +1 alone +80\\.0 +80\\.0 +- +- +request +56\\.0! .*\n")
        .contains(
            """
            pick roundRobin, alone, over bare counter <= 1.15
              FAIL 0 of 1; median 2.00, worst 2.00 (alone, 1 thread, n=10)
              FAIL 0 of 1; median 2.33, worst 2.33 (alone, 1 thread, n=10)
            bytes a pick <= 0
              pass 1 of 1; median 0.0, worst 0.0 (pick roundRobin, alone, 1 thread, n=10)
            bytes a request <= 48
              FAIL 0 of 1; median 56.0, worst 56.0 (begin roundRobin, alone, 1 thread, n=10)
            """)
        .doesNotContain("powerOfTwo");
  }

  @Test
  void comparesWithTheFastestPeerOfTheKind() {
    String table =
        Report.of(
            "["
                + result("Bare.counter", 10, "", "[[4.0]]", 0)
                + ","
                + result("Ours.pick", 10, "roundRobin", "[[6.0]]", 0.001)
                + ","
                + peer("ARMERIA_ROUND_ROBIN", "[[8.0]]")
                + ","
                + peer("SPRING_ROUND_ROBIN", "[[100.0]]")
                + ","
                + peer("GRPC_STATIC_STRIDE", "[[1.0]]")
                + "]");

    assertThat(table)
        .containsPattern(
            "roundRobin .* 1\\.50 +1\\.50 +counter .* 0\\.75 +0\\.75 +Armeria round robin\n")
        .containsPattern("  Armeria round robin .* 2\\.00 +2\\.00 +counter +12\\.0 .*\n");
  }

  @Test
  void tellsWhatTwoThreadsDo() {
    String one = result("Ours.pick", 10, "random", "[[6.0]]", 0.001);
    String two = one.replace("\"threads\": 1", "\"threads\": 2").replace("6.0", "8.0");

    assertThat(Report.of("[" + one + "," + two + "]"))
        .containsPattern("random +10 +2 .* 1\\.50\n")
        .containsPattern("two threads do >= 1\\.8 .*\n +FAIL 0 of 1; median 1\\.33");
  }

  @Test
  void comparesCallWithBegin() {
    String begin = result("Ours.begin", 10, "random", "[[50.0]]", 40);
    String call = result("Ours.call", 10, "random", "[[60.0]]", 40);

    assertThat(Report.of("[" + begin + "," + call + "]"))
        .containsPattern("call over begin to verdict <= 1\\.1\n +FAIL 0 of 1; median 1\\.20");
  }

  @Test
  void marksWhatAllocatesTooMuch() {
    assertThat(Report.of("[" + result("Ours.pick", 10, "random", "[[6.0]]", 24) + "]"))
        .containsPattern("random .* 24\\.0!");
  }

  @Test
  void measuresPicksWhileListsChange() {
    String table = Churn.run(30, 0.2, List.of("roundRobin"));

    assertThat(table)
        .containsPattern("roundRobin +30 at rest +[1-9][0-9]* +0\\.0 ")
        .containsPattern("roundRobin +30 another's +[1-9][0-9]* +[1-9][0-9.]* ")
        .containsPattern("roundRobin +30 its own +[1-9][0-9]* +[1-9][0-9.]* ");
  }

  @Test
  void takesResultsOfSeveralFilesTogether() {
    String once = result("Bare.two", 100, "", "[[3.0]]", 0);
    String again = result("Bare.two", 100, "", "[[5.0]]", 0);

    assertThat(Report.of("[" + once + "," + again + "]"))
        .containsPattern("two +100 +1 +4\\.0 +3\\.0 +2\n");
  }

  @Test
  void readsJson() {
    assertThat(Json.parse(" { \"a\\n\\u0041\" : [ 1, -2.5E-3, \"\" , true, null ], \"b\": {} } "))
        .isEqualTo(
            Map.of("a\nA", java.util.Arrays.asList(1.0, -0.0025, "", true, null), "b", Map.of()));
    assertThat(Json.parse("[]")).isEqualTo(List.of());
    assertThatThrownBy(() -> Json.parse("[1, oops]")).hasMessage("JSON: at 4 (expected: a value)");
    assertThatThrownBy(() -> Json.parse("[1")).hasMessage("JSON: at 2 (expected: more)");
    assertThatThrownBy(() -> Json.parse("[1] 2")).hasMessage("JSON: at 4 (expected: the end)");
  }

  private static String peer(String name, String raw) {
    return result("Ours.pick", 10, name, raw, 12).replace("strategy", "peerName");
  }

  private static String result(String name, int n, String strategy, String raw, double bytes) {
    String ours =
        strategy.isEmpty() ? "" : ", \"strategy\": \"" + strategy + "\", \"jvm\": \"alone\"";
    return """
        {"jmhVersion": "1.37", "benchmark": "io.steelyard.benchmarks.%s", "mode": "avgt",
         "threads": 1, "forks": 1, "params": {"n": "%d"%s},
         "primaryMetric": {"score": 1.0, "scoreError": "NaN", "scoreUnit": "ns/op", "rawData": %s},
         "secondaryMetrics": {"gc.alloc.rate.norm": {"score": 1.0, "rawData": [[%s]]}}}"""
        .formatted(name, n, ours, raw, bytes);
  }
}
