package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class IpLiteralTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, 10.0.0.1",
    "255.255.255.254, 255.255.255.254",
    "0.0.0.0, 0.0.0.0",
    "2001:db8::1, 2001:db8::1",
    "2001:DB8:0:0:0:0:0:1, 2001:db8::1",
    "2001:0db8::0001:0, 2001:db8::1:0",
    "::, ::",
    "::1, ::1",
    "1::, 1::",
    "fe80::1, fe80::1",
    "1:2:3:4:5:6:7:8, 1:2:3:4:5:6:7:8",
    "1:0:3:4:5:6:7:8, 1:0:3:4:5:6:7:8",
    "1:0:0:4:5:0:0:8, 1::4:5:0:0:8",
    "1:0:0:4:0:0:0:8, 1:0:0:4::8",
    "1:2:3:4:5:6:7::, 1:2:3:4:5:6:7:0",
    "::ffff:10.0.0.1, ::ffff:a00:1",
    "64:ff9b::192.0.2.33, 64:ff9b::c000:221",
    "1:2:3:4:5:6:1.2.3.4, 1:2:3:4:5:6:102:304",
  })
  void a_literal_is_read_and_written_in_one_way(String text, String canonical) {
    assertThat(IpLiteral.parse(text)).hasToString(canonical);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "localhost",
        "example.com",
        "cart.shop.svc",
        "10.0.0",
        "10.0.0.1.",
        ".10.0.0.1",
        "10.0.0.1.2",
        "10.0.0.256",
        "10.0.0.01",
        "010.0.0.1",
        "10.0.0.-1",
        "10.0.0.+1",
        "10.0.0.1 ",
        "10..0.1",
        "0x0a.0.0.1",
        "167772161",
        "10.0.0.٣",
        ":",
        ":::",
        ":1",
        "1:",
        "1:2",
        "1::2::3",
        "1:2:3:4:5:6:7:8:9",
        "::1:2:3:4:5:6:7:8",
        "1:2:3:4::5:6:7:8",
        "12345::",
        "g::",
        "fe80::1%eth0",
        "[::1]",
        "::1/128",
        "::1.2.3",
        "1.2.3.4::",
        "1:2:3:4:5:6:7:1.2.3.4",
        "::10.0.0.1:1"
      })
  void what_is_no_literal_is_refused_without_asking_anybody(String text) {
    assertThat(IpLiteral.parse(text)).isNull();
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1, loopback",
    "127.255.0.9, loopback",
    "0.0.0.0, unspecified",
    "0.1.2.3, unspecified",
    "169.254.169.254, link-local",
    "224.0.0.1, multicast",
    "239.255.255.255, multicast",
    "255.255.255.255, broadcast",
    "::1, loopback",
    "::, unspecified",
    "fe80::1, link-local",
    "febf::1, link-local",
    "ff02::1, multicast",
    "::ffff:127.0.0.1, IPv4-mapped",
    "::ffff:10.0.0.1, IPv4-mapped",
  })
  void an_address_nobody_should_be_sent_to_is_objected_to(String text, String objection) {
    assertThat(IpLiteral.parse(text).objection(false)).isEqualTo(objection);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.1",
        "192.168.1.1",
        "8.8.8.8",
        "169.253.0.1",
        "2001:db8::1",
        "fc00::1",
        "fec0::1"
      })
  void an_ordinary_address_is_not(String text) {
    assertThat(IpLiteral.parse(text).objection(false)).isNull();
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.2", "::1"})
  void loopback_can_be_allowed(String text) {
    assertThat(IpLiteral.parse(text).objection(true)).isNull();
  }
}
