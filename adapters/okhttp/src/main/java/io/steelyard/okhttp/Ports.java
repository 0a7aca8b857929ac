package io.steelyard.okhttp;

import java.util.concurrent.atomic.AtomicReferenceArray;
import okhttp3.HttpUrl;
import org.jspecify.annotations.Nullable;

/**
 * URLs at the ports of endpoints, the latest of which are remembered: to take one apart and put it
 * together again is the dearest thing that a request would do here. Thread-safe: a lost entry is
 * made again.
 */
final class Ports {
  /** A power of two. */
  private static final int REMEMBERED = 256;

  /** A URL, and the same at a port. */
  private record Known(HttpUrl asked, HttpUrl there) {}

  private final AtomicReferenceArray<@Nullable Known> known =
      new AtomicReferenceArray<>(REMEMBERED);

  /** This URL at this port. */
  HttpUrl at(HttpUrl asked, int port) {
    int hash = 31 * asked.hashCode() + port;
    int place = (hash ^ hash >>> 16) & REMEMBERED - 1;
    Known here = known.getPlain(place);
    if (here != null && here.there.port() == port && here.asked.equals(asked)) {
      return here.there;
    }
    HttpUrl there = asked.newBuilder().port(port).build();
    known.setRelease(place, new Known(asked, there));
    return there;
  }
}
