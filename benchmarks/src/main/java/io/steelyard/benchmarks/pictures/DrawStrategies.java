package io.steelyard.benchmarks.pictures;

import static io.steelyard.strategy.LoadMetric.inFlight;
import static io.steelyard.strategy.LoadMetric.peakEwma;

import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes the picture of each strategy into a folder. */
public final class DrawStrategies {
  private static final Duration AT_ONCE = Duration.ZERO;

  private DrawStrategies() {}

  /** Takes the folder. */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length != 1) {
      System.err.println(
          "usage: benchmarks/pictures FOLDER (got " + arguments.length + " folders)");
      System.exit(2);
    }
    Path folder = Files.createDirectories(Path.of(arguments[0]));
    for (Map.Entry<String, Svg> picture : all().entrySet()) {
      Files.writeString(folder.resolve(picture.getKey() + ".svg"), picture.getValue().toString());
    }
  }

  /** Each picture by its name. */
  static Map<String, Svg> all() {
    Map<String, Svg> pictures = new LinkedHashMap<>();
    pictures.put("round-robin", turns("roundRobin()", Strategies.roundRobin(), 1, 1, 1, 1, 1));
    pictures.put(
        "weighted-round-robin",
        turns("weightedRoundRobin(), weights 5, 1, 1", Strategies.weightedRoundRobin(), 5, 1, 1));
    pictures.put("random", turns("random(), weights 2, 1, 1", Strategies.random(), 2, 1, 1));
    pictures.put("timed-round-robin", timed());
    pictures.put("least-connections", lanes("leastConnections()", Strategies.leastConnections()));
    pictures.put(
        "power-of-two-in-flight",
        lanes("powerOfTwo(inFlight())", Strategies.powerOfTwo(inFlight())));
    pictures.put(
        "power-of-two-peak-ewma",
        lanes("powerOfTwo(peakEwma())", Strategies.powerOfTwo(peakEwma())));
    pictures.put("adaptive", lanes("adaptive()", Strategies.adaptive()));
    pictures.put(
        "power-of-three-in-flight",
        lanes("powerOf(3, inFlight())", Strategies.powerOf(3, inFlight())));
    pictures.put("ring-hash", leaver("ringHash()", Strategies.ringHash()));
    pictures.put("maglev", leaver("maglev()", Strategies.maglev()));
    pictures.put("rendezvous", leaver("rendezvous()", Strategies.rendezvous()));
    pictures.put("jump-hash", jump());
    pictures.put(
        "bounded-load",
        BoundPicture.of(
            "boundedLoad(ringHash(), 0.25)",
            Strategies.ringHash(),
            Strategies.boundedLoad(Strategies.ringHash(), 0.25),
            0.25));
    pictures.put("session-affinity", sessions());
    return pictures;
  }

  private static Svg turns(String title, Strategy strategy, int... weights) {
    try (Pods pods = new Pods(strategy, "", weights)) {
      return TurnsPicture.of(title, pods, weights, 56, AT_ONCE, "56 requests, one after the other");
    }
  }

  private static Svg timed() {
    int[] weights = {1, 1, 2, 1};
    Strategy strategy = Strategies.timedRoundRobin(Duration.ofSeconds(1));
    try (Pods pods = new Pods(strategy, "", weights)) {
      return TurnsPicture.of(
          "timedRoundRobin(1 s), weights 1, 1, 2, 1",
          pods,
          weights,
          120,
          Duration.ofMillis(100),
          "12 seconds, ten requests in each");
    }
  }

  private static Svg lanes(String title, Strategy strategy) {
    return LanesPicture.of(title, strategy);
  }

  private static Svg leaver(String title, Strategy strategy) {
    try (Pods pods = new Pods(strategy, "", 1, 1, 1, 1, 1)) {
      return KeysPicture.of(title, pods, "pod c has left", 1, 1, 0, 1, 1);
    }
  }

  private static Svg jump() {
    try (Pods pods = new Pods(Strategies.jumpHash(), "shard-", 1, 1, 1, 1, 1)) {
      return KeysPicture.of("jumpHash()", pods, "shard-5 has joined", 1, 1, 1, 1, 1, 1);
    }
  }

  private static Svg sessions() {
    Strategy strategy =
        Strategies.sessionAffinity(Strategies.random(), Duration.ofMinutes(30), 10_000);
    try (Pods pods = new Pods(strategy, "", 1, 1, 1, 1, 1)) {
      return KeysPicture.of(
          "sessionAffinity(random(), 30 min, 10000)",
          pods,
          "pod c has left, pod f has joined",
          1,
          1,
          0,
          1,
          1,
          1);
    }
  }
}
