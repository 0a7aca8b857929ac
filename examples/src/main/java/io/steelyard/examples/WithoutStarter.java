package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.kubernetes.KubernetesDiscovery;
import java.net.http.HttpClient;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.web.client.RestClient;

/** Beans for Spring Boot 3, or for whoever does without the starter. */
@Configuration
public class WithoutStarter {
  @Bean
  Balancer cart() {
    return Balancer.builder(KubernetesDiscovery.service("shop", "cart").port("http")).build();
  }

  @Bean
  RestClient cartClient(Balancer cart) {
    HttpClient http =
        BalancedHttpClient.wrap(HttpClient.newHttpClient()).service("cart", cart).build();
    return RestClient.builder().requestFactory(new JdkClientHttpRequestFactory(http)).build();
  }
}
