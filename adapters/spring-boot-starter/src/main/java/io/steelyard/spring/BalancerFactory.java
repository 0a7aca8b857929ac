package io.steelyard.spring;

import io.steelyard.Balancer;
import io.steelyard.BalancerBuilder;
import io.steelyard.Discovery;
import io.steelyard.Stage;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.springframework.beans.factory.BeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.util.ClassUtils;

/** Makes the balancer of a service from its properties, when its bean is made. */
final class BalancerFactory {
  private static final String SERVICES = "steelyard.services";

  private final SteelyardProperties properties;
  private final ObjectProvider<BalancerCustomizer> customizers;
  private final BeanFactory beans;
  private final Map<String, Supplier<@Nullable Duration>> sinceHeard = new ConcurrentHashMap<>();

  BalancerFactory(
      SteelyardProperties properties,
      ObjectProvider<BalancerCustomizer> customizers,
      BeanFactory beans) {
    this.properties = properties;
    this.customizers = customizers;
    this.beans = beans;
  }

  /**
   * Builds and starts the balancer of a service; called for each bean that {@link
   * BalancerRegistrar} has registered.
   *
   * @throws ServiceConfigurationException if its properties are wrong
   */
  Balancer create(String name) {
    String place = placeOf(name);
    SteelyardProperties.Service service = Objects.requireNonNull(properties.services().get(name));
    requireHost(place, name);
    Discovery discovery = discovery(place, name, service);
    BalancerBuilder builder = Balancer.builder(discovery).name(name);
    if (service.strategy() != null) {
      builder.strategy(PolicyProperties.strategy(place, service.strategy()));
    }
    if (service.stages() != null) {
      builder.stages(PolicyProperties.stages(place, service.stages()).toArray(new Stage[0]));
    }
    if (service.retry() != null) {
      builder.retry(RetryProperties.policy(place, service.retry()));
    }
    try {
      if (service.awaitFirst() != null) {
        builder.awaitFirst(service.awaitFirst());
      }
      if (service.latencyDecay() != null) {
        builder.latencyDecay(service.latencyDecay());
      }
    } catch (IllegalArgumentException e) {
      throw ServiceConfigurationException.of(
          place, new IllegalArgumentException(place + "." + e.getMessage()));
    }
    customizers.orderedStream().forEach(customizer -> customizer.customize(name, builder));
    Balancer balancer = builder.build();
    Supplier<@Nullable Duration> heard =
        kubernetesPresent() ? KubernetesServices.sinceHeard(discovery) : null;
    if (heard != null) {
      sinceHeard.put(name, heard);
    }
    return balancer;
  }

  /** The prefix of a service's properties; as Spring has it, a name with dots is in brackets. */
  private static String placeOf(String name) {
    return name.indexOf('.') < 0 ? SERVICES + "." + name : SERVICES + "[" + name + "]";
  }

  /** How long ago a service's source has said anything; null where nobody knows. */
  @Nullable Supplier<@Nullable Duration> sinceHeard(String service) {
    return sinceHeard.get(service);
  }

  private Discovery discovery(String place, String name, SteelyardProperties.Service service) {
    List<String> endpoints = service.endpoints();
    SteelyardProperties.Kubernetes kubernetes = service.kubernetes();
    String bean = service.discovery();
    int sources =
        (endpoints == null || endpoints.isEmpty() ? 0 : 1)
            + (service.dns() == null ? 0 : 1)
            + (service.file() == null ? 0 : 1)
            + (kubernetes == null ? 0 : 1)
            + (bean == null ? 0 : 1);
    if (sources != 1) {
      throw new ServiceConfigurationException(
          place,
          sources
              + " sources of endpoints (expected: one of endpoints, dns, file, kubernetes,"
              + " discovery)");
    }
    if (bean != null) {
      if (!beans.containsBean(bean) || !beans.isTypeMatch(bean, Discovery.class)) {
        throw new ServiceConfigurationException(
            place + ".discovery",
            "\"" + bean + "\" (expected: the name of a bean of type Discovery)");
      }
      return beans.getBean(bean, Discovery.class);
    }
    if (kubernetes != null) {
      if (!kubernetesPresent()) {
        throw new ServiceConfigurationException(
            place + ".kubernetes",
            "steelyard-kubernetes-discovery is not on the class path (expected: that dependency)");
      }
      return KubernetesServices.discovery(place, name, kubernetes, beans);
    }
    if (service.dns() != null) {
      return Sources.dns(place, service.dns());
    }
    if (service.file() != null) {
      return Sources.file(place, service.file());
    }
    return Sources.fixed(place, Objects.requireNonNull(endpoints));
  }

  private static boolean kubernetesPresent() {
    return ClassUtils.isPresent("io.steelyard.kubernetes.KubernetesDiscovery", null);
  }

  /** The name is the host in {@code http://name/}. */
  private static void requireHost(String place, String name) {
    try {
      if (name.equals(URI.create("http://" + name + "/").getHost())) {
        return;
      }
    } catch (IllegalArgumentException e) {
      // Then it is none.
    }
    throw new ServiceConfigurationException(
        place, "\"" + name + "\" (expected: a host name: letters, digits, '-' and '.')");
  }
}
