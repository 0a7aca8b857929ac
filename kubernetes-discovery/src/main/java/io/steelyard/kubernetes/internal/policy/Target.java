package io.steelyard.kubernetes.internal.policy;

import io.steelyard.kubernetes.internal.ServiceFacts;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which Services a policy is for, and which of their ports.
 *
 * @param service the Service's name, or null
 * @param labels what the Service must be labelled with; not empty where there is no name
 * @param ports names and numbers; empty for all
 */
record Target(@Nullable String service, Map<String, String> labels, Set<String> ports) {
  Target {
    labels = Map.copyOf(labels);
    ports = Set.copyOf(ports);
  }

  boolean selects(ServiceFacts facts) {
    boolean named =
        service != null
            ? service.equals(facts.service())
            : facts.labels().entrySet().containsAll(labels.entrySet());
    return named && (ports.isEmpty() || facts.ports().stream().anyMatch(ports::contains));
  }
}
