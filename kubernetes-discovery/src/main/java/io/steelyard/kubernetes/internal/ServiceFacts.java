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
 * @param labels what all slices are labelled with; empty if there is no slice
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

  static ServiceFacts of(
      String namespace, String service, PortChoice choice, Collection<Slice> slices) {
    Map<String, String> labels = null;
    Set<String> ports = new TreeSet<>();
    if (!choice.equals(PortChoice.ONLY)) {
      ports.add(choice.toString());
    }
    for (Slice slice : slices) {
      if (labels == null) {
        labels = new HashMap<>(slice.labels());
      } else {
        labels.entrySet().retainAll(slice.labels().entrySet());
      }
      for (Slice.Port port : slice.ports()) {
        if (isChosen(port, choice)) {
          if (!port.name().isEmpty()) {
            ports.add(port.name());
          }
          if (port.number() != null) {
            ports.add(port.number().toString());
          }
        }
      }
    }
    return new ServiceFacts(namespace, service, labels == null ? Map.of() : labels, ports);
  }

  private static boolean isChosen(Slice.Port port, PortChoice choice) {
    if (choice.name() != null) {
      return choice.name().equals(port.name());
    }
    return choice.number() == 0 || Objects.equals(choice.number(), port.number());
  }
}
