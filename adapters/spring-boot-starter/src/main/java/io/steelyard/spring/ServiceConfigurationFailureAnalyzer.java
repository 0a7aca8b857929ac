package io.steelyard.spring;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.source.ConfigurationProperty;
import org.springframework.boot.context.properties.source.ConfigurationPropertyName;
import org.springframework.boot.context.properties.source.ConfigurationPropertySource;
import org.springframework.boot.context.properties.source.ConfigurationPropertySources;
import org.springframework.boot.diagnostics.AbstractFailureAnalyzer;
import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.core.env.Environment;

/** Says at a failed start which property is wrong, where it stands, and what may stand there. */
final class ServiceConfigurationFailureAnalyzer
    extends AbstractFailureAnalyzer<ServiceConfigurationException> {
  private final @Nullable Environment environment;

  ServiceConfigurationFailureAnalyzer(@Nullable Environment environment) {
    this.environment = environment;
  }

  @Override
  protected FailureAnalysis analyze(Throwable failure, ServiceConfigurationException cause) {
    String origin = originOf(cause.key());
    return new FailureAnalysis(
        cause.getMessage(),
        "Change " + cause.key() + (origin == null ? "." : ", which stands in " + origin + "."),
        cause);
  }

  private @Nullable String originOf(String key) {
    if (environment == null || !ConfigurationPropertyName.isValid(key)) {
      return null;
    }
    ConfigurationPropertyName name = ConfigurationPropertyName.of(key);
    for (ConfigurationPropertySource source : ConfigurationPropertySources.get(environment)) {
      ConfigurationProperty property = source.getConfigurationProperty(name);
      if (property != null) {
        return property.getOrigin() == null ? null : property.getOrigin().toString();
      }
    }
    return null;
  }
}
