package io.steelyard.httpclient5;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.Endpoint;
import java.net.UnknownHostException;
import org.apache.hc.client5.http.HttpRoute;
import org.apache.hc.core5.http.HttpHost;
import org.junit.jupiter.api.Test;

final class RoutesTest {
  private static final HttpRoute CART = new HttpRoute(new HttpHost("http", "cart", 80));
  private static final HttpRoute SECURE =
      new HttpRoute(new HttpHost("https", "cart", 443), null, true);
  private static final HttpRoute ORDERS = new HttpRoute(new HttpHost("http", "orders", 80));

  private final Routes routes = new Routes();

  @Test
  void aRouteHasTheServicesNameAndTheEndpointsAddress() throws Exception {
    HttpRoute route = routes.to(Endpoint.of("::1", 8080), CART);
    assertThat(route.getTargetHost().toURI()).isEqualTo("http://cart:8080");
    assertThat(route.getTargetHost().getAddress().getHostAddress()).isEqualTo("0:0:0:0:0:0:0:1");
    assertThat(route.isSecure()).isFalse();
    assertThat(route.getProxyHost()).isNull();
  }

  @Test
  void theRouteToAnAddressIsMadeOnce() throws Exception {
    HttpRoute route = routes.to(Endpoint.of("127.0.0.2", 8080), CART);
    assertThat(routes.to(Endpoint.of("127.0.0.2", 8080), CART)).isSameAs(route);
    assertThat(routes.to(Endpoint.of("127.0.0.2", 8081), CART)).isNotEqualTo(route);
  }

  @Test
  void oneEndpointMayServeTwoServicesBySeveralSchemes() throws Exception {
    Endpoint shared = Endpoint.of("127.0.0.2", 8080);
    for (int i = 0; i < 2; i++) {
      assertThat(routes.to(shared, CART).getTargetHost().toURI()).isEqualTo("http://cart:8080");
      assertThat(routes.to(shared, SECURE).getTargetHost().toURI()).isEqualTo("https://cart:8080");
      assertThat(routes.to(shared, SECURE).isSecure()).isTrue();
      assertThat(routes.to(shared, ORDERS).getTargetHost().toURI()).isEqualTo("http://orders:8080");
    }
  }

  @Test
  void aNameIsLookedUpEachTime() throws Exception {
    Endpoint named = Endpoint.of("localhost", 8080);
    HttpRoute route = routes.to(named, CART);
    assertThat(routes.to(named, CART)).isEqualTo(route).isNotSameAs(route);
    assertThatThrownBy(() -> routes.to(Endpoint.of("no-such-host.invalid", 80), CART))
        .isInstanceOf(UnknownHostException.class);
  }
}
