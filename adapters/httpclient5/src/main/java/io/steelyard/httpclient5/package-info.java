/**
 * Load balancing for Apache HttpClient 5, classic and async: a client that looks like any other and
 * sends each request to an endpoint of its own.
 *
 * <pre>{@code
 * Balancer cart = Balancer.builder(discovery).name("cart").build();
 * SteelyardExec balancing = SteelyardExec.builder().service("cart", cart).build();
 * CloseableHttpClient client = balancing.addTo(HttpClients.custom()).build();
 * String items = client.execute(new HttpGet("http://cart/items"), new BasicHttpClientResponseHandler());
 * }</pre>
 *
 * <p>The endpoint is chosen below the URI: by the route that a try goes with, which is of the
 * service's name and the endpoint's address. So {@code Host}, {@code :authority}, SNI, the name a
 * certificate is verified against and cookies stay those of the service, and connections are pooled
 * by endpoint.
 */
@NullMarked
package io.steelyard.httpclient5;

import org.jspecify.annotations.NullMarked;
