package io.steelyard.strategy;

import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The endpoints of one topology in an order that all clients agree on, whatever order discovery
 * gave them in: row r is candidate {@code index[r]}.
 */
final class Rows {
  final String[] ids;

  /** Declared weights; 0 for endpoints that have a row but no share. */
  final int[] weights;

  final int[] index;

  private Rows(Topology topology, Comparator<String> order) {
    List<Endpoint> endpoints = topology.endpoints();
    int n = endpoints.size();
    Integer[] sorted = new Integer[n];
    Arrays.setAll(sorted, i -> i);
    Arrays.sort(sorted, (a, b) -> order.compare(endpoints.get(a).id(), endpoints.get(b).id()));
    ids = new String[n];
    weights = new int[n];
    index = new int[n];
    for (int r = 0; r < n; r++) {
      Endpoint endpoint = endpoints.get(sorted[r]);
      ids[r] = endpoint.id();
      weights[r] = endpoint.weight();
      index[r] = sorted[r];
    }
  }

  /** By id, character by character. */
  static Rows byId(Topology topology) {
    return new Rows(topology, Comparator.naturalOrder());
  }

  /** By id, runs of digits as numbers: {@code shard-2} before {@code shard-10}. */
  static Rows byNumber(Topology topology) {
    return new Rows(topology, Rows::compareNumbers);
  }

  int size() {
    return ids.length;
  }

  /** Whether a table made of these rows would be that of the others: same ids, same weights. */
  boolean sameTable(Rows other) {
    return Arrays.equals(weights, other.weights) && Arrays.equals(ids, other.ids);
  }

  private static int compareNumbers(String a, String b) {
    int i = 0;
    int j = 0;
    while (i < a.length() && j < b.length()) {
      if (isDigit(a.charAt(i)) && isDigit(b.charAt(j))) {
        int endA = endOfDigits(a, i);
        int endB = endOfDigits(b, j);
        i = skipZeros(a, i, endA);
        j = skipZeros(b, j, endB);
        if (endA - i != endB - j) {
          return (endA - i) - (endB - j); // more digits, larger number
        }
        for (; i < endA; i++, j++) {
          if (a.charAt(i) != b.charAt(j)) {
            return a.charAt(i) - b.charAt(j);
          }
        }
      } else if (a.charAt(i) != b.charAt(j)) {
        return a.charAt(i) - b.charAt(j);
      } else {
        i++;
        j++;
      }
    }
    int left = (a.length() - i) - (b.length() - j);
    return left != 0 ? left : a.compareTo(b); // a-01 and a-1 are different ids
  }

  private static boolean isDigit(char c) {
    return c >= '0' && c <= '9';
  }

  private static int endOfDigits(String text, int from) {
    int at = from;
    while (at < text.length() && isDigit(text.charAt(at))) {
      at++;
    }
    return at;
  }

  private static int skipZeros(String text, int from, int end) {
    int at = from;
    while (at < end - 1 && text.charAt(at) == '0') {
      at++;
    }
    return at;
  }
}
