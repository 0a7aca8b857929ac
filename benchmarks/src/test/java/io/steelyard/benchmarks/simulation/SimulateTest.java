package io.steelyard.benchmarks.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command line, and that equal arguments give equal bytes. */
class SimulateTest {
  private record Said(int code, String out, String err) {}

  private static Said simulate(String... args) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    int code =
        Simulate.run(
            args,
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(err, true, StandardCharsets.UTF_8));
    return new Said(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  @Test
  void equalArgumentsPrintEqualBytes(@TempDir Path once, @TempDir Path again) throws Exception {
    String[] args = {"black-hole|cold-start", "--strategy", "peakEwma|Dialogue", "--seeds", "2"};
    Said first =
        simulate(
            Stream.concat(Stream.of(args), Stream.of("--svg", "" + once)).toArray(String[]::new));
    Said second =
        simulate(
            Stream.concat(Stream.of(args), Stream.of("--svg", "" + again)).toArray(String[]::new));

    assertThat(first.code).isZero();
    assertThat(first.out).isEqualTo(second.out).contains("powerOfTwo(peakEwma) + ejection");
    List<String> names =
        List.of(
            "simulated-black-hole", "simulated-cold-start", "simulated-failed", "simulated-p99");
    try (Stream<Path> files = Files.list(once)) {
      assertThat(files.map(file -> file.getFileName().toString()).sorted())
          .isEqualTo(names.stream().map(name -> name + ".svg").toList());
    }
    for (String name : names) {
      Path svg = once.resolve(name + ".svg");
      assertThat(svg).hasSameTextualContentAs(again.resolve(name + ".svg"));
      assertThat(Files.readString(svg)).doesNotContain("NaN", "Infinity");
      DocumentBuilderFactory.newInstance().newDocumentBuilder().parse(svg.toFile());
    }
  }

  @Test
  void anotherSeedIsAnotherRunButAllContendersGetTheSameRequests() {
    Scenario scenario = Scenarios.even().measured(1, 4);
    Contender random = Contenders.named("random");
    Result one = World.play(scenario, random, 1);
    Result same = World.play(scenario, random, 1);
    Result other = World.play(scenario, random, 2);
    Result rival = World.play(scenario, Contenders.named("Finagle peak EWMA"), 1);

    assertThat(same.meanMillis()).isEqualTo(one.meanMillis());
    assertThat(same.busiest()).isEqualTo(one.busiest());
    assertThat(other.meanMillis()).isNotEqualTo(one.meanMillis());
    assertThat(rival.requests()).isEqualTo(one.requests()).isNotEqualTo(other.requests());
    assertThat(rival.meanMillis()).isNotEqualTo(one.meanMillis());
  }

  @Test
  void markdownBeginsWithTheCommandThatMadeIt() {
    Said said = simulate("even", "--markdown", "--strategy", "^random$", "--seeds", "1");

    assertThat(said.out)
        .startsWith(
            "`benchmarks/simulate even --markdown --strategy '^random$' --seeds 1`\n\n### even\n\n")
        .contains(
            "| strategy | mean, ms | p50 | p99 | p99.9 | busiest/mean | failed, % |\n|---|--:|")
        .contains("\n| `random` | ");
  }

  @Test
  void helpAndListPrintAndPlayNothing() {
    assertThat(simulate("--help").out).startsWith("usage: benchmarks/simulate");
    Said list = simulate("--list", "black|many");
    assertThat(list.out)
        .contains("black-hole: [random, random + ejection, roundRobin")
        .contains("many-clients-100: [random, roundRobin, ")
        .doesNotContain("p99");
  }

  @Test
  void badArgumentsSayWhatWasExpected() {
    assertThat(bad("--seeds", "0")).startsWith("--seeds: 0 (expected: 1 to 1000)\n");
    assertThat(bad("--seeds", "many")).startsWith("--seeds: many (expected: 1 to 1000)\n");
    assertThat(bad("--seeds")).startsWith("--seeds: no value\n");
    assertThat(bad("--sed", "1")).startsWith("no such option: --sed\n");
    assertThat(bad("warp")).startsWith("scenario: warp (expected: found in one of [even, ");
    assertThat(bad("even", "sparse"))
        .startsWith("scenario: sparse (expected: one regular expression, as in 'even|sparse')\n");
    assertThat(bad("(")).startsWith("scenario: ( (expected: a regular expression; ");
    assertThat(bad("--strategy", "telepathy"))
        .startsWith("--strategy: telepathy (expected: found in a name that --list prints)\n");
  }

  private static String bad(String... args) {
    Said said = simulate(args);
    assertThat(said.code).isEqualTo(2);
    assertThat(said.out).isEmpty();
    assertThat(said.err).contains("usage: ");
    return said.err;
  }

  @Test
  void whatHappensAtOneMomentHappensInTheOrderItWasAskedFor() {
    EventQueue queue = new EventQueue();
    Random random = new Random(1);
    int[] happened = new int[1];
    long[] last = {-1, -1};
    for (int i = 0; i < 5_000; i++) {
      long when = random.nextInt(500);
      int number = i;
      queue.add(
          when,
          step -> {
            assertThat(when).isGreaterThanOrEqualTo(last[0]);
            assertThat(when > last[0] || number > last[1]).isTrue();
            last[0] = when;
            last[1] = number;
            happened[0]++;
          },
          i % 8);
    }
    while (!queue.isEmpty()) {
      queue.happen();
    }
    assertThat(happened[0]).isEqualTo(5_000);
  }
}
