package io.steelyard.http;

import io.steelyard.adapter.HttpRules;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.ResponseInfo;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Works out the request that a redirect asks for; the rules are those of the JDK's client. */
final class Redirects {
  /** As the JDK's client by default. */
  static final int MOST = 5;

  private static final Set<String> FOR_ONE_HOST = Set.of("authorization", "cookie");

  private Redirects() {}

  /**
   * The request to be sent instead.
   *
   * @param bodyIsThere whether its body can be sent again
   * @param left of the request's time; null if it has no limit
   * @return null if the answer is not a redirect that is to be followed
   */
  static @Nullable HttpRequest follow(
      Delegates delegates,
      HttpRequest request,
      ResponseInfo answer,
      boolean bodyIsThere,
      @Nullable Duration left) {
    if (!HttpRules.isRedirect(answer.statusCode())) {
      return null;
    }
    URI from = request.uri();
    URI to = target(from, answer.headers().firstValue("Location").orElse(null));
    if (to == null || !delegates.follows(answer.statusCode(), from.getScheme(), to.getScheme())) {
      return null;
    }
    String method = HttpRules.methodAfterRedirect(answer.statusCode(), request.method());
    boolean withBody = method.equals(request.method());
    if (withBody && !bodyIsThere) {
      return null;
    }
    boolean sameHost = from.getHost().equalsIgnoreCase(to.getHost());
    HttpRequest.Builder next =
        HttpRequest.newBuilder(
                request,
                (name, value) -> sameHost || !FOR_ONE_HOST.contains(name.toLowerCase(Locale.ROOT)))
            .uri(to);
    if (!withBody) {
      next.method(method, HttpRequest.BodyPublishers.noBody());
    }
    if (left != null) {
      next.timeout(left);
    }
    return next.build();
  }

  private static @Nullable URI target(URI from, @Nullable String location) {
    if (location == null) {
      return null;
    }
    try {
      URI to = from.resolve(location);
      boolean http = "http".equalsIgnoreCase(to.getScheme());
      boolean https = "https".equalsIgnoreCase(to.getScheme());
      return (http || https) && to.getHost() != null ? to : null;
    } catch (IllegalArgumentException e) {
      return null;
    }
  }
}
