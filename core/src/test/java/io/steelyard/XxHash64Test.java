package io.steelyard;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class XxHash64Test {
  /** The vectors of xxHash's own self-test (seed 0), and of its bindings for Python. */
  @ParameterizedTest
  @CsvSource({
    "'', ef46db3751d8e999",
    "a, d24ec4f1a98c6e5b",
    "abc, 44bc2cf5ad770999",
    "Nobody inspects the spammish repetition, fbcea83c8a378bf1",
  })
  void publishedVectorsOfText(String text, String expected) {
    assertThat(Long.toHexString(XxHash64.hash(text))).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "0, ef46db3751d8e999",
    "1, 4fce394cc88952d8",
    "14, cffa8db881bc3a3d",
    "101, 0eab543384f878ad",
  })
  void publishedVectorsOfTheSanityBuffer(int length, String expected) {
    byte[] buffer = new byte[101];
    int state = 0x9E3779B1; // squared for each byte, as the self-test does
    for (int i = 0; i < buffer.length; i++) {
      buffer[i] = (byte) (state >>> 24);
      state *= state;
    }
    assertThat(String.format("%016x", XxHash64.hash(Arrays.copyOf(buffer, length))))
        .isEqualTo(expected);
  }

  @Test
  void aKeyIsHashedAsItsUtf8Bytes() {
    byte[] utf8 = {'g', 'r', (byte) 0xC3, (byte) 0xBC, 'n'};
    assertThat(PickContext.key("grün").keyHash()).isEqualTo(XxHash64.hash(utf8));
    assertThat(PickContext.key(new StringBuilder("grün")).keyHash()).isEqualTo(XxHash64.hash(utf8));
  }

  @Test
  void noKeyIsNotAKeyThatHashesToZero() {
    assertThat(PickContext.none().hasKey()).isFalse();
    assertThat(PickContext.none().keyHash()).isZero();
    assertThat(PickContext.key("").hasKey()).isTrue();
    assertThat(PickContext.key("0").hasKey()).isTrue();
  }

  @Test
  void avoidingKeepsTheKey() {
    PickContext context = PickContext.key("cart-17").avoiding(Endpoint.of("10.0.0.1", 80));
    assertThat(context.hasKey()).isTrue();
    assertThat(context.keyHash()).isEqualTo(PickContext.key("cart-17").keyHash());
  }
}
