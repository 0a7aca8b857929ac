package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.Strategy;

/**
 * nginx's smooth weighted round robin: every endpoint gains its weight, the one that has gained
 * most is taken and pays the sum of all weights. Ties go to the first of the list. As in a worker
 * process that reloads its configuration, a change of the list starts it afresh.
 *
 * <p>What nginx makes of failures ({@code max_fails}) is left out: that is the stages' part here.
 */
public final class SmoothWeighted implements Strategy {
  @Override
  public Picker compile(Candidates candidates, Context context) {
    Pool pool = new Pool(candidates);
    double[] gained = new double[pool.size()];
    double sum = 0;
    for (double weight : pool.weight) {
      sum += weight;
    }
    double all = sum;
    return (request, rank) -> {
      int best = 0;
      for (int p = 0; p < gained.length; p++) {
        gained[p] += pool.weight[p];
        if (gained[p] > gained[best]) {
          best = p;
        }
      }
      gained[best] -= all;
      return pool.index[best];
    };
  }

  @Override
  public String toString() {
    return "smooth weighted round robin";
  }
}
