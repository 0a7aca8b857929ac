package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.kubernetes.KubernetesDiscovery;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

/**
 * Calls the pods of service {@code cart} in namespace {@code shop}: in a pod, or wherever the
 * current kubeconfig leads to a cluster whose pods can be reached.
 */
public final class KubernetesService {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    Balancer cart =
        Balancer.builder(KubernetesDiscovery.service("shop", "cart").port("http")).build();
    HttpClient http =
        BalancedHttpClient.wrap(HttpClient.newHttpClient()).service("cart", cart).build();

    HttpRequest request = HttpRequest.newBuilder(URI.create("http://cart/items")).build();
    HttpResponse<String> answer = http.send(request, BodyHandlers.ofString());

    System.out.println(answer.uri().getAuthority() + " answered " + answer.statusCode());
    System.out.println(cart.explain());
    cart.close();
  }

  private KubernetesService() {}
}
