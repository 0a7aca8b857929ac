package io.steelyard.kubernetes.internal;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * An IP address read from text, never from DNS.
 *
 * <p>{@link java.net.InetAddress#getByName} asks the resolver about whatever it cannot read as a
 * literal, so a slice with a malformed address would make this client look up a name of somebody
 * else's choosing. This parser takes literals only, and strictly: four decimal numbers without
 * leading zeros (some resolvers read {@code 010} as eight), or the forms of RFC 4291 without a zone
 * id.
 */
final class IpLiteral {
  private final byte[] bytes;

  private IpLiteral(byte[] bytes) {
    this.bytes = bytes;
  }

  /** Returns the address, or null if the text is not a literal. */
  static @Nullable IpLiteral parse(String text) {
    byte[] bytes = text.indexOf(':') >= 0 ? parse6(text) : parse4(text);
    return bytes == null ? null : new IpLiteral(bytes);
  }

  /** A number of all bits: that of another address differs, of IPv4 always, else nearly so. */
  long key() {
    long key = 0;
    for (byte b : bytes) {
      key = (isIpv6() ? key * 0x100000001b3L : key << 8) + (b & 0xff);
    }
    return key;
  }

  boolean isIpv6() {
    return bytes.length == 16;
  }

  /** Returns this address with every bit behind the prefix cleared. */
  IpLiteral prefix(int bits) {
    byte[] kept = bytes.clone();
    for (int i = 0; i < kept.length; i++) {
      int left = Math.max(0, Math.min(8, bits - 8 * i));
      kept[i] = (byte) (kept[i] & (0xff00 >> left));
    }
    return new IpLiteral(kept);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof IpLiteral that && Arrays.equals(bytes, that.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  /** Says why nobody should be sent here, or null if the address is an ordinary one. */
  @Nullable String objection(boolean loopbackAllowed) {
    if (isLoopback()) {
      return loopbackAllowed ? null : "loopback";
    }
    if (!isIpv6()) {
      int first = bytes[0] & 0xff;
      if (first == 0) {
        return "unspecified";
      }
      if (first == 169 && (bytes[1] & 0xff) == 254) {
        return "link-local";
      }
      if (first >= 224 && first < 240) {
        return "multicast";
      }
      return broadcast() ? "broadcast" : null;
    }
    if (zeros(16)) {
      return "unspecified";
    }
    if (zeros(10) && (bytes[10] & 0xff) == 0xff && (bytes[11] & 0xff) == 0xff) {
      return "IPv4-mapped"; // a socket would take it for the IPv4 address inside, whatever that is
    }
    if ((bytes[0] & 0xff) == 0xfe && (bytes[1] & 0xc0) == 0x80) {
      return "link-local";
    }
    return (bytes[0] & 0xff) == 0xff ? "multicast" : null;
  }

  private boolean isLoopback() {
    return isIpv6() ? zeros(15) && bytes[15] == 1 : bytes[0] == 127;
  }

  private boolean broadcast() {
    for (byte b : bytes) {
      if (b != (byte) 0xff) {
        return false;
      }
    }
    return true;
  }

  private boolean zeros(int count) {
    for (int i = 0; i < count; i++) {
      if (bytes[i] != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * The one way to write this address (RFC 5952 for IPv6), so that equal addresses are equal text.
   */
  @Override
  public String toString() {
    if (!isIpv6()) {
      return (bytes[0] & 0xff)
          + "."
          + (bytes[1] & 0xff)
          + "."
          + (bytes[2] & 0xff)
          + "."
          + (bytes[3] & 0xff);
    }
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
    StringBuilder text = new StringBuilder(39);
    for (int i = 0; i < 8; i++) {
      if (i == start) {
        text.append("::");
        i += length - 1;
        continue;
      }
      if (i > 0 && text.charAt(text.length() - 1) != ':') {
        text.append(':');
      }
      text.append(Integer.toHexString(groups[i]));
    }
    return text.toString();
  }

  private static byte @Nullable [] parse4(String text) {
    byte[] bytes = new byte[4];
    int part = 0;
    int digits = 0;
    int value = 0;
    for (int i = 0; i <= text.length(); i++) {
      char c = i < text.length() ? text.charAt(i) : '.';
      if (c == '.') {
        if (digits == 0 || part == 4) {
          return null;
        }
        bytes[part++] = (byte) value;
        digits = 0;
        value = 0;
      } else if (c >= '0' && c <= '9') {
        if (digits > 0 && value == 0) {
          return null; // a leading zero
        }
        value = value * 10 + (c - '0');
        if (++digits > 3 || value > 255) {
          return null;
        }
      } else {
        return null;
      }
    }
    return part == 4 ? bytes : null;
  }

  private static byte @Nullable [] parse6(String text) {
    byte[] bytes = new byte[16];
    int filled = 0;
    int gap = -1; // where :: stands
    int at = 0;
    if (text.startsWith("::")) {
      gap = 0;
      at = 2;
    } else if (text.startsWith(":")) {
      return null;
    }
    while (at < text.length()) {
      int end = text.indexOf(':', at);
      String part = text.substring(at, end < 0 ? text.length() : end);
      if (end < 0 && part.indexOf('.') >= 0) {
        byte[] tail = parse4(part);
        if (tail == null || filled > 12) {
          return null;
        }
        System.arraycopy(tail, 0, bytes, filled, 4);
        filled += 4;
        break;
      }
      int group = hex(part);
      if (group < 0 || filled == 16) {
        return null;
      }
      bytes[filled++] = (byte) (group >> 8);
      bytes[filled++] = (byte) group;
      if (end < 0) {
        break;
      }
      at = end + 1;
      if (at < text.length() && text.charAt(at) == ':') {
        if (gap >= 0) {
          return null;
        }
        gap = filled;
        at++;
      } else if (at == text.length()) {
        return null; // ends in a single colon
      }
    }
    if (gap < 0) {
      return filled == 16 ? bytes : null;
    }
    if (filled == 16) {
      return null; // :: stands for at least one group
    }
    int moved = filled - gap;
    System.arraycopy(bytes, gap, bytes, 16 - moved, moved);
    Arrays.fill(bytes, gap, 16 - moved, (byte) 0);
    return bytes;
  }

  private static int hex(String part) {
    if (part.isEmpty() || part.length() > 4) {
      return -1;
    }
    int value = 0;
    for (int i = 0; i < part.length(); i++) {
      char c = part.charAt(i);
      int digit = c < 128 ? Character.digit(c, 16) : -1;
      if (digit < 0) {
        return -1;
      }
      value = value << 4 | digit;
    }
    return value;
  }
}
