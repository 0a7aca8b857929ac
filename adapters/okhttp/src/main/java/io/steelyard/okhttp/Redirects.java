package io.steelyard.okhttp;

import io.steelyard.adapter.HttpRules;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Works out the request that a redirect asks for; the rules are those of OkHttp. What OkHttp
 * follows by itself it follows below every interceptor, with the address of the step before.
 */
final class Redirects {
  /** As OkHttp. */
  static final int MOST = 20;

  private static final int MULTIPLE_CHOICES = 300;

  private final boolean betweenSchemes;

  Redirects(boolean betweenSchemes) {
    this.betweenSchemes = betweenSchemes;
  }

  /** The request to be sent instead; null if the answer stands. */
  @Nullable Request follow(Request request, Response response) {
    int status = response.code();
    if (status != MULTIPLE_CHOICES && !HttpRules.isRedirect(status)) {
      return null;
    }
    String location = response.header("Location");
    if (location == null) {
      return null;
    }
    HttpUrl from = request.url();
    HttpUrl to = from.resolve(location);
    if (to == null || (!to.scheme().equals(from.scheme()) && !betweenSchemes)) {
      return null;
    }
    Request.Builder next = request.newBuilder().url(to);
    String method = methodAfter(status, request.method());
    RequestBody body = request.body();
    if (!method.equals(request.method())) {
      next.method(method, null);
      next.removeHeader("Transfer-Encoding");
      next.removeHeader("Content-Length");
      next.removeHeader("Content-Type");
    } else if (body != null && (body.isOneShot() || body.isDuplex())) {
      return null;
    }
    boolean sameOrigin =
        to.host().equals(from.host())
            && to.port() == from.port()
            && to.scheme().equals(from.scheme());
    if (!sameOrigin) {
      next.removeHeader("Authorization");
      next.removeHeader("Host");
    }
    return next.build();
  }

  /** Not as browsers do it: a PUT or DELETE becomes a GET, unless 307 or 308 says that it stays. */
  private static String methodAfter(int status, String method) {
    boolean stays =
        status == 307 || status == 308 || method.equals("HEAD") || method.equals("PROPFIND");
    return stays ? method : "GET";
  }
}
