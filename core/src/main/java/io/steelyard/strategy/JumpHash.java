package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.Strategy;

/** See {@link Strategies#jumpHash}. */
enum JumpHash implements Strategy {
  INSTANCE;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    TableMemory.Built<Shards> built =
        TableMemory.of(
            candidates.topology(), context, Rows::byNumber, rows -> new Shards(rows.size()));
    return new TableWalk(built.table(), built.rows(), candidates, context, true);
  }

  /**
   * The bucket of a key among n: a translation of the listing in Lamping and Veach, "A Fast,
   * Minimal Memory, Consistent Hash Algorithm", 2014. The key jumps from bucket to bucket as n
   * grows; what is followed here is the jumps alone, about ln n of them.
   */
  static int bucket(long key, int n) {
    long state = key;
    long bucket = -1;
    long next = 0;
    while (next < n) {
      bucket = next;
      state = state * 2862933555777941757L + 1;
      next = (long) ((bucket + 1) * ((double) (1L << 31) / ((state >>> 33) + 1)));
    }
    return (int) bucket;
  }

  @Override
  public String toString() {
    return "jumpHash";
  }

  /**
   * The walk starts at the key's own shard; each further step hashes the key anew, and when that
   * has gone on for long, because few shards are usable, it goes through them one by one.
   */
  private record Shards(int n) implements HashTable {
    private static final int HASHED_STEPS = 64;

    @Override
    public int start(long hash) {
      return bucket(hash, n);
    }

    @Override
    public int position(long hash, int start, int step) {
      if (step == 0) {
        return start;
      }
      return step < HASHED_STEPS
          ? bucket(Hashes.derived(hash, step), n)
          : (int) (((long) start + step) % n);
    }

    @Override
    public int row(int position) {
      return position;
    }

    @Override
    public long salt(int position, int step) {
      return step;
    }

    @Override
    public int length() {
      return HASHED_STEPS + n;
    }
  }
}
