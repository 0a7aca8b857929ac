package io.steelyard.spring;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Discovery;
import io.steelyard.kubernetes.KubernetesDiscovery;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;

/** Makes discoveries of Kubernetes. Loaded only where the module is on the class path. */
final class KubernetesServices {
  private KubernetesServices() {}

  /**
   * Reads {@code <place>.kubernetes}. The application's client is used, if it has one as a bean.
   *
   * @param name the service's name where the properties give none
   * @throws ServiceConfigurationException for the first thing that is wrong
   */
  static Discovery discovery(
      String place, String name, SteelyardProperties.Kubernetes properties, BeanFactory beans) {
    String at = place + ".kubernetes";
    try {
      String service = properties.service() == null ? name : properties.service();
      KubernetesDiscovery discovery =
          properties.namespace() == null
              ? KubernetesDiscovery.service(service)
              : KubernetesDiscovery.service(properties.namespace(), service);
      if (properties.port() != null) {
        discovery = discovery.port(properties.port());
      }
      String context = properties.context();
      if (properties.kubeconfig() != null) {
        Path file = Path.of(properties.kubeconfig());
        return context == null ? discovery.kubeconfig(file) : discovery.kubeconfig(file, context);
      }
      if (context != null) {
        throw new ServiceConfigurationException(
            at + ".context", "\"" + context + "\" (expected: only with kubeconfig)");
      }
      KubernetesClient client = beans.getBeanProvider(KubernetesClient.class).getIfUnique();
      return client == null ? discovery : discovery.client(client);
    } catch (ServiceConfigurationException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      // service: "…" (expected: …)
      String message = String.valueOf(e.getMessage());
      int colon = message.indexOf(": ");
      boolean named = colon > 0 && message.substring(0, colon).matches("[a-z]+");
      throw named
          ? new ServiceConfigurationException(
              at + "." + message.substring(0, colon), message.substring(colon + 2))
          : new ServiceConfigurationException(at, message);
    }
  }

  /** When the API server last said anything; null if that is no discovery of Kubernetes. */
  static @Nullable Supplier<@Nullable Duration> sinceHeard(Discovery discovery) {
    return discovery instanceof KubernetesDiscovery kubernetes
        ? () -> kubernetes.status().sinceHeard()
        : null;
  }
}
