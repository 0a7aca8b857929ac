package io.steelyard.okhttp;

import io.steelyard.adapter.HttpRules;
import java.io.IOException;
import java.net.ProtocolException;
import okhttp3.HttpUrl;
import okhttp3.Interceptor;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Follows redirects above the balancing, so that each step is balanced for itself. What OkHttp
 * follows by itself it follows below every interceptor, with the address of the step before.
 */
final class Redirects implements Interceptor {
  /** As OkHttp. */
  private static final int MOST = 20;

  private final boolean betweenSchemes;

  Redirects(boolean betweenSchemes) {
    this.betweenSchemes = betweenSchemes;
  }

  @Override
  public Response intercept(Chain chain) throws IOException {
    Request request = chain.request();
    for (int hops = 0; true; hops++) {
      Response response = chain.proceed(request);
      Request next = follow(request, response);
      if (next == null) {
        return response;
      }
      response.close();
      if (hops == MOST) {
        throw new ProtocolException("Too many follow-up requests: " + (hops + 1));
      }
      request = next;
    }
  }

  private @Nullable Request follow(Request request, Response response) {
    String location = response.header("Location");
    if (location == null || !HttpRules.isRedirect(response.code())) {
      return null;
    }
    HttpUrl from = request.url();
    HttpUrl to = from.resolve(location);
    if (to == null || (!to.scheme().equals(from.scheme()) && !betweenSchemes)) {
      return null;
    }
    Request.Builder next = request.newBuilder().url(to);
    String method = HttpRules.methodAfterRedirect(response.code(), request.method());
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
}
