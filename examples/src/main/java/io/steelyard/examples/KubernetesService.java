package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.http.BalancedHttpClient;
import io.steelyard.kubernetes.KubernetesDiscovery;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Calls a service in Kubernetes, straight to its pods: {@code KubernetesService shop cart http}, in
 * a pod or wherever {@code ~/.kube/config} leads to a cluster whose pods can be reached.
 */
public final class KubernetesService {
  /** Runs it; the arguments are namespace, service and port name. */
  public static void main(String... args) throws Exception {
    KubernetesDiscovery discovery = KubernetesDiscovery.service(args[0], args[1]).port(args[2]);
    try (Balancer balancer = Balancer.builder(discovery).name(args[1]).build()) {
      HttpClient client =
          BalancedHttpClient.wrap(
                  HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build())
              .service(args[1], balancer)
              .build();
      URI uri = URI.create("http://" + args[1] + "/");
      for (int i = 0; i < 10; i++) {
        var response = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.ofString());
        System.out.println(response.uri().getAuthority() + " answered " + response.statusCode());
      }
      System.out.println(discovery.status());
      System.out.println(balancer.explain());
    }
  }

  private KubernetesService() {}
}
