package io.steelyard.benchmarks.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The simulator against what queueing theory knows.
 *
 * <p>Means are in units of the mean service time, over seeds that are independent of each other, so
 * their standard error is s/√seeds. A figure has to lie within four of them of what is known (with
 * eight seeds that fails once in two hundred times by chance, and the seeds are always the same),
 * and they have to be small, so that the test can tell one rule from another.
 */
@Tag("long")
class TruthTest {
  private static final double SERVICE_MILLIS = 10;
  private static final int SEEDS = 8;

  /** A hundred servers of one worker, no network, nobody gives up. */
  private static Scenario textbook(double load) {
    return new Scenario("textbook", "")
        .servers(100, 1)
        .clients(1)
        .service(ServiceTime.EXPONENTIAL, SERVICE_MILLIS)
        .network(0, 0)
        .load(load)
        .measured(4, 10);
  }

  /**
   * Checks the mean of a strategy against what is known.
   *
   * @param knownTo how far off the known figure itself may be
   * @param mostError the largest standard error that is still of use, as a share of the mean
   */
  private static void assertMean(
      Scenario scenario, String strategy, double known, double knownTo, double mostError) {
    double[] result =
        Summary.of(scenario, Contenders.named(strategy), SEEDS).meanAndError(Result::meanMillis);
    double mean = result[0] / SERVICE_MILLIS;
    double error = result[1] / SERVICE_MILLIS;
    assertThat(error / known).as("standard error of %.4f, relative", mean).isLessThan(mostError);
    assertThat(Math.abs(mean - known))
        .as("%s: %.4f ± %.4f, known %.4f", strategy, mean, error, known)
        .isLessThan(4 * error + knownTo);
  }

  /** M/M/1: 1/(1 − λ). A Poisson stream that is divided at random is Poisson streams. */
  @Test
  void randomIsAHundredQueuesOfTheirOwn() {
    assertMean(textbook(0.5), "random", 2, 0, 0.005);
    assertMean(textbook(0.7), "random", 1 / 0.3, 0, 0.01);
    // A queue at .9 forgets in (1 - √.9)⁻² = 380 service times: twenty seconds are 2000.
    assertMean(textbook(0.9).measured(20, 20), "random", 10, 0, 0.04);
  }

  /**
   * Round robin gives each server every hundredth arrival of a Poisson stream: Eₙ/M/1, whose
   * waiting time is known exactly.
   */
  @Test
  void roundRobinIsAsGoodAsErlangArrivals() {
    double load = 0.9;
    double sigma = 0.5;
    for (int i = 0; i < 10_000; i++) {
      sigma = Math.pow(100 * load / (100 * load + 1 - sigma), 100);
    }
    assertThat(1 / (1 - sigma)).isBetween(5.2267, 5.2269);
    assertMean(textbook(load).measured(10, 15), "roundRobin", 1 / (1 - sigma), 0, 0.03);
  }

  /**
   * The supermarket model. For n → ∞ the mean is Σ λ^(2ⁱ − 2). For n = 100 and choices with
   * replacement it is known by simulation, to three decimals: 1.268, 1.620, 2.645.
   */
  @Test
  void twoChoicesWithReplacementAreTheSupermarketModel() {
    double[][] known = {{0.5, 1.268, 1.2657}, {0.7, 1.620, 1.6145}, {0.9, 2.645, 2.6141}};
    for (double[] row : known) {
      double limit = 0;
      for (int i = 1; i < 12; i++) {
        limit += Math.pow(row[0], Math.pow(2, i) - 2);
      }
      assertThat(limit).isBetween(row[2] - 1e-4, row[2] + 1e-4);
      assertMean(textbook(row[0]), "gRPC least request", row[1], 0.0005, 0.007);
    }
  }

  /** The same of two servers: 7.5883. Of 2 instead of 100 there are fewer to take the mean of. */
  @Test
  void roundRobinOfTwoIsBetterThanChanceByLess() {
    double load = 0.9;
    double sigma = 0.5;
    for (int i = 0; i < 10_000; i++) {
      sigma = Math.pow(2 * load / (2 * load + 1 - sigma), 2);
    }
    assertThat(1 / (1 - sigma)).isBetween(7.5882, 7.5884);
    Scenario two = textbook(load).servers(2, 1).measured(60, 600);
    assertMean(two, "roundRobin", 1 / (1 - sigma), 0, 0.05);
  }

