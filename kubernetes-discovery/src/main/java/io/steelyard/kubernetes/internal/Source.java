package io.steelyard.kubernetes.internal;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One kind of object on an API server, as a {@link Reflector} reads it. Its calls block and may
 * throw anything; an interrupt ends them.
 *
 * @param <T> what is kept of each object: a small immutable value with equals
 */
public interface Source<T> {
  /** Everything there is, read consistently, and the version it was read at. */
  Listing<T> list() throws Exception;

  /**
   * Follows changes after {@code version}, and returns once the server has accepted. Events may
   * come before that, from any one thread at a time; after {@code ended} none do.
   *
   * @return closes the watch: does not block
   */
  AutoCloseable watch(String version, Events<T> events) throws Exception;

  /**
   * Asks whether a watch from {@code version} on would be accepted, after some that ended at once
   * and did not say why. By default nothing is asked.
   *
   * @throws Exception what the server says against it
   */
  default void requireWatchable(String version) throws Exception {}

  /** Whether the client was closed, so that nothing will ever work again. */
  boolean isClosed();

  /**
   * Asks for fresh connections: a call got no answer in time, or a watch went silent, so those that
   * are open may be half open. Does not block.
   */
  default void renew() {}

  /**
   * What was listed, by {@code namespace/name}.
   *
   * @param unreadable the objects that are there and cannot be read, and why: what was known of
   *     them stays
   */
  record Listing<T>(Map<String, T> items, String version, Map<String, String> unreadable) {
    /** A list of which everything could be read. */
    public Listing(Map<String, T> items, String version) {
      this(items, version, Map.of());
    }
  }

  /** Takes what a watch has to say. */
  interface Events<T> {
    /** The object is now so. */
    void put(String key, T value, @Nullable String version);

    /** The object is gone, or no longer selected. */
    void remove(String key, @Nullable String version);

    /** Nothing changed up to this version: the watch is alive. */
    void bookmark(@Nullable String version);

    /** The watch is over, for this reason if there is one. */
    void ended(@Nullable Throwable cause);
  }
}
