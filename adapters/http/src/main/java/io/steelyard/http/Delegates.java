package io.steelyard.http;

import io.steelyard.adapter.HttpRules;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Redirect;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLParameters;
import org.jspecify.annotations.Nullable;

/**
 * The clients that requests go through: the wrapped one, and copies of it where that will not do.
 *
 * <p>A client verifies certificates by the names in its {@code SSLParameters}, else by the host of
 * the URI, which here is a pod's address: https takes a client for each service. And a client that
 * follows redirects follows them past the balancer: then even http takes one that does not.
 */
final class Delegates {
  private final HttpClient wrapped;
  private final HttpClient plain;
  private final ConcurrentHashMap<String, HttpClient> secure = new ConcurrentHashMap<>();

  Delegates(HttpClient wrapped) {
    this.wrapped = wrapped;
    this.plain = wrapped.followRedirects() == Redirect.NEVER ? wrapped : copy(wrapped, null);
  }

  HttpClient wrapped() {
    return wrapped;
  }

  /** The one for requests to this service. */
  HttpClient of(String service, boolean tls) {
    if (!tls) {
      return plain;
    }
    HttpClient known = secure.get(service);
    return known != null
        ? known
        : secure.computeIfAbsent(service.toLowerCase(Locale.ROOT), name -> copy(wrapped, name));
  }

  /** A client as this one, as far as a client tells, that follows no redirects. */
  private static HttpClient copy(HttpClient from, @Nullable String serverName) {
    HttpClient.Builder copy =
        HttpClient.newBuilder()
            .version(from.version())
            .followRedirects(Redirect.NEVER)
            .sslContext(from.sslContext());
    SSLParameters tls = from.sslParameters();
    if (serverName != null) {
      tls.setServerNames(List.of(new SNIHostName(serverName)));
    }
    copy.sslParameters(tls);
    from.cookieHandler().ifPresent(copy::cookieHandler);
    from.connectTimeout().ifPresent(copy::connectTimeout);
    from.proxy().ifPresent(copy::proxy);
    from.authenticator().ifPresent(copy::authenticator);
    from.executor().ifPresent(copy::executor);
    return copy.build();
  }

  /** Whether the wrapped client would go from this scheme to that one. */
  boolean follows(int status, @Nullable String from, @Nullable String to) {
    if (!HttpRules.isRedirect(status)) {
      return false;
    }
    return switch (wrapped.followRedirects()) {
      case NEVER -> false;
      case ALWAYS -> true;
      case NORMAL -> !("https".equalsIgnoreCase(from) && "http".equalsIgnoreCase(to));
    };
  }

  private List<HttpClient> all() {
    List<HttpClient> all = new ArrayList<>(secure.values());
    if (plain != wrapped) {
      all.add(plain);
    }
    all.add(wrapped);
    return all;
  }

  void close() {
    all().forEach(Lifecycle::close);
  }

  void shutdown() {
    all().forEach(Lifecycle::shutdown);
  }

  void shutdownNow() {
    all().forEach(Lifecycle::shutdownNow);
  }

  boolean isTerminated() {
    return all().stream().allMatch(Lifecycle::isTerminated);
  }

  boolean awaitTermination(Duration duration) throws InterruptedException {
    long end = System.nanoTime() + saturated(duration);
    for (HttpClient each : all()) {
      Duration left = Duration.ofNanos(Math.max(0, end - System.nanoTime()));
      if (!Lifecycle.awaitTermination(each, left)) {
        return false;
      }
    }
    return true;
  }

  private static long saturated(Duration duration) {
    return duration.compareTo(Duration.ofDays(365)) < 0
        ? duration.toNanos()
        : Duration.ofDays(365).toNanos();
  }
}
