package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.PickContext;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.Topology;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Stages#subset(int)}.
 *
 * <p>Every client has an order of its own over the endpoints, by a hash of its id and theirs; its
 * subset is the first usable ones of that order. Who joins or leaves the list takes or leaves one
 * place in it, so nobody else's place changes but that of the one who was last or comes next.
 *
 * @param size how many; 0 for as many as suit the number of clients
 * @param clients how many clients there are; 0 if a size is given
 * @param client who asks; null for a number drawn by each balancer
 */
record Subset(int size, int clients, @Nullable String client) implements Stage {
  /**
   * How many clients an endpoint should have on average, and how many endpoints a client at least.
   *
   * <p>Clients choose without knowing of each other, so an endpoint has k ± √k of them where it
   * should have k. With 100 servers at nine tenths of their capacity, 30 clients and peak EWMA, the
   * mean response time was 4.6 service times at k = 9, 6.1 at 4.5 and 29 at 3; without subsets 6.7.
   */
  private static final int ENOUGH = 10;

  static Subset of(int size, @Nullable String client) {
    if (size < 1) {
      throw new IllegalArgumentException("subset: " + size + " (expected: >= 1)");
    }
    return new Subset(size, 0, checked("subset", client));
  }

  static Subset among(int clients, @Nullable String client) {
    if (clients < 1) {
      throw new IllegalArgumentException("subsetAmong: clients: " + clients + " (expected: >= 1)");
    }
    return new Subset(0, clients, checked("subsetAmong", client));
  }

  /** An empty id would be the same for all clients: they would all use the same endpoints. */
  private static @Nullable String checked(String stage, @Nullable String client) {
    if (client != null && client.isBlank()) {
      throw new IllegalArgumentException(
          stage + ": client: \"" + client + "\" (expected: not blank)");
    }
    return client;
  }

  private int size(Candidates candidates) {
    if (size > 0) {
      return size;
    }
    long shares = (long) ENOUGH * candidates.discovered();
    return (int) Math.max(ENOUGH, (shares + clients - 1) / clients);
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    Memory memory = context.memory(() -> new Memory(clientHash(context)));
    int size = size(candidates);
    if (candidates.usable() <= size) {
      return candidates;
    }
    boolean[] member = new boolean[candidates.size()];
    int serving = 0;
    for (int i : memory.order(candidates.topology())) {
      if (serving == size) {
        break;
      }
      if (candidates.weight(i) > 0) {
        member[i] = true;
        // One on probation takes its place back, but is no help yet.
        serving += candidates.probing(i) ? 0 : 1;
      }
    }
    Reason reason = Reason.of("not in this client's subset of " + size);
    return candidates.exclude(i -> !member[i], reason);
  }

  private long clientHash(Context context) {
    return client == null ? context.random().nextLong() : PickContext.key(client).keyHash();
  }

  @Override
  public String toString() {
    String what = size > 0 ? "subset(" + size : "subsetAmong(" + clients;
    return what + (client == null ? "" : ", " + client) + ")";
  }

  /** The order, sorted once for each topology. */
  private static final class Memory {
    private final long client;
    private @Nullable Topology topology;
    private int[] order = {};

    Memory(long client) {
      this.client = client;
    }

    @SuppressWarnings("ReferenceEquality") // the same object until discovery publishes another
    int[] order(Topology now) {
      if (topology != now) {
        long[] place = new long[now.endpoints().size()];
        for (int i = 0; i < place.length; i++) {
          place[i] = mix(client ^ PickContext.key(now.endpoints().get(i).id()).keyHash());
        }
        order =
            IntStream.range(0, place.length)
                .boxed()
                .sorted((a, b) -> Long.compare(place[a], place[b]))
                .mapToInt(i -> i)
                .toArray();
        topology = now;
      }
      return order;
    }

    /** SplitMix64's finalizer: the hashes of two clients differ by a constant before it. */
    private static long mix(long z) {
      z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
      z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
      return z ^ (z >>> 31);
    }
  }
}
