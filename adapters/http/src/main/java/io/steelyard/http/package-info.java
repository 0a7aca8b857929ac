/**
 * Load balancing for {@link java.net.http.HttpClient}: a client that looks like any other and sends
 * each request to an endpoint of its own.
 *
 * <pre>{@code
 * Balancer cart = Balancer.builder(discovery).name("cart").build();
 * HttpClient client =
 *     BalancedHttpClient.wrap(HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(2)).build())
 *         .service("cart", cart)
 *         .build();
 *
 * HttpRequest request = HttpRequest.newBuilder(URI.create("http://cart/items")).build();
 * String items = client.send(request, HttpResponse.BodyHandlers.ofString()).body();
 * }</pre>
 *
 * <p>A connection pool alone does not balance: it opens a connection to whatever address a name
 * resolved to and stays with it. {@link io.steelyard.http.BalancedHttpClient} asks the balancer
 * before every request, puts the endpoint's address into a copy of it, and leaves the rest
 * (connections, HTTP versions, executors) to the client it wraps, which pools by address. It then
 * tells the balancer how things went: when the headers came, which is the latency sample; when the
 * body ended, which is when the request stops being in flight; and what {@link
 * io.steelyard.http.HttpOutcomes} made of it.
 *
 * <p>The one failure that is repaired unasked is the one where repair is always safe: a connection
 * that could not be made. A {@link io.steelyard.retry.RetryPolicy} has idempotent requests tried
 * again after other failures, too; whether a {@code POST} may be repeated takes knowledge that the
 * caller has.
 */
@NullMarked
package io.steelyard.http;

import org.jspecify.annotations.NullMarked;
