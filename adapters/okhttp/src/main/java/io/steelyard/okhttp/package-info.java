/**
 * Load balancing for OkHttp: a client that looks like any other and sends each call to an endpoint
 * of its own.
 *
 * <pre>{@code
 * Balancer cart = Balancer.builder(discovery).name("cart").build();
 * OkHttpClient client =
 *     SteelyardInterceptor.wrap(new OkHttpClient()).service("cart", cart).build();
 * Request request = new Request.Builder().url("http://cart/items").build();
 * try (Response response = client.newCall(request).execute()) {
 *   String items = response.body().string();
 * }
 * }</pre>
 *
 * <p>The endpoint is chosen below the URL: by the {@code Dns} that a call goes with. So {@code
 * Host}, {@code :authority}, SNI, the name a certificate is verified against, and cookies stay
 * those of the service, and connections are pooled by endpoint.
 */
@NullMarked
package io.steelyard.okhttp;

import org.jspecify.annotations.NullMarked;
