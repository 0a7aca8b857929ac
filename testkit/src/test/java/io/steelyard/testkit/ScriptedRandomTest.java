package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.RandomSource;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class ScriptedRandomTest {
  @Test
  void a_seed_determines_the_sequence() {
    RandomSource one = ScriptedRandom.seeded(7);
    RandomSource same = ScriptedRandom.seeded(7);
    RandomSource other = ScriptedRandom.seeded(8);
    for (int i = 0; i < 1_000; i++) {
      long number = one.nextLong();
      assertThat(same.nextLong()).isEqualTo(number);
      assertThat(other.nextLong()).isNotEqualTo(number);
    }
  }

  @Test
  void the_sequence_is_that_of_split_mix() {
    for (long seed : new long[] {0, 1, -1, 1234567}) {
      RandomSource random = ScriptedRandom.seeded(seed);
      SplittableRandom reference = new SplittableRandom(seed);
      for (int i = 0; i < 100; i++) {
        assertThat(random.nextLong()).isEqualTo(reference.nextLong());
      }
    }
  }

  @Test
  void a_script_gives_its_numbers_and_then_an_error() {
    RandomSource random = ScriptedRandom.of(3, -1);
    assertThat(random.nextLong()).isEqualTo(3);
    assertThat(random.nextLong()).isEqualTo(-1);
    assertThatThrownBy(random::nextLong)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("run out");
  }

  @Test
  void ints_come_out_as_they_were_put_in() {
    for (int bound : new int[] {1, 2, 3, 7, 10, 1_000, 65_537, Integer.MAX_VALUE}) {
      for (int result : new int[] {0, bound / 3, bound / 2, bound - 1}) {
        assertThat(ScriptedRandom.ints(bound, result).nextInt(bound)).isEqualTo(result);
        long both = ScriptedRandom.bits(bound - 1 - result, bound, result, bound);
        assertThat((int) (((both & 0xFFFFFFFFL) * bound) >>> 32)).isEqualTo(result);
        assertThat(ScriptedRandom.of(both).nextInt(bound)).isEqualTo(bound - 1 - result);
      }
    }
    assertThatThrownBy(() -> ScriptedRandom.ints(3, 3))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
