package io.steelyard.discovery;

import io.steelyard.Endpoint;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Looks up where the endpoints of a name are. */
interface Lookup {
  /** May block; called by one thread at a time. */
  Found find() throws NotFound;

  /** Ends a lookup that is under way, as far as it can be ended. Idempotent, never blocks. */
  default void close() {}

  /**
   * What there is.
   *
   * @param endpoints ids unique, in an order that depends on nothing else
   * @param problem why some of it is an older answer; null if none is
   * @param seconds how long it is good for, as far as anybody says
   */
  record Found(List<Endpoint> endpoints, @Nullable String problem, long seconds) {}

  /** Why nothing was found. */
  @SuppressWarnings("serial")
  final class NotFound extends Exception {
    enum Why {
      /** There is no such name: somebody who must know says so. */
      ABSENT,
      /** Nobody knows at the moment. */
      FAILED,
      /** A cache says that it is as it was. */
      AS_BEFORE
    }

    private final Why why;

    NotFound(Why why, String message, @Nullable Throwable cause) {
      super(message, cause);
      this.why = why;
    }

    Why why() {
      return why;
    }
  }
}
