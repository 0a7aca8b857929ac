package io.steelyard.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.benchmarks.PeerName;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What the benchmarks measure is a choice among all endpoints. */
class PeersTest {
  private static final int N = 10;

  @ParameterizedTest
  @EnumSource
  void everyOperationReachesAllEndpoints(PeerName name) {
    try (Peer peer = Peers.make(name, N)) {
      Set<Object> picked = new HashSet<>();
      Set<Object> keyed = new HashSet<>();
      Set<Object> begun = new HashSet<>();
      // Some in flight: of equals, some peers always choose the first.
      Deque<Object> open = new ArrayDeque<>();
      for (int i = 0; i < 3000; i++) {
        if (name.picks()) {
          picked.add(peer.endpointOf(peer.pick()));
        }
        if (name.keyed()) {
          keyed.add(peer.endpointOf(peer.pick(i % Keys.SIZE)));
        }
        if (name.begins()) {
          Object request = peer.begin();
          begun.add(peer.endpointOf(request));
          open.add(request);
          if (open.size() == 3 * N / 2) {
            peer.end(open.remove());
          }
        }
      }
      assertThat(picked).hasSize(name.picks() ? N : 0);
      assertThat(keyed).hasSize(name.keyed() ? N : 0);
      assertThat(begun).hasSize(name.begins() ? N : 0);
      assertThat(name.picks() || name.keyed() || name.begins()).isTrue();
    }
  }

  /** Requests that never end must draw the next ones elsewhere: they are counted. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "GRPC_LEAST_REQUEST",
        "SERVICETALK_P2C",
        "FINAGLE_P2C",
        "FINAGLE_PEAK_EWMA",
        "DIALOGUE_BALANCED",
        "RIBBON_BEST_AVAILABLE",
        "STORK_LEAST_REQUESTS",
        "STORK_P2C"
      })
  void requestsInFlightAreCounted(PeerName name) {
    try (Peer peer = Peers.make(name, N)) {
      Map<Object, Integer> inFlight = new HashMap<>();
      for (int i = 0; i < 100 * N; i++) {
        inFlight.merge(peer.endpointOf(peer.begin()), 1, Integer::sum);
      }
      // At random the largest of ten would have about 115; the better of two is within a few.
      assertThat(inFlight.values()).allMatch(count -> count <= 105);
    }
  }

  /** The weights are 1 to 100: heavy endpoints come up more often than light ones. */
  @ParameterizedTest
  @EnumSource(
      names = {
        "GRPC_STATIC_STRIDE",
        "ARMERIA_WEIGHTED_ROUND_ROBIN",
        "ARMERIA_WEIGHTED_RANDOM",
        "SERVICETALK_WEIGHTED"
      })
  void weightsCount(PeerName name) {
    try (Peer peer = Peers.make(name, N)) {
      Map<Object, Integer> picks = new HashMap<>();
      for (int i = 0; i < 10_000; i++) {
        picks.merge(peer.endpointOf(peer.pick()), 1, Integer::sum);
      }
      int least = picks.values().stream().min(Integer::compare).orElseThrow();
      int most = picks.values().stream().max(Integer::compare).orElseThrow();
      assertThat(most).isGreaterThan(5 * least);
    }
  }
}
