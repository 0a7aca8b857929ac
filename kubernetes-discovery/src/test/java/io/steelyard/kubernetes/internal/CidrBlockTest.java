package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CidrBlockTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/8, 10.255.255.255, true",
    "10.0.0.0/8, 11.0.0.0, false",
    "10.96.0.0/12, 10.111.255.255, true",
    "10.96.0.0/12, 10.112.0.0, false",
    "10.0.0.7/32, 10.0.0.7, true",
    "10.0.0.7, 10.0.0.7, true",
    "10.0.0.7, 10.0.0.6, false",
    "0.0.0.0/0, 203.0.113.9, true",
    "0.0.0.0/0, 2001:db8::1, false",
    "2001:db8::/32, 2001:db8:ffff::1, true",
    "2001:db8::/32, 2001:db9::1, false",
    "fd00::/9, fd7f::1, true",
    "fd00::/9, fd80::1, false",
    "::/0, 10.0.0.1, false",
  })
  void a_block_holds_the_addresses_that_share_its_prefix(
      String block, String address, boolean contained) {
    assertThat(CidrBlock.parse(block, "x").contains(IpLiteral.parse(address))).isEqualTo(contained);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/33, a prefix of 0 to 32 bits",
    "2001:db8::/129, a prefix of 0 to 128 bits",
    "10.0.0.0/, a prefix of 0 to 32 bits",
    "10.0.0.0/-1, a prefix of 0 to 32 bits",
    "10.0.0.0/x, a prefix of 0 to 32 bits",
    "10.0.0.0/8/8, a prefix of 0 to 32 bits",
    "cluster.local, an address or a CIDR block such as 10.0.0.0/8",
    "/8, an address or a CIDR block such as 10.0.0.0/8",
    "'', an address or a CIDR block such as 10.0.0.0/8",
  })
  void what_is_no_block_is_refused(String text, String expected) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CidrBlock.parse(text, "allowAddresses"))
        .withMessage("allowAddresses: \"" + text + "\" (expected: " + expected + ")");
  }

  @Test
  void bits_behind_the_prefix_are_refused_with_what_was_likely_meant() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> CidrBlock.parse("10.1.2.3/16", "allowAddresses"))
        .withMessage(
            "allowAddresses: \"10.1.2.3/16\""
                + " (expected: 10.1.0.0/16, with no bits behind the prefix)");
  }
}
