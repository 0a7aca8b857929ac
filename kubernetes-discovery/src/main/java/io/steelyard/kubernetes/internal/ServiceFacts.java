package io.steelyard.kubernetes.internal;

import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the slices say of one service as a whole, as far as a policy asks. A value.
 *
 * <p>The labels of a Service are copied to each of its slices, so that those which all slices agree
 * on are the Service's, and reading the Service itself needs no right.
 *
 * @param labels what all slices are labelled with; empty before there was a slice
 * @param ports the chosen port's name (if it has one) and numbers; every port's where none is
 *     chosen
 */
public record ServiceFacts(
    String namespace, String service, Map<String, String> labels, Set<String> ports) {

  public ServiceFacts {
    labels = Map.copyOf(labels);
    ports = Set.copyOf(ports);
  }

  /** Of a service of which nothing has been heard yet. */
  public static ServiceFacts unknown(String namespace, String service) {
    return new ServiceFacts(namespace, service, Map.of(), Set.of());
  }

  /**
   * These facts as such slices have them. A service that is scaled to zero has a slice without
   * ports, and one that is made anew has none for a while: of what they do not say, what was known
   * stays. Its endpoints may be held meanwhile, or come back, and are to find the policy they had.
   */
  ServiceFacts updatedBy(PortChoice choice, Collection<Slice> slices) {
    Map<String, String> agreed = null;
    Set<String> found = new TreeSet<>();
    for (Slice slice : slices) {
      if (agreed == null) {
        agreed = new HashMap<>(slice.labels());
      } else {
        agreed.entrySet().retainAll(slice.labels().entrySet());
      }
      for (Slice.Port port : slice.ports()) {
        if (isChosen(port, choice)) {
          if (!port.name().isEmpty()) {
            found.add(port.name());
          }
          if (port.number() != null) {
            found.add(port.number().toString());
          }
        }
      }
    }
    if (found.isEmpty()) {
      found.addAll(ports);
    }
    if (!choice.equals(PortChoice.ONLY)) {
      found.add(choice.toString());
    }
    return new ServiceFacts(namespace, service, agreed == null ? labels : agreed, found);
  }

  private static boolean isChosen(Slice.Port port, PortChoice choice) {
    if (choice.name() != null) {
      return choice.name().equals(port.name());
    }
    return choice.number() == 0 || Objects.equals(choice.number(), port.number());
  }
}
