package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.PickContext;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import org.jspecify.annotations.Nullable;

/**
 * A picker in which each key has an order of its own over the candidates. Requests without a key go
 * anywhere, at random by weight.
 */
abstract class KeyedPicker implements Picker {
  private final Picker keyless;
  private final RandomSource random;

  KeyedPicker(Candidates candidates, Context context) {
    this.keyless = WeightedRandom.INSTANCE.compile(candidates, context);
    this.random = context.random();
  }

  @Override
  public final int pick(PickContext context, int rank) {
    return context.hasKey() ? walk(context.keyHash(), rank, null, 0) : keyless.pick(context, rank);
  }

  /** As {@link #pick}, passing over who has no room. */
  final int pickWithRoom(PickContext context, int rank, Room room, int total) {
    if (context.hasKey()) {
      return walk(context.keyHash(), rank, room, total);
    }
    int anyone = keyless.pick(context, rank);
    return rank == 0 && room.in(anyone, total)
        ? anyone
        : walk(random.nextLong(), rank, room, total);
  }

  /**
   * The candidate that is number {@code rank} in the order of this hash, counting those with room
   * only; {@link #NONE} if there are fewer.
   *
   * @param room null if all have room
   */
  abstract int walk(long hash, int rank, @Nullable Room room, int total);

  /** Whether a candidate can take one more. */
  interface Room {
    /** Whether it can, of so many requests in flight in all, the one that asks included. */
    boolean in(int candidate, int total);
  }
}
