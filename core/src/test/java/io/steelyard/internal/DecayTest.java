package io.steelyard.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

class DecayTest {
  @Test
  void is_e_to_the_minus_x_to_six_digits() {
    for (double x = 0; x < 700; x += 0.00731) {
      double exact = Math.exp(-x);
      assertThat(Decay.exp(x) / exact).as("x = %s", x).isCloseTo(1, within(2e-7));
    }
  }

  @Test
  void is_one_at_zero() {
    assertThat(Decay.exp(0)).isEqualTo(1);
  }

  @Test
  void is_zero_for_what_is_too_small_to_say() {
    assertThat(Decay.exp(708)).isZero();
    assertThat(Decay.exp(1e18)).isZero();
    assertThat(Decay.exp(Double.POSITIVE_INFINITY)).isZero();
    assertThat(Decay.exp(Double.NaN)).isZero();
  }

  @Test
  void never_leaves_zero_to_one() {
    for (double x = 0; x < 1_000; x += 0.0117) {
      assertThat(Decay.exp(x)).isBetween(0.0, 1.0);
    }
  }

  @Test
  void falls_with_x() {
    double before = 1;
    for (double x = 0; x < 700; x += 0.001) {
      double now = Decay.exp(x);
      // Steps of a thousandth are far above the error.
      assertThat(now).isLessThanOrEqualTo(before);
      before = now;
    }
  }
}
