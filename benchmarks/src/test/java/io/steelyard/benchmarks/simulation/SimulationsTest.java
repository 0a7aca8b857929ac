package io.steelyard.benchmarks.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What docs/simulations.md says is what the simulator prints, and how far some of it may go. */
class SimulationsTest {
  private static final String DEFAULT = "adaptive";
  private static final String DEFAULT_POLICY = DEFAULT + " + ejection";

  private static Result play(Scenario scenario, String contender) {
    return World.play(scenario, Contenders.named(contender), 1);
  }

  /** One row of a page is a second or so: these stand for the rest. */
  @Test
  void thePageSaysWhatTheCommandPrints() throws Exception {
    String page = Files.readString(Path.of("..", "docs", "simulations.md"));
    assertThat(page).contains("\n`benchmarks/simulate --markdown`\n");
    assertRow(page, Scenarios.even(), "random");
    assertRow(page, Scenarios.blackHole(), DEFAULT_POLICY);
    assertRow(page, Scenarios.sparse(), DEFAULT);
    assertRow(page, Scenarios.flapping(), "Finagle peak EWMA + ejection");
    assertRow(page, Scenarios.weights(), "Envoy EDF least request");
    assertRow(page, Scenarios.coldStart(), DEFAULT + " + slowStart");
    assertRow(page, Scenarios.partFailures(), "roundRobin + ejection, outliers");
  }

  private static void assertRow(String page, Scenario scenario, String contender) {
    String table =
        Tables.of(List.of(Summary.of(scenario, Contenders.named(contender), 5)), true).strip();
    String row = table.substring(table.lastIndexOf('\n') + 1);
    assertThat(page)
        .as(
            "%s of %s; make the page again with benchmarks/simulate --into docs/simulations.md "
                + "--svg docs/images",
            contender, scenario)
        .contains("\n" + row + "\n");
  }

  /**
   * Turns go on giving a tenth of the requests to a server that never answers: 35 of 40 s × 10 % =
   * 8.75 %, give or take what the seed does to the arrivals (√(4200) of 48,000 is .13 %).
   *
   * <p>With the default each of five clients loses at most the five in a row that eject, two that
   * were in flight besides, and three probes, after 5, 15 and 35 s: 10 × 5 = 50 of 48,000, which is
   * .104 %.
   */
  @Test
  void aBlackHoleCostsTheDefaultNextToNothing() {
    assertThat(play(Scenarios.blackHole(), "roundRobin").failedPercent()).isBetween(8.6, 8.9);
    assertThat(play(Scenarios.blackHole(), DEFAULT_POLICY).failedPercent()).isLessThan(0.104);
  }

  /**
   * A server that fails in 1 ms is idle, so requests in flight choose it more than its tenth, 8.75
   * %. The default loses what ejects it and the probes: as above.
   */
  @Test
  void failingFastDrawsRequestsButNotThoseOfTheDefault() {
    assertThat(play(Scenarios.fastFailures(), "powerOfTwo(inFlight)").failedPercent())
        .isGreaterThan(9.5);
    assertThat(play(Scenarios.fastFailures(), "Finagle peak EWMA").failedPercent())
        .isGreaterThan(9.5);
    assertThat(play(Scenarios.fastFailures(), DEFAULT_POLICY).failedPercent()).isLessThan(0.104);
  }

  /**
   * Round robin sends the slow server more than it can do, and callers give up on it after 1 s:
   * with a tenth of the requests, that is the p99. By speed a fair share is (1/3) / (9 + 1/3) = 3.6
   * %; the default, which takes costs within a factor of two for equal, gives a little more, and
   * far less than the 6 % of requests in flight, which know of the slow server only while it works.
   */
  @Test
  void aSlowServerGetsItsShareAndNoMore() {
    Result ours = play(Scenarios.slowOne(), DEFAULT);
    assertThat(play(Scenarios.slowOne(), "roundRobin").percentileMillis(99)).isGreaterThan(990);
    assertThat(ours.percentileMillis(99))
        .isLessThan(play(Scenarios.slowOne(), "powerOfTwo(inFlight)").percentileMillis(99))
        .isLessThan(200);
    assertThat(ours.affectedPercent()).isBetween(1.0, 4.5);
  }

  /**
   * One request in two seconds from a client to a server, and an average that fades in ten: it must
   * be remembered from one to the next who is slow. An average that decays with each reading, or a
   * metric that forgets, ends in a mean of hundreds of service times. Ours is about three; by speed
   * the slow ones' fair share is (2/16) / (14 + 2/16) = .9 %, and each of 160 pairs of client and
   * server has to find out now and then: up to 1.5 %.
   */
  @Test
  void sparseTrafficIsRemembered() {
    Result ours = play(Scenarios.sparse(), DEFAULT);
    assertThat(ours.meanMillis()).isLessThan(400);
    assertThat(ours.affectedPercent()).isLessThan(1.5);
    assertThat(ours.meanMillis())
        .isLessThan(play(Scenarios.sparse(), "powerOfTwo(inFlight)").meanMillis());
  }

  /** Failures that say nothing of the server cost the default at most a tenth of the mean. */
  @Test
  void strayFailuresDoNotUnbalanceMuch() {
    double without = play(Scenarios.even(), DEFAULT).meanMillis();
    double with = play(Scenarios.strayFailures(), DEFAULT).meanMillis();
    assertThat(with / without).isLessThan(1.1);
  }

  /**
   * Three of eleven servers begin at a tenth of their speed. An equal share is .7 · 8/11 = 51 % of
   * what one can do when it is warm, which it can after nine of 20 s: until then turns let its
   * queue grow, and it has to be worked off after that. A weight that rises as the speed does
   * overloads nobody.
   */
  @Test
  void slowStartSparesColdServers() {
    assertThat(play(Scenarios.coldStart(), "roundRobin").failedPercent()).isGreaterThan(5);
    Result slowly = play(Scenarios.coldStart(), "roundRobin + slowStart");
    assertThat(slowly.failedPercent()).isLessThan(0.05);
    assertThat(play(Scenarios.coldStart(), DEFAULT + " + slowStart").percentileMillis(99))
        .isLessThan(play(Scenarios.coldStart(), DEFAULT).percentileMillis(99));
  }

  /**
   * A tenth of the requests goes to one that fails a fifth of them, for 35 of 40 s: 1.75 %. Five in
   * a row are rare. The rates show it at the end of the interval of 10 s in which it began, or of
   * the next, and it is out for the 30 s that are left: at most 10 of 40 s, .5 %.
   */
  @Test
  void outliersAreFoundWhereEjectionSeesNothing() {
    assertThat(play(Scenarios.partFailures(), "roundRobin + ejection").failedPercent())
        .isBetween(1.5, 1.9);
    assertThat(play(Scenarios.partFailures(), "roundRobin + ejection, outliers").failedPercent())
        .isLessThan(0.5);
  }

  /** The pictures once called another the default. */
  @Test
  void picturesKnowTheDefault() {
    assertThat(Plots.THE_DEFAULT).isEqualTo(DEFAULT);
    assertThat(Contenders.names()).contains(DEFAULT);
  }

  /**
   * With a hundred clients everyone's knowledge is old. The default must not be worse than knowing
   * nothing: random, whose mean is 10 service times once the queues have filled.
   */
  @Test
  void amongManyClientsTheDefaultIsNoWorseThanChance() {
    Scenario scenario = Scenarios.manyClients(100);
    assertThat(play(scenario, DEFAULT).meanMillis())
        .isLessThan(play(scenario, "random").meanMillis());
  }
}
