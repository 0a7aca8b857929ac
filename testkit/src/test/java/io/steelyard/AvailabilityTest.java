package io.steelyard;

import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link BalancerBuilder#available} and {@link Balancer#refresh}. */
class AvailabilityTest {
  private final Set<String> connected = new HashSet<>(List.of("e0"));

  private final Fixture fixture =
      new Fixture(
          eps(4),
          b ->
              b.stages(Stages.ejection().panicBelow(0.5))
                  .strategy(Strategies.roundRobin())
                  .available(endpoint -> connected.contains(endpoint.id())));

  @Test
  void what_is_not_available_gets_nothing_though_most_are_not() {
    assertThat(fixture.requests(100)).containsOnlyKeys("e0");
    assertThat(fixture.reason("e1")).isEqualTo("not connected");
  }

  @Test
  void no_panic_guard_overrules_it() {
    connected.addAll(List.of("e1", "e2"));
    fixture.balancer.refresh();
    for (String id : List.of("e0", "e1", "e2")) {
      fixture.on(id, Outcome.FAILURE, 5);
      fixture.settle();
    }
    assertThat(fixture.requests(100)).as("in panic all that are connected").hasSize(3);
    assertThat(fixture.balancer.explain().toString()).contains("stands aside");
    assertThat(fixture.reason("e3")).isEqualTo("not connected");
  }

  @Test
  void a_refresh_takes_up_what_has_changed_at_once() {
    fixture.balancer.refresh(); // so that the pause between two runs has begun
    connected.add("e3");
    assertThat(fixture.requests(100)).containsOnlyKeys("e0");
    fixture.balancer.refresh();
    assertThat(fixture.requests(100)).containsOnlyKeys("e0", "e3");
    connected.clear();
    fixture.balancer.refresh();
    assertThatThrownBy(fixture::request)
        .isInstanceOfSatisfying(
            NoEndpointException.class,
            e -> assertThat(e.why()).isEqualTo(NoEndpointException.Why.EXCLUDED))
        .hasMessageContaining("not connected");
  }

  @Test
  void a_refresh_of_a_closed_balancer_does_nothing() {
    fixture.balancer.close();
    fixture.balancer.refresh();
    assertThat(fixture.platform.scheduled()).isZero();
  }
}
