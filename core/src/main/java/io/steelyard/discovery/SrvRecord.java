package io.steelyard.discovery;

import io.steelyard.Endpoint;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Predicate;

/**
 * One SRV record (RFC 2782).
 *
 * @param priority the lower the sooner
 * @param weight its share among those of its priority, 0 to 65535
 */
record SrvRecord(int priority, int weight, int port, String target) {
  /** What weight 0 counts beside others: the RFC's "very small chance". */
  private static final double HARDLY = 0.01;

  private static final Comparator<SrvRecord> ORDER =
      Comparator.comparing(SrvRecord::target)
          .thenComparing(SrvRecord::port)
          .thenComparing(SrvRecord::weight);

  /** Sorts records; those without a usable target ("." says that there is no service) are left. */
  static SortedMap<Integer, List<SrvRecord>> byPriority(List<SrvRecord> records) {
    SortedMap<Integer, List<SrvRecord>> byPriority = new TreeMap<>();
    for (SrvRecord srv : records) {
      if (srv.port > 0 && DnsDiscovery.isName(srv.target)) {
        byPriority.computeIfAbsent(srv.priority, p -> new ArrayList<>()).add(srv);
      }
    }
    byPriority.values().forEach(group -> group.sort(ORDER));
    return byPriority;
  }

  /**
   * Endpoints of the records of one priority. A target's weight is shared among its addresses;
   * weights are whole numbers, so all are multiplied where a share is none.
   */
  static List<Endpoint> endpoints(Map<SrvRecord, List<InetAddress>> group) {
    boolean allZero = group.keySet().stream().allMatch(srv -> srv.weight == 0);
    boolean someZero = !allZero && group.keySet().stream().anyMatch(srv -> srv.weight == 0);
    Map<String, Double> shares = new LinkedHashMap<>();
    Map<String, Endpoint> endpoints = new LinkedHashMap<>();
    group.forEach(
        (srv, addresses) -> {
          for (InetAddress address : addresses) {
            Endpoint plain = Endpoint.of(Addresses.text(address), srv.port);
            double weight = srv.weight > 0 ? srv.weight : allZero ? 1 : HARDLY;
            if (shares.putIfAbsent(plain.id(), weight / addresses.size()) == null) {
              endpoints.put(plain.id(), plain.toBuilder().attribute("target", srv.target).build());
            }
          }
        });
    double unit = unit(shares, group, someZero ? 1 / HARDLY : 1);
    return endpoints.values().stream()
        .map(
            endpoint ->
                endpoint.withWeight(
                    (int) Math.max(1, Math.round(shares.getOrDefault(endpoint.id(), 1.0) * unit))))
        .toList();
  }

  /** What to multiply shares by, this at least, so that they are whole, or as good as. */
  private static double unit(
      Map<String, Double> shares, Map<SrvRecord, List<InetAddress>> group, double least) {
    double largest = shares.values().stream().mapToDouble(share -> share).max().orElse(1);
    double unit = least;
    for (List<InetAddress> addresses : group.values()) {
      int n = Math.max(1, addresses.size());
      boolean whole = shares.values().stream().allMatch(whole(unit));
      unit = whole || unit % n == 0 ? unit : unit * n;
    }
    return Math.min(unit, Endpoint.MAX_WEIGHT / largest);
  }

  private static Predicate<Double> whole(double unit) {
    return share -> Math.abs(share * unit - Math.rint(share * unit)) < 1e-6;
  }
}
