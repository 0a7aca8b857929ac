package io.steelyard.benchmarks.peers;

import io.steelyard.PickContext;

/** The keys of requests, the same for all: their hashes are known before the choice. */
public final class Keys {
  /** How many; a power of two. */
  public static final int SIZE = 1024;

  private Keys() {}

  /** XXH64 of the key, as in ours. */
  public static long hash(int key) {
    return PickContext.key("user-" + key).keyHash();
  }
}
