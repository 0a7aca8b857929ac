package io.steelyard.benchmarks;

import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * As {@link Bare}, for requests with keys: tables of the sizes that ours have, of entries at
 * random, and no endpoint that is ever out.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // by JMH and setUp
public class BareKeyed {
  private static final int SLOTS_EACH = 100;

  @Param({"10", "100", "1000", "10000"})
  public int n;

  private final String[] keys = Subject.keys();
  private final long[] keyHashes = new long[keys.length];
  private final ConcurrentHashMap<String, Endpoint> sessions = new ConcurrentHashMap<>();
  private Endpoint[] endpoints;
  private long[] endpointHashes;
  private int[] slots;
  private long[] points;
  private int[] owners;

  /** Makes the tables. */
  @Setup
  public void setUp() {
    SplittableRandom random = new SplittableRandom(1);
    endpoints = Subject.endpoints(n, false).toArray(Endpoint[]::new);
    endpointHashes = random.longs(n).toArray();
    slots = random.ints(Math.max(65_536, SLOTS_EACH * n), 0, n).toArray();
    points = random.longs((long) SLOTS_EACH * n).sorted().toArray();
    owners = random.ints(points.length, 0, n).toArray();
    for (int i = 0; i < keys.length; i++) {
      keyHashes[i] = PickContext.key(keys[i]).keyHash();
      sessions.put(keys[i], endpoints[random.nextInt(n)]);
    }
  }

  /** A table of slots, by a hash that is known. */
  @Benchmark
  public Endpoint slot(Ours.Turn turn) {
    return endpoints[slots[slotOf(keyHashes[turn.next++ & (Subject.KEYS - 1)])]];
  }

  /** {@link #slot}, with hashing the key. */
  @Benchmark
  public Endpoint hashSlot(Ours.Turn turn) {
    long hash = PickContext.key(keys[turn.next++ & (Subject.KEYS - 1)]).keyHash();
    return endpoints[slots[slotOf(hash)]];
  }

  /** Only the hash of the key. */
  @Benchmark
  public long hash(Ours.Turn turn) {
    return PickContext.key(keys[turn.next++ & (Subject.KEYS - 1)]).keyHash();
  }

  /** A binary search among the points of a ring, by a hash that is known. */
  @Benchmark
  public Endpoint search(Ours.Turn turn) {
    int at = Arrays.binarySearch(points, keyHashes[turn.next++ & (Subject.KEYS - 1)]);
    int point = at >= 0 ? at : ~at;
    return endpoints[owners[point == points.length ? 0 : point]];
  }

  /** The best of all endpoints' scores, by a hash that is known. */
  @Benchmark
  public Endpoint scores(Ours.Turn turn) {
    long key = keyHashes[turn.next++ & (Subject.KEYS - 1)];
    int best = 0;
    long most = Long.MIN_VALUE;
    for (int i = 0; i < endpointHashes.length; i++) {
      long mixed = (key ^ endpointHashes[i]) * 0x9E3779B97F4A7C15L;
      mixed ^= mixed >>> 32;
      if (mixed > most) {
        most = mixed;
        best = i;
      }
    }
    return endpoints[best];
  }

  /** The jumps of a consistent hash, by a hash that is known. */
  @Benchmark
  public Endpoint jumps(Ours.Turn turn) {
    long state = keyHashes[turn.next++ & (Subject.KEYS - 1)];
    long bucket = -1;
    long next = 0;
    while (next < n) {
      bucket = next;
      state = state * 2862933555777941757L + 1;
      next = (long) ((bucket + 1) * ((double) (1L << 31) / ((state >>> 33) + 1)));
    }
    return endpoints[(int) bucket];
  }

  /** A look into a map of sessions. */
  @Benchmark
  public @Nullable Endpoint map(Ours.Turn turn) {
    return sessions.get(keys[turn.next++ & (Subject.KEYS - 1)]);
  }

  private int slotOf(long hash) {
    return (int) (((hash >>> 32) * slots.length) >>> 32);
  }
}
