package io.steelyard.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class SeedsTest {
  private final String given = System.getProperty(Seeds.PROPERTY);

  @BeforeEach
  void clear() {
    System.clearProperty(Seeds.PROPERTY);
  }

  @AfterEach
  void restore() {
    if (given == null) {
      System.clearProperty(Seeds.PROPERTY);
    } else {
      System.setProperty(Seeds.PROPERTY, given);
    }
  }

  @Test
  void seeds_differ() {
    List<Long> seeds = new ArrayList<>();
    Seeds.forEach(20, seeds::add);
    assertThat(new HashSet<>(seeds)).hasSize(20);
  }

  @Test
  void the_failing_seed_is_in_the_message() {
    List<Long> seeds = new ArrayList<>();
    AssertionError error =
        catchThrowableOfType(
            AssertionError.class,
            () ->
                Seeds.forEach(
                    20,
                    seed -> {
                      seeds.add(seed);
                      assertThat(seeds).hasSizeLessThan(5);
                    }));
    assertThat(seeds).hasSize(5);
    assertThat(error).hasMessageContaining("-Dsteelyard.seed=" + seeds.get(4));
  }

  @Test
  void a_given_seed_is_the_only_one() {
    System.setProperty(Seeds.PROPERTY, "42");
    List<Long> seeds = new ArrayList<>();
    Seeds.forEach(20, seeds::add);
    assertThat(seeds).containsExactly(42L);
  }

  @Test
  void exceptions_are_failures_too() {
    assertThatThrownBy(
            () ->
                Seeds.forEach(
                    1,
                    seed -> {
                      throw new java.io.IOException("boom");
                    }))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("boom")
        .hasCauseInstanceOf(java.io.IOException.class);
  }
}
