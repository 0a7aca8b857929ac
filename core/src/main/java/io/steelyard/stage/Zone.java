package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Reason;
import io.steelyard.Stage;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * See {@link Stages#zone(String)}.
 *
 * <p>A zone with the part c of the clients and the part e of the endpoints (by weight, of what is
 * usable) keeps all its requests if e ≥ c, else e/c of them, which is what it can carry. The rest
 * goes to zones that have more endpoints than clients, in proportion to how many more. If every
 * client does so, all endpoints get the same for their weight: the rule of Envoy's zone aware
 * routing, whose example is the test. There clients learn of each other from the control plane;
 * here they are told, or taken for evenly spread.
 *
 * @param name the client's own zone
 * @param clients how many clients are in each zone; empty if nobody said so
 */
record Zone(String name, Map<String, Integer> clients) implements Stage {
  /** With a single endpoint in the zone a request that fails there could not be tried again. */
  private static final int ENOUGH = 2;

  /** The zone of endpoints that say none. */
  private static final String NONE = "";

  /** The number of the client's own zone, among those that endpoints are in. */
  private static final int OWN = 0;

  Zone {
    if (name.isBlank()) {
      throw new IllegalArgumentException("zone: \"" + name + "\" (expected: not blank)");
    }
    clients = Map.copyOf(clients);
    clients.forEach(
        (zone, number) -> {
          if (number < 0) {
            throw new IllegalArgumentException(
                "zone: clients in " + zone + ": " + number + " (expected: >= 0)");
          }
        });
    if (!clients.isEmpty() && clients.getOrDefault(name, 0) < 1) {
      throw new IllegalArgumentException(
          "zone: clients in " + name + ": " + clients.getOrDefault(name, 0) + " (expected: >= 1)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    int n = candidates.size();
    Map<String, Integer> numbers = new LinkedHashMap<>(Map.of(name, OWN));
    int[] zone = new int[n];
    for (int i = 0; i < n; i++) {
      String of = candidates.endpoint(i).zone();
      Integer number = numbers.putIfAbsent(of == null ? NONE : of, numbers.size());
      zone[i] = number == null ? numbers.size() - 1 : number;
    }
    double[] part = new double[numbers.size()];
    int here = 0;
    for (int i = 0; i < n; i++) {
      part[zone[i]] += candidates.weight(i);
      // One on probation takes a request at a time.
      here += zone[i] == OWN && candidates.weight(i) > 0 && !candidates.probing(i) ? 1 : 0;
    }
    if (here < ENOUGH) {
      context.note("stands aside: " + here + " usable in zone " + name);
      return candidates;
    }
    double sum = Arrays.stream(part).sum();
    for (int z = 0; z < part.length; z++) {
      part[z] /= sum;
    }
    double[] clientPart = clientParts(numbers.keySet());
    double stays = Math.min(1, part[OWN] / clientPart[OWN]);
    double[] factor = factors(part, clientPart, stays);
    if (stays < 1) {
      context.note(Math.round(100 * stays) + " % stay in zone " + name);
    }
    return candidates
        .exclude(i -> factor[zone[i]] == 0, Reason.of("not in zone " + name))
        .scale(i -> factor[zone[i]]);
  }

  /** By what to multiply the weights of each zone's endpoints: 1 at most. */
  private static double[] factors(double[] part, double[] clientPart, double stays) {
    double[] spare = new double[part.length];
    for (int z = 0; z < part.length; z++) {
      spare[z] = z == OWN ? 0 : Math.max(0, part[z] - clientPart[z]);
    }
    double spareSum = Arrays.stream(spare).sum();
    double[] factor = new double[part.length];
    for (int z = 0; z < part.length; z++) {
      if (z == OWN) {
        factor[z] = stays / part[z];
      } else if (stays < 1 && spare[z] > 0) {
        factor[z] = (1 - stays) * (spare[z] / spareSum) / part[z];
      }
    }
    double largest = Arrays.stream(factor).max().orElse(1);
    for (int z = 0; z < part.length; z++) {
      factor[z] /= largest;
    }
    return factor;
  }

  /** The part of all clients that each zone has. */
  private double[] clientParts(Set<String> zones) {
    double all = 0;
    for (int number : clients.values()) {
      all += number;
    }
    double named = zones.size() - (zones.contains(NONE) ? 1 : 0);
    double[] result = new double[zones.size()];
    int z = 0;
    for (String zone : zones) {
      boolean even = clients.isEmpty() && !zone.equals(NONE);
      result[z++] = even ? 1 / named : clients.getOrDefault(zone, 0) / Math.max(1, all);
    }
    return result;
  }

  @Override
  public String toString() {
    return "zone(" + name + (clients.isEmpty() ? "" : ", " + new TreeMap<>(clients)) + ")";
  }
}
