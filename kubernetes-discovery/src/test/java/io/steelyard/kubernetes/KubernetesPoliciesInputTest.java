package io.steelyard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.steelyard.Topology.State;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** What is refused before anything is watched. */
class KubernetesPoliciesInputTest {
  private final KubernetesPolicies shop = KubernetesPolicies.in("shop");

  @Test
  void settings_out_of_range_are_refused_by_name() {
    assertThatThrownBy(() -> KubernetesPolicies.in("Shop"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("namespace: \"Shop\" (expected: a DNS label");
    assertThatThrownBy(() -> KubernetesPolicies.in(null)).isInstanceOf(NullPointerException.class);
    assertThatThrownBy(() -> shop.silenceLimit(Duration.ofSeconds(1)))
        .hasMessage("silenceLimit: PT1S (expected: PT10S to PT1H)");
    assertThatThrownBy(() -> shop.kubeconfig(Path.of("none")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("none cannot be read");
    assertThatThrownBy(() -> shop.of(null)).isInstanceOf(NullPointerException.class);
  }

  @Test
  void a_client_and_a_kubeconfig_are_not_given_together() {
    try (KubernetesClient client =
        new KubernetesClientBuilder()
            .withConfig(new ConfigBuilder().withAutoConfigure(false).build())
            .build()) {
      assertThatThrownBy(() -> shop.client(client).kubeconfig(Path.of("none")))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("one of the two");
    }
  }

  @Test
  void what_is_not_watched_says_so() {
    assertThat(shop).hasToString("policies in shop");
    assertThat(shop.status().state()).isEqualTo(State.SYNCING);
    assertThat(shop.status()).hasToString("policies in shop: SYNCING (not watched) []");
    assertThat(shop.of(KubernetesDiscovery.service("shop", "cart").port("http")))
        .hasToString("policies in shop for kubernetes shop/cart:http");
  }
}
