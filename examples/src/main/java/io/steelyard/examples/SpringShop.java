package io.steelyard.examples;

import io.steelyard.spring.Balanced;
import org.springframework.boot.CommandLineRunner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.web.client.RestClient;

/**
 * A Spring Boot application that calls {@code http://cart/items}. Which endpoints {@code cart} has
 * is said by properties: {@code --steelyard.services.cart.endpoints=10.0.0.7:8080,10.0.0.8:8080}.
 */
@EnableAutoConfiguration
public class SpringShop implements CommandLineRunner {
  private final RestClient cart;

  SpringShop(@Balanced RestClient.Builder builder) {
    this.cart = builder.baseUrl("http://cart").build();
  }

  @Override
  public void run(String... args) {
    System.out.println(cart.get().uri("/items").retrieve().body(String.class));
  }

  /** Runs it. */
  public static void main(String... args) {
    SpringApplication.run(SpringShop.class, args).close();
  }
}
