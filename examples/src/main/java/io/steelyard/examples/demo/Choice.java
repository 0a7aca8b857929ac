package io.steelyard.examples.demo;

import io.steelyard.Strategy;
import io.steelyard.strategy.LoadMetric;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.Arrays;
import java.util.stream.Collectors;

/** The strategies to choose from. */
enum Choice {
  ADAPTIVE("adaptive", Strategies.adaptive()),
  POWER_OF_TWO_PEAK_EWMA("powerOfTwo(peakEwma)", Strategies.powerOfTwo(LoadMetric.peakEwma())),
  POWER_OF_TWO_IN_FLIGHT("powerOfTwo(inFlight)", Strategies.powerOfTwo(LoadMetric.inFlight())),
  LEAST_CONNECTIONS("leastConnections", Strategies.leastConnections()),
  ROUND_ROBIN("roundRobin", Strategies.roundRobin()),
  WEIGHTED_ROUND_ROBIN("weightedRoundRobin", Strategies.weightedRoundRobin()),
  TIMED_ROUND_ROBIN("timedRoundRobin(2s)", Strategies.timedRoundRobin(Duration.ofSeconds(2))),
  RANDOM("random", Strategies.random());

  private final String title;
  private final Strategy strategy;

  Choice(String title, Strategy strategy) {
    this.title = title;
    this.strategy = strategy;
  }

  /** What it is called here, or what it calls itself. */
  static String titleOf(Strategy strategy) {
    for (Choice choice : values()) {
      if (choice.strategy.equals(strategy)) {
        return choice.title;
      }
    }
    return strategy.toString();
  }

  String title() {
    return title;
  }

  Strategy strategy() {
    return strategy;
  }

  /**
   * Returns the one with this title.
   *
   * @throws IllegalArgumentException if there is none; the message lists them
   */
  static Choice titled(String title) {
    for (Choice choice : values()) {
      if (choice.title.equals(title)) {
        return choice;
      }
    }
    throw new IllegalArgumentException(
        "strategy: "
            + title
            + " (expected: "
            + Arrays.stream(values()).map(Choice::title).collect(Collectors.joining(", "))
            + ")");
  }
}
