package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.ServiceFacts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** How policies hear of a service. */
class DescriberTest {
  private final ServiceFacts unknown = ServiceFacts.unknown("shop", "cart");
  private final ServiceFacts known =
      new ServiceFacts("shop", "cart", Map.of("app", "cart"), Set.of("http"));

  @Test
  void slices_that_come_as_it_starts_are_told_last() {
    AtomicReference<ServiceFacts> facts = new AtomicReference<>(unknown);
    AtomicReference<Describer> describer = new AtomicReference<>();
    List<ServiceFacts> told = new ArrayList<>();
    describer.set(
        new Describer(
            () -> {
              ServiceFacts read = facts.get();
              if (facts.compareAndSet(unknown, known)) { // the list comes just now
                describer.get().update(Topology.of());
              }
              return read;
            }));
    describer.get().start(told::add);
    assertThat(told).last().isEqualTo(known);
  }

  @Test
  void nothing_is_told_before_it_is_started() {
    Describer describer = new Describer(() -> known);
    describer.update(Topology.of());
    List<ServiceFacts> told = new ArrayList<>();
    describer.start(told::add);
    assertThat(told).containsExactly(known);
  }
}