  /**
   * Three choices: for n → ∞ the mean is Σ λ^((3ⁱ − 3)/2), which is 1.1252, 1.3568 and 2.0279. A
   * hundred servers are not infinitely many. With two choices they are off by .2, .3 and 1.2 % (the
   * test above, whose figures are known for both), upwards with replacement; with three a queue of
   * the same length is rarer still, so as much is allowed, and two thirds more at the highest load
   * for a figure that is not known.
   */
  @Test
  void threeChoicesAreTheSupermarketModelToo() {
    double[][] known = {{0.5, 1.1252, 0.003}, {0.7, 1.3568, 0.005}, {0.9, 2.0279, 0.02}};
    for (double[] row : known) {
      double limit = 0;
      for (int i = 1; i < 12; i++) {
        limit += Math.pow(row[0], (Math.pow(3, i) - 3) / 2);
      }
      assertThat(limit).isBetween(row[1] - 1e-4, row[1] + 1e-4);
      assertMean(textbook(row[0]), "powerOf(3, inFlight)", row[1], row[2] * row[1], 0.007);
    }
  }

  /**
   * Ours compares two different ones. With replacement, one request in n is compared with itself
   * and goes anywhere: at n = 10 and λ = .9 that costs something like a tenth of what a random
   * choice costs more, 1.8. Both are given the same arrivals, so it shows in few runs.
   */
  @Test
  void twoDifferentChoicesAreALittleBetter() {
    Scenario scenario = textbook(0.9).servers(10, 1).measured(4, 60);
    double[] gain = new double[SEEDS];
    for (int seed = 1; seed <= SEEDS; seed++) {
      double ours =
          World.play(scenario, Contenders.named("powerOfTwo(inFlight)"), seed).meanMillis();
      double theirs =
          World.play(scenario, Contenders.named("gRPC least request"), seed).meanMillis();
      gain[seed - 1] = (theirs - ours) / SERVICE_MILLIS;
    }
    double mean = Arrays.stream(gain).average().orElseThrow();
    double squares = Arrays.stream(gain).map(g -> (g - mean) * (g - mean)).sum();
    double error = Math.sqrt(squares / (SEEDS - 1) / SEEDS);
    assertThat(mean).as("± %.4f", error).isBetween(4 * error, 0.5);
  }

  /** Pollaczek and Khinchine: 1 + λ·(1 + c²)/(2·(1 − λ)), c² being the variance over mean². */
  @Test
  void serviceTimesVaryAsTheySay() {
    double load = 0.6;
    double half = load / (2 * (1 - load));
    Scenario scenario = textbook(load);
    assertMean(scenario.service(ServiceTime.CONSTANT, 10), "random", 1 + half, 0, 0.005);
    assertMean(scenario.service(ServiceTime.EXPONENTIAL, 10), "random", 1 + 2 * half, 0, 0.01);
    assertMean(scenario.service(ServiceTime.LOGNORMAL, 10), "random", 1 + Math.E * half, 0, 0.01);
  }

  /** M/M/c by Erlang's formula, with four workers. */
  @Test
  void workersOfOneServerShareItsQueue() {
    double load = 0.8;
    int c = 4;
    double offered = load * c;
    double term = 1;
    double sum = 0;
    for (int k = 0; k < c; k++) {
      sum += term;
      term *= offered / (k + 1);
    }
    double waits = term / (1 - load) / (sum + term / (1 - load));
    double known = 1 + waits / (c * (1 - load));
    assertMean(textbook(load).servers(50, c), "random", known, 0, 0.01);
  }

  /**
   * What a client sees of the load is its own requests: with many clients power of two and least
   * connections are no better than round robin. The figures are another simulation's, to two
   * decimals and its own error, which is not known: one per cent is allowed for it.
   */
  @Test
  void manyClientsSeeLittle() {
    Object[][] known = {
      {10, "roundRobin", 5.77},
      {100, "roundRobin", 7.21},
      {1, "leastConnections", 1.07},
      {10, "powerOfTwo(inFlight)", 4.21},
      {100, "powerOfTwo(inFlight)", 7.04},
      {10, "leastConnections", 3.61},
      {100, "leastConnections", 7.09},
    };
    for (Object[] row : known) {
      double mean = (double) row[2];
      Scenario scenario = textbook(0.9).clients((int) row[0]).measured(6, 6);
      assertMean(scenario, (String) row[1], mean, 0.01 * mean, 0.06);
    }
  }
}
