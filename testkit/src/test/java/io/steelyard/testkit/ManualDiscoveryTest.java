package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class ManualDiscoveryTest {
  private static final Endpoint A = Endpoint.of("a", 1);
  private static final Endpoint B = Endpoint.of("b", 1);

  private static class Recorder implements Discovery.Listener {
    final List<Object> heard = new ArrayList<>();

    @Override
    public void update(Topology topology) {
      heard.add(topology);
    }

    @Override
    public void failed(Throwable cause) {
      heard.add(cause);
    }
  }

  @Test
  void a_watcher_hears_what_is_published_and_a_new_one_the_last() throws Exception {
    ManualDiscovery discovery = new ManualDiscovery();
    Recorder first = new Recorder();
    AutoCloseable watch = discovery.watch(first);
    assertThat(first.heard).isEmpty();
    discovery.publish(A);
    discovery.publish(A, B);
    Recorder second = new Recorder();
    discovery.watch(second);
    assertThat(first.heard).containsExactly(Topology.of(A), Topology.of(A, B));
    assertThat(second.heard).containsExactly(Topology.of(A, B));
    assertThat(discovery.watchers()).isEqualTo(2);
    watch.close();
    watch.close();
    assertThat(discovery.watchers()).isEqualTo(1);
    discovery.publish(B);
    assertThat(first.heard).hasSize(2);
    assertThat(second.heard).hasSize(2);
  }

  @Test
  void failures_are_told_and_not_replayed() {
    ManualDiscovery discovery = new ManualDiscovery(A);
    Recorder before = new Recorder();
    discovery.watch(before);
    Exception cause = new Exception();
    discovery.fail(cause);
    Recorder after = new Recorder();
    discovery.watch(after);
    assertThat(before.heard).containsExactly(Topology.of(A), cause);
    assertThat(after.heard).containsExactly(Topology.of(A));
  }

  @Test
  void a_watch_that_is_closed_while_another_is_told_hears_no_more() {
    ManualDiscovery discovery = new ManualDiscovery();
    List<AutoCloseable> watches = new ArrayList<>();
    Recorder second = new Recorder();
    discovery.watch(
        new Recorder() {
          @Override
          public void update(Topology topology) {
            try {
              watches.get(0).close();
            } catch (Exception e) {
              throw new AssertionError(e);
            }
          }
        });
    watches.add(discovery.watch(second));
    discovery.publish(A);
    assertThat(second.heard).isEmpty();
  }
}
