package io.steelyard.grpc;

import io.grpc.CallOptions;

/** The key of a call, for strategies that send equal keys to the same endpoint. */
public final class Affinity {
  /**
   * The key as a call option: {@code stub.withOption(Affinity.KEY, userId)}. It goes before a
   * header that the service config names.
   */
  public static final CallOptions.Key<String> KEY =
      CallOptions.Key.create("io.steelyard.grpc.affinity");

  private Affinity() {}
}
