package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.EndpointStats;

/**
 * The candidates that may be chosen, flattened: position p stands for candidate {@code index[p]}.
 */
final class Usable {
  final int[] index;
  final double[] weight;
  final boolean equalWeights;

  private Usable(int[] index, double[] weight) {
    this.index = index;
    this.weight = weight;
    boolean equal = true;
    for (double w : weight) {
      equal &= w == weight[0];
    }
    this.equalWeights = equal;
  }

  static Usable of(Candidates candidates) {
    int[] index = indexes(candidates);
    double[] weight = new double[index.length];
    for (int p = 0; p < index.length; p++) {
      weight[p] = candidates.weight(index[p]);
    }
    return new Usable(index, weight);
  }

  /**
   * With what stages made of the weights in place of the weights: 1 for an endpoint that no stage
   * touched.
   */
  static Usable byFactor(Candidates candidates) {
    int[] index = indexes(candidates);
    double[] weight = new double[index.length];
    for (int p = 0; p < index.length; p++) {
      weight[p] = candidates.factor(index[p]);
    }
    return new Usable(index, weight);
  }

  int size() {
    return index.length;
  }

  EndpointStats[] stats(Candidates candidates) {
    EndpointStats[] stats = new EndpointStats[index.length];
    for (int p = 0; p < index.length; p++) {
      stats[p] = candidates.stats(index[p]);
    }
    return stats;
  }

  /** What a request in flight counts on each: 1 at the mean weight, ½ at twice the mean. */
  double[] perRequest() {
    double sum = 0;
    for (double w : weight) {
      sum += w;
    }
    double mean = sum / weight.length;
    double[] result = new double[weight.length];
    for (int p = 0; p < weight.length; p++) {
      result[p] = mean / weight[p];
    }
    return result;
  }

  private static int[] indexes(Candidates candidates) {
    int[] index = new int[candidates.usable()];
    int p = 0;
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.weight(i) > 0) {
        index[p++] = i;
      }
    }
    return index;
  }
}
