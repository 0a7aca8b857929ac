package io.steelyard.kubernetes.internal;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A range of addresses in CIDR notation: {@code 10.0.0.0/8}, {@code 2001:db8::/32}. Immutable. */
public final class CidrBlock {
  private final IpLiteral base;
  private final int prefix;

  private CidrBlock(IpLiteral base, int prefix) {
    this.base = base;
    this.prefix = prefix;
  }

  /**
   * Reads a block, or a single address.
   *
   * @param what for the message
   * @throws IllegalArgumentException if it is neither, or if bits are set behind the prefix, which
   *     is more likely a slip than meant
   */
  public static CidrBlock parse(String text, String what) {
    Objects.requireNonNull(text, what);
    int slash = text.indexOf('/');
    IpLiteral base = IpLiteral.parse(slash < 0 ? text : text.substring(0, slash));
    if (base == null) {
      throw bad(text, what, "an address or a CIDR block such as 10.0.0.0/8");
    }
    int bits = base.isIpv6() ? 128 : 32;
    int prefix = slash < 0 ? bits : prefix(text.substring(slash + 1));
    if (prefix < 0 || prefix > bits) {
      throw bad(text, what, "a prefix of 0 to " + bits + " bits");
    }
    if (!base.prefix(prefix).equals(base)) {
      throw bad(
          text, what, base.prefix(prefix) + "/" + prefix + ", with no bits behind the prefix");
    }
    return new CidrBlock(base, prefix);
  }

  private static int prefix(String digits) {
    return digits.matches("[0-9]{1,3}") ? Integer.parseInt(digits) : -1;
  }

  private static IllegalArgumentException bad(String text, String what, String expected) {
    return new IllegalArgumentException(what + ": \"" + text + "\" (expected: " + expected + ")");
  }

  /** Whether the address lies in it. */
  boolean contains(IpLiteral address) {
    return address.isIpv6() == base.isIpv6() && address.prefix(prefix).equals(base);
  }

  @Override
  public boolean equals(@Nullable Object other) {
    return other instanceof CidrBlock that && base.equals(that.base) && prefix == that.prefix;
  }

  @Override
  public int hashCode() {
    return 31 * base.hashCode() + prefix;
  }

  @Override
  public String toString() {
    return base + "/" + prefix;
  }
}
