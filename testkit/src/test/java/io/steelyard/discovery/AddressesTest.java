package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AddressesTest {
  @ParameterizedTest
  @CsvSource({
    "10.0.0.7, 10.0.0.7",
    "2001:db8:0:0:0:0:0:1, 2001:db8::1",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "0:0:0:0:0:0:0:0, ::",
    "0:0:0:0:0:0:0:1, ::1",
    "1:0:0:0:0:0:0:0, 1::",
    "2001:DB8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "fe80::1%1, fe80::1%1",
  })
  void an_address_has_one_text(String address, String text) throws Exception {
    assertThat(Addresses.text(InetAddress.getByName(address))).isEqualTo(text);
  }

  @ParameterizedTest
  @CsvSource({
    "10.96.0.10, 10.96.0.10:53",
    "127.0.0.1:5353, 127.0.0.1:5353",
    "[::1], [::1]:53",
    "[2001:db8::53]:5353, [2001:db8::53]:5353",
    "fd00::a, [fd00::a]:53",
  })
  void name_servers_are_addresses_with_or_without_a_port(String written, String read) {
    assertThat(DnsClient.text(Addresses.server(written))).isEqualTo(read);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "ns",
        "ns.example.com",
        "10.0.0",
        "256.0.0.1",
        "10.0.0.1:0",
        "10.0.0.1:65536",
        "10.0.0.1:",
        "[::1",
        "[:::::1]",
        "fd00::a::b",
        "[10.0.0.1]:53",
        "a:53"
      })
  void nothing_else_is_one_and_nobody_is_asked_about_it(String written) {
    assertThat(Addresses.server(written)).isNull();
  }

  @Test
  void names_are_those_that_hosts_and_services_have() {
    assertThat(DnsDiscovery.isName("cart.shop.svc.cluster.local.")).isTrue();
    assertThat(DnsDiscovery.isName("_http._tcp.cart")).isTrue();
    assertThat(DnsDiscovery.isName("a".repeat(63) + ".b")).isTrue();
    assertThat(DnsDiscovery.isName("a".repeat(64) + ".b")).isFalse();
    assertThat(DnsDiscovery.isName("-a")).isFalse();
    assertThat(DnsDiscovery.isName(".")).isFalse();
    assertThat(DnsDiscovery.isName("a.b..")).isFalse();
    assertThat(DnsDiscovery.isName(("a".repeat(49) + ".").repeat(6))).isFalse();
  }
}
