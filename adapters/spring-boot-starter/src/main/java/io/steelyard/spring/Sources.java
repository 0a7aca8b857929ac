package io.steelyard.spring;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.discovery.Discoveries;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Makes discoveries that need nothing but core. Each throws for the first thing that is wrong. */
final class Sources {
  private Sources() {}

  /** Reads {@code <place>.endpoints}: a list of {@code host:port} that does not change. */
  static Discovery fixed(String place, List<String> authorities) {
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < authorities.size(); i++) {
      endpoints.add(endpoint(place + ".endpoints[" + i + "]", authorities.get(i), "10.0.0.7:8080"));
    }
    try {
      return Discoveries.fixed(endpoints.toArray(new Endpoint[0]));
    } catch (IllegalArgumentException e) {
      throw new ServiceConfigurationException(place + ".endpoints", String.valueOf(e.getMessage()));
    }
  }

  /** Reads {@code <place>.dns}: {@code host:port}, all addresses of the host. */
  static Discovery dns(String place, String text) {
    String key = place + ".dns";
    Endpoint named = endpoint(key, text, "cart.example.com:8080");
    try {
      return Discoveries.dns(named.host(), named.port());
    } catch (IllegalArgumentException e) {
      throw new ServiceConfigurationException(key, String.valueOf(e.getMessage()));
    }
  }

  /** Reads {@code <place>.file}: the path of a list, one endpoint a line. */
  static Discovery file(String place, String path) {
    try {
      return Discoveries.file(Path.of(path.strip()));
    } catch (InvalidPathException e) {
      throw new ServiceConfigurationException(
          place + ".file", "\"" + path + "\" (expected: a path: " + e.getReason() + ")");
    }
  }

  private static Endpoint endpoint(String key, String authority, String example) {
    String text = authority.strip();
    try {
      return Endpoint.parse(text);
    } catch (IllegalArgumentException e) {
      throw new ServiceConfigurationException(
          key, "\"" + text + "\" (expected: host:port, such as " + example + ")");
    }
  }
}
