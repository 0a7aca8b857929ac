package io.steelyard.benchmarks.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** One contender in one scenario, over several seeds. */
final class Summary {
  /** A figure over the seeds. */
  record Spread(double median, double least, double most) {}

  final Scenario scenario;
  final Contender contender;
  final List<Result> results;

  private Summary(Scenario scenario, Contender contender, List<Result> results) {
    this.scenario = scenario;
    this.contender = contender;
    this.results = results;
  }

  /** Plays it with the seeds 1 to {@code seeds}. */
  static Summary of(Scenario scenario, Contender contender, int seeds) {
    List<Result> results = new ArrayList<>();
    for (int seed = 1; seed <= seeds; seed++) {
      results.add(World.play(scenario, contender, seed));
    }
    return new Summary(scenario, contender, results);
  }

  Spread spread(ToDoubleFunction<Result> figure) {
    double[] sorted = results.stream().mapToDouble(figure).sorted().toArray();
    int n = sorted.length;
    return new Spread((sorted[(n - 1) / 2] + sorted[n / 2]) / 2, sorted[0], sorted[n - 1]);
  }

  /** The mean over the seeds and its standard error: what {@code {mean, error}} say. */
  double[] meanAndError(ToDoubleFunction<Result> figure) {
    double[] values = results.stream().mapToDouble(figure).toArray();
    double mean = Arrays.stream(values).average().orElseThrow();
    double squares = 0;
    for (double value : values) {
      squares += (value - mean) * (value - mean);
    }
    return new double[] {mean, Math.sqrt(squares / (values.length - 1) / values.length)};
  }
}
