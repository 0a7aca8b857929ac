package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What slices say of a service as a whole. */
class ServiceFactsTest {
  private static Slice slice(Map<String, String> labels, Slice.Port... ports) {
    return new Slice("s", "IPv4", List.of(ports), List.of(), null, Long.MIN_VALUE, labels);
  }

  private static Slice.Port port(String name, Integer number) {
    return new Slice.Port(name, number, "TCP", null);
  }

  private static ServiceFacts facts(PortChoice choice, Slice... slices) {
    return ServiceFacts.unknown("shop", "cart").updatedBy(choice, Arrays.asList(slices));
  }

  @Test
  void the_services_labels_are_those_that_all_slices_agree_on() {
    assertThat(facts(PortChoice.ONLY).labels()).isEmpty();
    assertThat(
            facts(
                    PortChoice.ONLY,
                    slice(Map.of("app", "cart", "tier", "front", "made-by", "a")),
                    slice(Map.of("app", "cart", "tier", "back", "made-by", "a")))
                .labels())
        .containsExactlyInAnyOrderEntriesOf(Map.of("app", "cart", "made-by", "a"));
  }

  @Test
  void a_chosen_port_is_known_by_its_name_and_by_its_numbers() {
    Slice[] slices = {
      slice(Map.of(), port("http", 8080), port("admin", 9090)),
      slice(Map.of(), port("http", 8081), port("", 7070))
    };
    assertThat(facts(PortChoice.named("http"), slices).ports())
        .containsExactlyInAnyOrder("http", "8080", "8081");
    assertThat(facts(PortChoice.numbered(9090), slices).ports())
        .containsExactlyInAnyOrder("admin", "9090");
    assertThat(facts(PortChoice.ONLY, slices).ports())
        .containsExactlyInAnyOrder("http", "8080", "8081", "admin", "9090", "7070");
    assertThat(facts(PortChoice.named("http")).ports()).containsExactly("http");
  }
}
