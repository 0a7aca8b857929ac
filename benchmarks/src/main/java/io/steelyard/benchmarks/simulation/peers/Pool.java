package io.steelyard.benchmarks.simulation.peers;

import io.steelyard.Candidates;
import io.steelyard.EndpointStats;

/** The candidates that may be chosen: position p stands for candidate {@code index[p]}. */
final class Pool {
  final int[] index;
  final double[] weight;
  final EndpointStats[] stats;
  final String[] id;

  Pool(Candidates candidates) {
    int n = candidates.usable();
    index = new int[n];
    weight = new double[n];
    stats = new EndpointStats[n];
    id = new String[n];
    int p = 0;
    for (int i = 0; i < candidates.size(); i++) {
      if (candidates.weight(i) > 0) {
        index[p] = i;
        weight[p] = candidates.weight(i);
        stats[p] = candidates.stats(i);
        id[p] = candidates.endpoint(i).id();
        p++;
      }
    }
  }

  int size() {
    return index.length;
  }
}
