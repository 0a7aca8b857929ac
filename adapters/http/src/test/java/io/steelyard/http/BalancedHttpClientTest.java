package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import io.steelyard.contract.Pods.Pod;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class BalancedHttpClientTest {
  private static final HttpClient JDK = HttpClient.newHttpClient();
  private final Pods pods = new Pods();

  @AfterEach
  void stop() throws Exception {
    pods.close();
  }

  private static BalancedHttpClient client(Balancer balancer) {
    return BalancedHttpClient.wrap(JDK).service("cart", balancer).build();
  }

  private static HttpRequest get(String uri) {
    return HttpRequest.newBuilder(URI.create(uri)).build();
  }

  private static String body(HttpClient client, String uri) throws Exception {
    return client.send(get(uri), BodyHandlers.ofString()).body();
  }

  @Test
  void spreadsRequestsEvenly() throws Exception {
    HttpClient client =
        client(Listing.of(pods.pod("127.0.0.2"), pods.pod("127.0.0.3"), pods.pod("127.0.0.4")));
    Map<String, Integer> got = new TreeMap<>();
    for (int i = 0; i < 30; i++) {
      got.merge(body(client, "http://cart/"), 1, Integer::sum);
      got.merge(
          client.sendAsync(get("http://cart/"), BodyHandlers.ofString()).get().body(),
          1,
          Integer::sum);
      got.merge(
          client.sendAsync(get("http://cart/"), BodyHandlers.ofString(), null).get().body(),
          1,
          Integer::sum);
    }
    assertThat(got).isEqualTo(Map.of("127.0.0.2", 30, "127.0.0.3", 30, "127.0.0.4", 30));
  }

  @Test
  void aNewPodGetsTrafficAndAPodThatIsGoneGetsNone() throws Exception {
    Pod first = pods.pod("127.0.0.2");
    Pod second = pods.pod("127.0.0.3");
    Listing listing = new Listing();
    try (Balancer cart = listing.balancer()) {
      HttpClient client = client(cart);
      listing.publish(first);
      assertThat(body(client, "http://cart/")).isEqualTo("127.0.0.2");

      listing.publish(first, second);
      await().until(() -> body(client, "http://cart/").equals("127.0.0.3"));

      listing.publish(second);
      await().until(() -> cart.candidates().size() == 1);
      int before = first.requests.get();
      for (int i = 0; i < 10; i++) {
        assertThat(body(client, "http://cart/")).isEqualTo("127.0.0.3");
      }
      assertThat(first.requests).hasValue(before);
    }
  }

  @Test
  void keepsPathQueryMethodHeadersAndBody() throws Exception {
    List<String> seen = new ArrayList<>();
    Pod pod =
        pods.pod(
            "127.0.0.2",
            exchange -> {
              seen.add(exchange.getRequestMethod());
              seen.add(exchange.getRequestURI().toString());
              seen.add(exchange.getRequestHeaders().getFirst("X-User"));
              seen.add(new String(exchange.getRequestBody().readAllBytes()));
              Pods.answer(exchange, 200, "");
            });
    client(Listing.of(pod))
        .send(
            HttpRequest.newBuilder(URI.create("http://cart/a%2Fb/%20?q=%26&r=%C3%A4"))
                .header("X-User", "7")
                .POST(BodyPublishers.ofString("hello"))
                .build(),
            BodyHandlers.discarding());
    assertThat(seen).containsExactly("POST", "/a%2Fb/%20?q=%26&r=%C3%A4", "7", "hello");
  }

  @Test
  void theHostNamesTheServiceInAnyCaseAndItsPortIsIgnored() throws Exception {
    HttpClient client = client(Listing.of(pods.pod("127.0.0.2")));
    assertThat(body(client, "HTTP://CART:81/")).isEqualTo("127.0.0.2");
    assertThat(body(client, "http://cart")).isEqualTo("127.0.0.2");
  }

  @Test
  void theResponseSaysWhoAnswered() throws Exception {
    Pod pod = pods.pod("127.0.0.2");
    HttpResponse<Void> response =
        client(Listing.of(pod)).send(get("http://cart/x"), BodyHandlers.discarding());
    assertThat(response.uri()).isEqualTo(URI.create("http://" + pod.endpoint.authority() + "/x"));
  }

  @Test
  void retargetsFromRawParts() {
    Endpoint pod = Endpoint.of("10.0.0.7", 8080);
    assertThat(Journey.retarget(URI.create("http://user@cart:1/%41/%2F?a=%3D#part"), pod))
        .hasToString("http://10.0.0.7:8080/%41/%2F?a=%3D");
    assertThat(Journey.retarget(URI.create("http://cart"), pod))
        .hasToString("http://10.0.0.7:8080");
    assertThat(Journey.retarget(URI.create("http://cart?q"), pod))
        .hasToString("http://10.0.0.7:8080?q");
    assertThat(Journey.retarget(URI.create("http://cart/ä"), Endpoint.of("fe80::1%eth0", 80)))
        .hasToString("http://[fe80::1%eth0]:80/ä");
  }

  @Test
  void reachesIpv6Literals() throws Exception {
    try (ServerSocket probe = new ServerSocket()) {
      probe.bind(new InetSocketAddress("::1", 0));
    } catch (IOException e) {
      assumeTrue(false, "no IPv6 here");
    }
    assertThat(body(client(Listing.of(pods.pod("::1"))), "http://cart/")).isEqualTo("::1");
  }

  @Test
  void aHostThatIsNoServiceIsSentAsItIs() throws Exception {
    Pod other = pods.pod("127.0.0.9");
    Balancer cart = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client = client(cart);
    String uri = "http://" + other.endpoint.authority() + "/";
    assertThat(body(client, uri)).isEqualTo("127.0.0.9");
    assertThat(client.sendAsync(get(uri), BodyHandlers.ofString()).get().body())
        .isEqualTo("127.0.0.9");
    assertThat(cart.stats().begun()).isZero();
  }

  @Test
  void aHostThatIsNoServiceIsRefusedOnRequest() {
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", Listing.of(pods.pod("127.0.0.2")))
            .service("Billing", Listing.of(pods.pod("127.0.0.2")))
            .passThrough(false)
            .build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> body(client, "http://carrt/"))
        .withMessage("request URI: http://carrt/: no such service: carrt (known: billing, cart)");
    assertThatThrownBy(() -> client.sendAsync(get("http://carrt/"), BodyHandlers.ofString()).get())
        .hasCauseInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void aHostWithoutAnAddressIsNamedBesideTheServices() {
    HttpClient client = client(Listing.of(pods.pod("127.0.0.2")));
    String message = "carrt.invalid: no such host, nor a service of this client (known: cart)";
    assertThatThrownBy(() -> body(client, "http://carrt.invalid/"))
        .isInstanceOf(ConnectException.class)
        .hasMessage(message);
    assertThatThrownBy(
            () -> client.sendAsync(get("http://carrt.invalid/"), BodyHandlers.ofString()).get())
        .cause()
        .isInstanceOf(ConnectException.class)
        .hasMessage(message);
    assertThatThrownBy(
            () ->
                client
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://carrt.invalid/"), new WebSocket.Listener() {})
                    .get())
        .cause()
        .isInstanceOf(ConnectException.class)
        .hasMessage(message);
  }

  @Test
  void whatIsPassedThroughIsCancelledAsTheJdksOwn() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      HttpClient client = client(Listing.of(pods.pod("127.0.0.2")));
      CompletableFuture<HttpResponse<String>> sending =
          client.sendAsync(
              get("http://127.0.0.1:" + silent.getLocalPort() + "/"), BodyHandlers.ofString());
      try (Socket accepted = silent.accept()) {
        accepted.setSoTimeout(30_000);
        InputStream in = accepted.getInputStream();
        assertThat(in.read()).isEqualTo('G');
        sending.cancel(true);
        assertThat(sending).isCompletedExceptionally();
        in.readAllBytes(); // the rest of the request, then the end
      }
    }
  }

  @Test
  void asksTheResolverForOtherHosts() throws Exception {
    Balancer cart = Listing.of(pods.pod("127.0.0.2"));
    Balancer billing = Listing.of(pods.pod("127.0.0.3"));
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", cart)
            .resolver(host -> host.equals("billing") ? billing : null)
            .build();
    assertThat(body(client, "http://cart/")).isEqualTo("127.0.0.2");
    assertThat(body(client, "http://BILLING/")).isEqualTo("127.0.0.3");
    String other = "http://" + pods.pod("127.0.0.9").endpoint.authority();
    assertThat(body(client, other)).isEqualTo("127.0.0.9");
  }

  @Test
  void nullsAndUrisWithoutHostAreClearErrors() {
    HttpClient client = client(Listing.of(pods.pod("127.0.0.2")));
    assertThatNullPointerException()
        .isThrownBy(() -> client.send(null, BodyHandlers.ofString()))
        .withMessage("request");
    assertThatNullPointerException()
        .isThrownBy(() -> client.sendAsync(get("http://cart/"), null))
        .withMessage("responseBodyHandler");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> client.send(new NoHost(), BodyHandlers.ofString()))
        .withMessage("request URI: /cart (expected: a host, as in http://cart/)");
  }

  @Test
  void theContextComesFromTheRequest() throws Exception {
    List<String> keys = new ArrayList<>();
    Balancer cart =
        Balancer.builder(
                listener -> {
                  listener.update(io.steelyard.Topology.of(pods.pod("127.0.0.2").endpoint));
                  return () -> {};
                })
            .strategy(
                (candidates, context) ->
                    (pick, rank) -> {
                      keys.add(pick.key());
                      return 0;
                    })
            .build();
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", cart)
            .contextOf(
                request ->
                    request
                        .headers()
                        .firstValue("X-User")
                        .map(PickContext::key)
                        .orElse(PickContext.none()))
            .build();
    client.send(
        HttpRequest.newBuilder(URI.create("http://cart/")).header("X-User", "7").build(),
        BodyHandlers.discarding());
    body(client, "http://cart/");
    assertThat(keys).containsExactly("7", null);
  }

  @Test
  void aContextThatThrowsFailsTheRequest() {
    Balancer cart = Listing.of(pods.pod("127.0.0.2"));
    HttpClient client =
        BalancedHttpClient.wrap(JDK)
            .service("cart", cart)
            .contextOf(
                request -> {
                  throw new IllegalStateException("no user");
                })
            .build();
    assertThatThrownBy(() -> body(client, "http://cart/")).hasMessage("no user");
    assertThatThrownBy(() -> client.sendAsync(get("http://cart/"), BodyHandlers.ofString()).get())
        .hasRootCauseMessage("no user");
    assertThat(cart.stats().inFlight()).isZero();
  }

  @Test
  void theBuilderChecksItsSettings() {
    Balancer cart = Listing.of(pods.pod("127.0.0.2"));
    BalancedHttpClientBuilder builder = BalancedHttpClient.wrap(JDK).service("cart", cart);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.service("CART", cart))
        .withMessage("service: \"CART\" is known already");
    for (String name : List.of("", "my cart", "my_cart", "cart:80", "a/b", "u@cart")) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> builder.service(name, cart))
          .withMessageStartingWith("service: \"" + name + "\" (expected: the host of a URI");
    }
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.tries(0))
        .withMessage("tries: 0 (expected: >= 1)");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.awaitFirst(Duration.ofSeconds(-1)));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.awaitFirst(Duration.ofDays(365_000)))
        .withMessage("awaitFirst: PT8760000H (expected: 0 to 1 day)");
    assertThatIllegalArgumentException().isThrownBy(() -> builder.abandonBodyAfter(Duration.ZERO));
  }

  @Test
  void answersForTheWrappedClient() {
    HttpClient delegate =
        HttpClient.newBuilder()
            .connectTimeout(Duration.ofSeconds(3))
            .followRedirects(HttpClient.Redirect.NORMAL)
            .version(HttpClient.Version.HTTP_1_1)
            .build();
    HttpClient client = BalancedHttpClient.wrap(delegate).build();
    assertThat(client.connectTimeout()).contains(Duration.ofSeconds(3));
    assertThat(client.followRedirects()).isEqualTo(HttpClient.Redirect.NORMAL);
    assertThat(client.version()).isEqualTo(HttpClient.Version.HTTP_1_1);
    assertThat(client.sslContext()).isSameAs(delegate.sslContext());
    assertThat(client.sslParameters().getProtocols())
        .isEqualTo(delegate.sslParameters().getProtocols());
    assertThat(client.proxy()).isEmpty();
    assertThat(client.authenticator()).isEmpty();
    assertThat(client.cookieHandler()).isEmpty();
    assertThat(client.executor()).isEmpty();
    assertThat(client.newWebSocketBuilder()).isNotNull();
  }

  /** A request of somebody's own, with a URI the JDK's builder would refuse. */
  private static final class NoHost extends HttpRequest {
    private final HttpRequest real = get("http://cart/");

    @Override
    public java.util.Optional<BodyPublisher> bodyPublisher() {
      return real.bodyPublisher();
    }

    @Override
    public String method() {
      return real.method();
    }

    @Override
    public java.util.Optional<Duration> timeout() {
      return real.timeout();
    }

    @Override
    public boolean expectContinue() {
      return false;
    }

    @Override
    public URI uri() {
      return URI.create("/cart");
    }

    @Override
    public java.util.Optional<HttpClient.Version> version() {
      return real.version();
    }

    @Override
    public java.net.http.HttpHeaders headers() {
      return real.headers();
    }
  }
}
