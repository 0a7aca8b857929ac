package io.steelyard.benchmarks;

/** Other libraries' load balancers, what they are compared with, and what they can do. */
public enum PeerName {
  GRPC_ROUND_ROBIN("gRPC round_robin", Kind.ROUND_ROBIN, "pick"),
  GRPC_ROUND_ROBIN_HEALTH("gRPC round_robin+health", Kind.ROUND_ROBIN, "pick"),
  GRPC_STATIC_STRIDE("gRPC static stride", Kind.WEIGHTED, "pick"),
  GRPC_LEAST_REQUEST("gRPC least_request", Kind.TWO, "pick begin"),
  GRPC_RING_HASH("gRPC ring_hash", Kind.HASH, "keyed"),
  ARMERIA_ROUND_ROBIN("Armeria round robin", Kind.ROUND_ROBIN, "pick"),
  ARMERIA_WEIGHTED_ROUND_ROBIN("Armeria weighted r. r.", Kind.WEIGHTED, "pick"),
  ARMERIA_WEIGHTED_RANDOM("Armeria weighted random", Kind.WEIGHTED_RANDOM, "pick"),
  SERVICETALK_ROUND_ROBIN("ServiceTalk round robin", Kind.ROUND_ROBIN, "pick"),
  SERVICETALK_WEIGHTED("ServiceTalk weighted", Kind.WEIGHTED, "pick"),
  SERVICETALK_P2C("ServiceTalk P2C EWMA", Kind.EWMA, "pick begin"),
  FINAGLE_ROUND_ROBIN("Finagle round robin", Kind.ROUND_ROBIN, "begin"),
  FINAGLE_P2C("Finagle P2C", Kind.TWO, "begin"),
  FINAGLE_PEAK_EWMA("Finagle P2C peak EWMA", Kind.EWMA, "begin"),
  DIALOGUE_BALANCED("Dialogue balanced", Kind.LEAST, "pick begin"),
  RIBBON_ROUND_ROBIN("Ribbon round robin", Kind.ROUND_ROBIN, "pick"),
  RIBBON_BEST_AVAILABLE("Ribbon best available", Kind.LEAST, "pick begin"),
  STORK_ROUND_ROBIN("Stork round robin", Kind.ROUND_ROBIN, "pick"),
  STORK_LEAST_REQUESTS("Stork least requests", Kind.LEAST, "pick begin"),
  STORK_P2C("Stork power of two", Kind.TWO, "pick begin"),
  SPRING_ROUND_ROBIN("Spring Cloud round robin", Kind.ROUND_ROBIN, "pick"),
  SPRING_RANDOM("Spring Cloud random", Kind.RANDOM, "pick");

  private final String text;
  final Kind kind;
  private final String operations;

  PeerName(String text, Kind kind, String operations) {
    this.text = text;
    this.kind = kind;
    this.operations = operations;
  }

  /** Whether its endpoints have weights from 1 to 100. */
  public boolean weighted() {
    return kind == Kind.WEIGHTED || kind == Kind.WEIGHTED_RANDOM;
  }

  /** Whether it can choose without counting a request. */
  public boolean picks() {
    return can("pick");
  }

  /** Whether it can choose by a key. */
  public boolean keyed() {
    return can("keyed");
  }

  /** Whether it can count a request and its end. */
  public boolean begins() {
    return can("begin");
  }

  boolean can(String operation) {
    return (" " + operations + " ").contains(" " + operation + " ");
  }

  /** As the tables name it. */
  String text() {
    return text;
  }

  /** What does the same work; ours by the name of the strategy. */
  enum Kind {
    ROUND_ROBIN("roundRobin"),
    WEIGHTED("weightedRoundRobin"),
    RANDOM("random"),
    WEIGHTED_RANDOM("weightedRandom"),
    LEAST("leastConnections"),
    TWO("powerOfTwo(inFlight)"),
    EWMA("powerOfTwo(peakEwma)"),
    HASH("ringHash");

    final String ours;

    Kind(String ours) {
      this.ours = ours;
    }

    /** The kind of one of ours; the hashing strategies are of one kind. */
    static Kind ofOurs(String strategy) {
      for (Kind kind : values()) {
        if (strategy.equals(kind.ours) || strategy.equals(kind.ours + "/untracked")) {
          return kind;
        }
      }
      return strategy.startsWith("timed") ? ROUND_ROBIN : HASH;
    }
  }
}
