package io.steelyard;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/**
 * XXH64 with seed 0: a 64-bit hash that is the same in every process, JVM and language (Collet,
 * "xxHash fast digest algorithm", the specification in the xxHash repository).
 *
 * <p>{@code String.hashCode} would not do: it has 32 bits, keys that differ in the last character
 * hash to neighbours, and no other language computes it.
 */
final class XxHash64 {
  private static final long PRIME_1 = 0x9E3779B185EBCA87L;
  private static final long PRIME_2 = 0xC2B2AE3D27D4EB4FL;
  private static final long PRIME_3 = 0x165667B19E3779F9L;
  private static final long PRIME_4 = 0x85EBCA77C2B2AE63L;
  private static final long PRIME_5 = 0x27D4EB2F165667C5L;

  private static final VarHandle LONGS =
      MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);
  private static final VarHandle INTS =
      MethodHandles.byteArrayViewVarHandle(int[].class, ByteOrder.LITTLE_ENDIAN);

  private XxHash64() {}

  /** The hash of the characters' UTF-8 bytes. */
  static long hash(String text) {
    return hash(text.getBytes(StandardCharsets.UTF_8));
  }

  static long hash(byte[] input) {
    int at = 0;
    int left = input.length;
    long hash;
    if (left >= 32) {
      long a = 0x60EA27EEADC0B5D6L; // PRIME_1 + PRIME_2; spelt out, for the sum overflows
      long b = PRIME_2;
      long c = 0;
      long d = -PRIME_1;
      for (; left >= 32; left -= 32, at += 32) {
        a = round(a, (long) LONGS.get(input, at));
        b = round(b, (long) LONGS.get(input, at + 8));
        c = round(c, (long) LONGS.get(input, at + 16));
        d = round(d, (long) LONGS.get(input, at + 24));
      }
      hash =
          Long.rotateLeft(a, 1)
              + Long.rotateLeft(b, 7)
              + Long.rotateLeft(c, 12)
              + Long.rotateLeft(d, 18);
      hash = merge(hash, a);
      hash = merge(hash, b);
      hash = merge(hash, c);
      hash = merge(hash, d);
    } else {
      hash = PRIME_5;
    }
    hash += input.length;
    for (; left >= 8; left -= 8, at += 8) {
      hash = Long.rotateLeft(hash ^ round(0, (long) LONGS.get(input, at)), 27) * PRIME_1 + PRIME_4;
    }
    if (left >= 4) {
      long four = (int) INTS.get(input, at) & 0xFFFFFFFFL;
      hash = Long.rotateLeft(hash ^ four * PRIME_1, 23) * PRIME_2 + PRIME_3;
      left -= 4;
      at += 4;
    }
    for (; left > 0; left--, at++) {
      hash = Long.rotateLeft(hash ^ (input[at] & 0xFF) * PRIME_5, 11) * PRIME_1;
    }
    hash = (hash ^ hash >>> 33) * PRIME_2;
    hash = (hash ^ hash >>> 29) * PRIME_3;
    return hash ^ hash >>> 32;
  }

  private static long round(long lane, long input) {
    return Long.rotateLeft(lane + input * PRIME_2, 31) * PRIME_1;
  }

  private static long merge(long hash, long lane) {
    return (hash ^ round(0, lane)) * PRIME_1 + PRIME_4;
  }
}
