package io.steelyard.spring;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A list of {@code host:port} that does not change. */
final class FixedEndpoints {
  private static final Pattern AUTHORITY =
      Pattern.compile("(?:\\[([0-9A-Fa-f:.]+)]|([^\\s:/\\[\\]]+)):([0-9]{1,5})");

  private FixedEndpoints() {}

  /**
   * Reads {@code <place>.endpoints}.
   *
   * @throws ServiceConfigurationException for the first thing that is wrong
   */
  static Discovery discovery(String place, List<String> authorities) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < authorities.size(); i++) {
      endpoints.add(endpoint(place + ".endpoints[" + i + "]", authorities.get(i).strip()));
    }
    Topology topology;
    try {
      topology = Topology.of(endpoints);
    } catch (IllegalArgumentException e) {
      throw new ServiceConfigurationException(place + ".endpoints", String.valueOf(e.getMessage()));
    }
    return listener -> {
      listener.update(topology);
      return () -> {};
    };
  }

  private static Endpoint endpoint(String key, String authority) {
    Matcher parts = AUTHORITY.matcher(authority);
    if (parts.matches()) {
      int port = Integer.parseInt(parts.group(3));
      if (port >= 1 && port <= 65_535) {
        return Endpoint.of(parts.group(1) != null ? parts.group(1) : parts.group(2), port);
      }
    }
    throw new ServiceConfigurationException(
        key, "\"" + authority + "\" (expected: host:port, such as 10.0.0.7:8080)");
  }
}
