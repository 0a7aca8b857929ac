package io.steelyard.httpclient5;

import io.steelyard.Endpoint;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.core5.http.HttpHost;

/**
 * The ways to endpoints, each made once: a way is asked for with every request, and the client's
 * pool looks it up. One whose endpoint is a name is made anew, lest it keep an old address.
 * Thread-safe.
 */
final class Routes {
  /** More than endpoints there are at a time; those that are gone go when it is reached. */
  private static final int MOST = 10_000;

  private final ConcurrentHashMap<Endpoint, HttpRoute> known = new ConcurrentHashMap<>();

  /** The way to this endpoint under the name of the service that the logical route leads to. */
  HttpRoute to(Endpoint endpoint, HttpRoute logical) throws UnknownHostException {
    HttpHost service = logical.getTargetHost();
    HttpRoute route = known.get(endpoint);
    if (route != null && isLike(logical, route)) {
      return route;
    }
    HttpRoute made =
        new HttpRoute(
            new HttpHost(
                service.getSchemeName(),
                InetAddress.getByName(endpoint.host()),
                service.getHostName(),
                endpoint.port()),
            logical.getLocalAddress(),
            logical.isSecure());
    if (isLiteral(endpoint.host())) {
      if (known.size() >= MOST) {
        known.clear();
      }
      known.put(endpoint, made);
    }
    return made;
  }

  /** One endpoint may serve two services, or one by http and by https: the last one is known. */
  private static boolean isLike(HttpRoute logical, HttpRoute route) {
    HttpHost service = logical.getTargetHost();
    HttpHost target = route.getTargetHost();
    return target.getHostName().equals(service.getHostName())
        && target.getSchemeName().equals(service.getSchemeName())
        && Objects.equals(logical.getLocalAddress(), route.getLocalAddress());
  }

  /** Of an address rather than a name: digits and dots, or with colons. */
  private static boolean isLiteral(String host) {
    for (int i = 0; i < host.length(); i++) {
      char c = host.charAt(i);
      if (c == ':') {
        return true;
      }
      if (c != '.' && (c < '0' || c > '9')) {
        return false;
      }
    }
    return true;
  }
}
