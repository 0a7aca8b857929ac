package io.steelyard.discovery;

import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What to make of the addresses of a name. */
final class Addresses {
  private static final String BYTE = "(?:25[0-5]|2[0-4][0-9]|1?[0-9]?[0-9])";
  private static final String SIX = "[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[-.\\w]+)?";
  private static final Pattern SERVER =
      Pattern.compile(
          "(?:(?<four>(?:"
              + BYTE
              + "\\.){3}"
              + BYTE
              + ")|\\[(?<six>"
              + SIX
              + ")])(?::(?<port>[0-9]{1,5}))?|(?<bare>"
              + SIX
              + ")");

  private Addresses() {}

  /** A name server written as an address with or without a port; null if it is not. */
  static @Nullable InetSocketAddress server(String text) {
    Matcher parts = SERVER.matcher(text);
    if (!parts.matches()) {
      return null;
    }
    String port = parts.group("port");
    int number = port == null ? 53 : Integer.parseInt(port);
    String address =
        Stream.of(parts.group("four"), parts.group("six"), parts.group("bare"))
            .filter(Objects::nonNull)
            .findFirst()
            .orElseThrow();
    try {
      // Asks nobody: what has the form of an address is read as one.
      return number < 1 || number > 65_535
          ? null
          : new InetSocketAddress(InetAddress.getByName(address), number);
    } catch (UnknownHostException e) {
      return null;
    }
  }

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
