package io.steelyard.benchmarks.peers;

import com.palantir.dialogue.core.DialoguePeers;
import io.grpc.xds.GrpcXds;
import io.servicetalk.loadbalancer.ServiceTalkPeers;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.PeerName;
import io.steelyard.benchmarks.Subject;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/** The same operations as ours, by other libraries. */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Peers {
  private static final int WARM_CALLS = 15_000;

  /** A choice, by whatever means the library has. */
  @Benchmark
  public Object pick(Measured measured) {
    return measured.peer.pick();
  }

  /** A choice for a key whose hash is known. */
  @Benchmark
  public Object keyed(Measured measured, Turn turn) {
    return measured.peer.pick(turn.next++ & (Keys.SIZE - 1));
  }

  /** A choice, counted, and its end. */
  @Benchmark
  public Object begin(Measured measured, Blackhole sink) {
    Peer peer = measured.peer;
    Object begun = peer.begin();
    sink.consume(begun);
    peer.end(begun);
    return begun;
  }

  /** A thread's own. */
  @State(Scope.Thread)
  public static class Turn {
    int next;
  }

  /** The peer that is measured, with requests in flight as in ours. */
  @State(Scope.Benchmark)
  @SuppressWarnings("NullAway.Init") // by JMH and setUp
  public static class Measured {
    @Param("10")
    public int n;

    /** One of {@link PeerName}. */
    @Param("GRPC_ROUND_ROBIN")
    public PeerName peerName;

    /** In {@code alone} the JVM has seen this peer only, in {@code mixed} all of them. */
    @Param({"alone", "mixed"})
    public String jvm;

    Peer peer;

    /** Builds it; first of all the others where the JVM is to have seen them. */
    @Setup
    public void setUp(Blackhole sink) {
      if (jvm.equals("mixed")) {
        seeEverything(sink);
      }
      peer = make(peerName, n);
      if (peerName.begins()) {
        load(peer, n);
      }
    }

    /** Ends it. */
    @TearDown
    public void tearDown() {
      peer.close();
    }
  }

  static Peer make(PeerName name, int n) {
    List<Endpoint> endpoints = Subject.endpoints(n, name.weighted());
    return switch (name) {
      case GRPC_ROUND_ROBIN -> GrpcPeers.roundRobin(endpoints);
      case GRPC_ROUND_ROBIN_HEALTH -> GrpcPeers.roundRobinWithHealth(endpoints);
      case GRPC_STATIC_STRIDE -> GrpcXds.staticStride(endpoints);
      case GRPC_LEAST_REQUEST -> GrpcPeers.leastRequest(endpoints);
      case GRPC_RING_HASH -> GrpcPeers.ringHash(endpoints);
      case ARMERIA_ROUND_ROBIN -> ArmeriaPeers.roundRobin(endpoints);
      case ARMERIA_WEIGHTED_ROUND_ROBIN -> ArmeriaPeers.weightedRoundRobin(endpoints);
      case ARMERIA_WEIGHTED_RANDOM -> ArmeriaPeers.weightedRandom(endpoints);
      case SERVICETALK_ROUND_ROBIN -> ServiceTalkPeers.roundRobin(endpoints);
      case SERVICETALK_WEIGHTED -> ServiceTalkPeers.weightedRoundRobin(endpoints);
      case SERVICETALK_P2C -> ServiceTalkPeers.p2c(endpoints);
      case FINAGLE_ROUND_ROBIN -> FinaglePeers.roundRobin(endpoints);
      case FINAGLE_P2C -> FinaglePeers.p2c(endpoints);
      case FINAGLE_PEAK_EWMA -> FinaglePeers.p2cPeakEwma(endpoints);
      case DIALOGUE_BALANCED -> DialoguePeers.balanced(endpoints);
      case RIBBON_ROUND_ROBIN -> RibbonPeers.roundRobin(endpoints);
      case RIBBON_BEST_AVAILABLE -> RibbonPeers.bestAvailable(endpoints);
      case STORK_ROUND_ROBIN -> StorkPeers.roundRobin(endpoints);
      case STORK_LEAST_REQUESTS -> StorkPeers.leastRequests(endpoints);
      case STORK_P2C -> StorkPeers.powerOfTwo(endpoints);
      case SPRING_ROUND_ROBIN -> SpringCloudPeers.roundRobin(endpoints);
      case SPRING_RANDOM -> SpringCloudPeers.random(endpoints);
    };
  }

  /** As in ours: about one request and a half in flight on each. */
  static void load(Peer peer, int n) {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 3 * n; i++) {
      Object begun = peer.begin();
      if (random.nextBoolean()) {
        peer.end(begun);
      }
    }
  }

  private static void seeEverything(Blackhole sink) {
    List<Peer> all = new ArrayList<>();
    List<PeerName> names = List.of(PeerName.values());
    for (PeerName name : names) {
      all.add(make(name, 8));
    }
    for (int i = 0; i < WARM_CALLS; i++) {
      for (int j = 0; j < names.size(); j++) {
        if (names.get(j).picks()) {
          sink.consume(all.get(j).pick());
        }
        if (names.get(j).keyed()) {
          sink.consume(all.get(j).pick(i & (Keys.SIZE - 1)));
        }
        if (names.get(j).begins()) {
          Object begun = all.get(j).begin();
          sink.consume(begun);
          all.get(j).end(begun);
        }
      }
    }
    all.forEach(Peer::close);
  }
}
