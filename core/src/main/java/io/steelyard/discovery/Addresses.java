package io.steelyard.discovery;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;

/** What to make of the addresses of a name. */
final class Addresses {
  private Addresses() {}

  /**
   * Those of the preferred family, all if there is none of it; sorted, as name servers turn the
   * order of their answers, and each once.
   */
  static List<InetAddress> chosen(
      Collection<InetAddress> addresses, DnsDiscovery.AddressFamily family) {
    List<InetAddress> sorted =
        addresses.stream()
            .distinct()
            .sorted((a, b) -> Arrays.compareUnsigned(a.getAddress(), b.getAddress()))
            .toList();
    List<InetAddress> preferred =
        switch (family) {
          case IPV4 -> sorted.stream().filter(a -> a instanceof Inet4Address).toList();
          case IPV6 -> sorted.stream().filter(a -> !(a instanceof Inet4Address)).toList();
          case BOTH -> sorted;
        };
    return preferred.isEmpty() ? sorted : preferred;
  }

  /**
   * The one way to write an address (RFC 5952 for IPv6, with a scope where it has one), so that two
   * discoveries that find the same call it the same.
   */
  static String text(InetAddress address) {
    String text = address.getHostAddress();
    if (address instanceof Inet4Address) {
      return text;
    }
    byte[] bytes = address.getAddress();
    int[] groups = new int[8];
    for (int i = 0; i < 8; i++) {
      groups[i] = (bytes[2 * i] & 0xff) << 8 | (bytes[2 * i + 1] & 0xff);
    }
    int start = -1;
    int length = 1; // a single zero group is written out
    for (int i = 0; i < 8; i++) {
      int run = 0;
      while (i + run < 8 && groups[i + run] == 0) {
        run++;
      }
      if (run > length) {
        start = i;
        length = run;
      }
    }
    StringBuilder shortest = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == start) {
        shortest.append("::");
        i += length - 1;
      } else {
        boolean first = i == 0 || (start >= 0 && i == start + length);
        shortest.append(first ? "" : ":").append(Integer.toHexString(groups[i]));
      }
    }
    int scope = text.indexOf('%');
    return scope < 0 ? shortest.toString() : shortest + text.substring(scope);
  }
}
