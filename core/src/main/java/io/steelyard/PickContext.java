package io.steelyard;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What one request tells the balancer: an affinity key, or none, and the endpoints to avoid.
 *
 * <p>Immutable and thread-safe. {@link #none()} is a constant: a request without wishes allocates
 * nothing.
 */
public final class PickContext {
  private static final PickContext NONE = new PickContext(null, null);

  private final @Nullable String key;
  private final @Nullable Avoided avoided;

  private PickContext(@Nullable String key, @Nullable Avoided avoided) {
    this.key = key;
    this.avoided = avoided;
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
    return new PickContext(stable.toString(), null);
  }

  /**
   * Returns this context with one more endpoint to avoid: typically one already tried. Avoidance
   * goes by id.
   */
  public PickContext avoiding(Endpoint tried) {
    Objects.requireNonNull(tried, "tried");
    return avoids(tried) ? this : new PickContext(key, new Avoided(tried.id(), avoided));
  }

  /** The affinity key; null if the request has none. */
  public @Nullable String key() {
    return key;
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
