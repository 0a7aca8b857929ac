package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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

  @Test
  void names_are_those_that_hosts_have() {
    assertThat(DnsDiscovery.isName("cart.shop.svc.cluster.local.")).isTrue();
    assertThat(DnsDiscovery.isName("shop_cart")).isTrue();
    assertThat(DnsDiscovery.isName("a".repeat(63) + ".b")).isTrue();
    assertThat(DnsDiscovery.isName("a".repeat(64) + ".b")).isFalse();
    assertThat(DnsDiscovery.isName("-a")).isFalse();
    assertThat(DnsDiscovery.isName(".")).isFalse();
    assertThat(DnsDiscovery.isName("a.b..")).isFalse();
    assertThat(DnsDiscovery.isName(("a".repeat(49) + ".").repeat(6))).isFalse();
  }
}
