package io.steelyard;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one request tells the balancer: an affinity key, or none, the endpoints to avoid, and
 * whether it may be repeated.
 *
 * <p>Immutable and thread-safe. {@link #none()} is a constant: a request without wishes allocates
 * nothing.
 */
public final class PickContext {
  private static final PickContext NONE = new PickContext(null, 0, null, false);
  private static final PickContext IDEMPOTENT = new PickContext(null, 0, null, true);

  private final @Nullable String key;
  private final long keyHash;
  private final @Nullable Avoided avoided;
  private final boolean idempotent;

  private PickContext(
      @Nullable String key, long keyHash, @Nullable Avoided avoided, boolean idempotent) {
    this.key = key;
    this.keyHash = keyHash;
    this.avoided = avoided;
    this.idempotent = idempotent;
  }

  /** A request without wishes. */
  public static PickContext none() {
    return NONE;
  }

  /**
   * A request with an affinity key: under a strategy that hashes, equal keys go to the same
   * endpoint.
   *
   * @param stable the same characters for the same user, session or object; the empty string is a
   *     key like any other
   */
  public static PickContext key(CharSequence stable) {
    String key = stable.toString();
    return new PickContext(key, XxHash64.hash(key), null, false);
  }

  /**
   * Returns this context with one more endpoint to avoid: typically one already tried. Avoidance
   * goes by id.
   */
  public PickContext avoiding(Endpoint tried) {
    Objects.requireNonNull(tried, "tried");
    return avoids(tried)
        ? this
        : new PickContext(key, keyHash, new Avoided(tried.id(), avoided), idempotent);
  }

  /**
   * Returns this context for a request that may arrive twice without harm: a read, say, or a write
   * with a key of its own by which the server knows it again. Only such a request is tried again
   * after its bytes may have been sent; without a retry policy it makes no difference.
   */
  public PickContext idempotent() {
    if (idempotent) {
      return this;
    }
    return this == NONE ? IDEMPOTENT : new PickContext(key, keyHash, avoided, true);
  }

  /** Whether the request may arrive twice. */
  public boolean isIdempotent() {
    return idempotent;
  }

  /** The affinity key; null if the request has none. */
  public @Nullable String key() {
    return key;
  }

  /** Whether the request has an affinity key. */
  public boolean hasKey() {
    return key != null;
  }

  /**
   * The key's hash: XXH64 (seed 0) of its UTF-8 bytes, computed once by {@link #key(CharSequence)},
   * the same in every process and language. 0 without a key; but a key may hash to 0 too, so ask
   * {@link #hasKey()}.
   */
  public long keyHash() {
    return keyHash;
  }

  /** Whether any endpoint is to be avoided. */
  public boolean avoidsAny() {
    return avoided != null;
  }

  /** Whether this endpoint is to be avoided. O(number avoided). */
  public boolean avoids(Endpoint endpoint) {
    for (Avoided at = avoided; at != null; at = at.next) {
      if (at.id.equals(endpoint.id())) {
        return true;
      }
    }
    return false;
  }

  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(key == null ? "no key" : "key " + key);
    if (idempotent) {
      text.append(", idempotent");
    }
    for (Avoided at = avoided; at != null; at = at.next) {
      text.append(", avoiding ").append(at.id);
    }
    return text.toString();
  }

  private static final class Avoided {
    final String id;
    final @Nullable Avoided next;

    Avoided(String id, @Nullable Avoided next) {
      this.id = id;
      this.next = next;
    }
  }
}
