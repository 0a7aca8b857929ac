package io.steelyard.examples.demo;

import io.fabric8.kubernetes.api.model.Service;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.Map;
import java.util.stream.Collectors;

/** What the API server says of a service, as far as it may be read; nothing depends on it. */
record ServiceFacts(String namespace, String name, String selector, String ports) {
  /** Reads the service; where that is forbidden only its name is known. */
  static ServiceFacts read(KubernetesClient client, String namespace, String name) {
    try {
      Service service = client.services().inNamespace(namespace).withName(name).get();
      if (service == null) {
        return new ServiceFacts(namespace, name, "no such service", "");
      }
      Map<String, String> selector = service.getSpec().getSelector();
      return new ServiceFacts(
          namespace,
          name,
          selector == null || selector.isEmpty()
              ? "none"
              : selector.entrySet().stream()
                  .map(label -> label.getKey() + "=" + label.getValue())
                  .collect(Collectors.joining(", ")),
          service.getSpec().getPorts().stream()
              .map(
                  port ->
                      (port.getName() == null ? "" : port.getName() + " ")
                          + port.getPort()
                          + " \u2192 "
                          + port.getTargetPort().getValue())
              .collect(Collectors.joining(", ")));
    } catch (KubernetesClientException e) {
      return new ServiceFacts(namespace, name, "may not be read", "");
    }
  }
}
