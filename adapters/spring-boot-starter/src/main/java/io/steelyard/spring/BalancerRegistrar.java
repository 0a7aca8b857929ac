package io.steelyard.spring;

import io.steelyard.Balancer;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.beans.factory.support.AutowireCandidateQualifier;
import org.springframework.beans.factory.support.BeanDefinitionRegistry;
import org.springframework.beans.factory.support.RootBeanDefinition;
import org.springframework.boot.context.properties.bind.Binder;
import org.springframework.context.EnvironmentAware;
import org.springframework.context.annotation.ImportBeanDefinitionRegistrar;
import org.springframework.core.env.Environment;
import org.springframework.core.type.AnnotationMetadata;

/**
 * Registers a balancer for each service in the properties: the bean {@code cartBalancer} with the
 * qualifier {@code cart}.
 */
final class BalancerRegistrar implements ImportBeanDefinitionRegistrar, EnvironmentAware {
  static final String FACTORY = "steelyardBalancerFactory";
  private static final String SUFFIX = "Balancer";

  private Environment environment;

  /** Made by Spring, which sets the environment next. */
  @SuppressWarnings("NullAway.Init")
  BalancerRegistrar() {}

  @Override
  public void setEnvironment(Environment environment) {
    this.environment = environment;
  }

  @Override
  public void registerBeanDefinitions(
      AnnotationMetadata importing, BeanDefinitionRegistry registry) {
    SteelyardProperties properties =
        Binder.get(environment).bindOrCreate("steelyard", SteelyardProperties.class);
    for (String service : properties.services().keySet()) {
      String bean = service + SUFFIX;
      if (registry.containsBeanDefinition(bean)) {
        continue; // the application has made that one itself
      }
      RootBeanDefinition definition = new RootBeanDefinition();
      definition.setTargetType(Balancer.class);
      definition.setFactoryBeanName(FACTORY);
      definition.setFactoryMethodName("create");
      definition.getConstructorArgumentValues().addIndexedArgumentValue(0, service);
      definition.setDestroyMethodName("close");
      definition.addQualifier(new AutowireCandidateQualifier(Qualifier.class, service));
      registry.registerBeanDefinition(bean, definition);
    }
  }

  /**
   * All balancers of an application by the service's name: that of the bean, without {@code
   * Balancer} at the end.
   */
  static Map<String, Balancer> byService(ListableBeanFactory beans) {
    Map<String, Balancer> services = new TreeMap<>();
    beans
        .getBeansOfType(Balancer.class)
        .forEach((bean, balancer) -> services.put(serviceOf(bean), balancer));
    return services;
  }

  private static String serviceOf(String bean) {
    return bean.endsWith(SUFFIX) && bean.length() > SUFFIX.length()
        ? bean.substring(0, bean.length() - SUFFIX.length())
        : bean;
  }
}
