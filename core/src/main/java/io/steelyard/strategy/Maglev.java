package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;

/**
 * See {@link Strategies#maglev()}.
 *
 * @param size the table's, a prime; 0 for one that fits the number of endpoints
 */
record Maglev(int size) implements HashStrategy {
  /** The first prime after 2^16, then the last before each power of two. */
  private static final int[] SIZES = {
    65_537, 131_071, 262_139, 524_287, 1_048_573, 2_097_143, 4_194_301, 8_388_593, 16_777_213
  };

  private static final int SLOTS_EACH = 100;

  Maglev {
    if (size != 0 && (size < 3 || size > SIZES[SIZES.length - 1] || !isPrime(size))) {
      throw new IllegalArgumentException(
          "maglev: table size: "
              + size
              + " (expected: a prime from 3 to "
              + SIZES[SIZES.length - 1]
              + ")");
    }
  }

  @Override
  public KeyedPicker compile(Candidates candidates, Context context) {
    TableMemory.Built<MaglevTable> built =
        TableMemory.of(
            candidates.topology(),
            context,
            Rows::byId,
            rows -> new MaglevTable(rows, sizeFor(rows.size())));
    return new TableWalk(built.table(), built.rows(), candidates, context, false);
  }

  int sizeFor(int endpoints) {
    if (size != 0) {
      return size;
    }
    int fit = 0;
    while (fit < SIZES.length - 1 && SIZES[fit] < (long) SLOTS_EACH * endpoints) {
      fit++;
    }
    return SIZES[fit];
  }

  private static boolean isPrime(int number) {
    for (int divisor = 2; (long) divisor * divisor <= number; divisor++) {
      if (number % divisor == 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public String toString() {
    return size == 0 ? "maglev" : "maglev(" + size + ")";
  }
}
