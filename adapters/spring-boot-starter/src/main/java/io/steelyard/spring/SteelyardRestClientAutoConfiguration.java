package io.steelyard.spring;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.http.BalancedHttpClientBuilder;
import java.net.http.HttpClient;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.config.ConfigurableBeanFactory;
import org.springframework.boot.autoconfigure.AutoConfiguration;
import org.springframework.boot.autoconfigure.condition.ConditionalOnClass;
import org.springframework.boot.autoconfigure.condition.ConditionalOnMissingBean;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.JdkHttpClientBuilder;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.restclient.RestClientCustomizer;
import org.springframework.boot.restclient.autoconfigure.RestClientAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Scope;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/**
 * {@code @Balanced HttpClient} and {@code @Balanced RestClient.Builder}. Neither is a candidate
 * where that mark is missing, so that the application's own stay what they are.
 */
@AutoConfiguration(
    after = {
      SteelyardAutoConfiguration.class,
      HttpClientAutoConfiguration.class,
      RestClientAutoConfiguration.class
    })
@ConditionalOnClass({RestClient.class, BalancedHttpClient.class, RestClientCustomizer.class})
public final class SteelyardRestClientAutoConfiguration {
  /** A pod that has gone does not refuse a connection; it says nothing at all. */
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(2);

  /** Made by Spring. */
  SteelyardRestClientAutoConfiguration() {}

  /**
   * The client, over one with the settings of {@code spring.http.clients.…}. What a service of the
   * properties is called is checked where it is made; a balancer of the application's own need not
   * have a name that can be a host.
   */
  @Bean(defaultCandidate = false, destroyMethod = "shutdownNow")
  @Balanced
  @ConditionalOnMissingBean(name = "balancedHttpClient")
  static BalancedHttpClient balancedHttpClient(
      ListableBeanFactory beans, ObjectProvider<HttpClientSettings> settings) {
    Map<String, Balancer> services = new TreeMap<>();
    BalancerRegistrar.byService(beans)
        .forEach((name, balancer) -> services.put(name.toLowerCase(Locale.ROOT), balancer));
    HttpClientSettings given = settings.getIfAvailable(HttpClientSettings::defaults);
    HttpClient delegate =
        new JdkHttpClientBuilder()
            .build(
                given.connectTimeout() == null ? given.withConnectTimeout(CONNECT_TIMEOUT) : given);
    BalancedHttpClientBuilder builder = BalancedHttpClient.wrap(delegate);
    return builder.resolver(services::get).build();
  }

  @Bean(defaultCandidate = false)
  @Scope(ConfigurableBeanFactory.SCOPE_PROTOTYPE)
  @Balanced
  @ConditionalOnMissingBean(name = "balancedRestClientBuilder")
  static RestClient.Builder balancedRestClientBuilder(
      @Balanced HttpClient client,
      ObjectProvider<HttpClientSettings> settings,
      ObjectProvider<RestClientCustomizer> customizers) {
    JdkClientHttpRequestFactory requests = new JdkClientHttpRequestFactory(client);
    Duration readTimeout = settings.getIfAvailable(HttpClientSettings::defaults).readTimeout();
    if (readTimeout != null) {
      requests.setReadTimeout(readTimeout);
    }
    RestClient.Builder builder = RestClient.builder();
    customizers.orderedStream().forEach(customizer -> customizer.customize(builder));
    return builder.requestFactory(requests); // last: this is what balances
  }
}
