package io.steelyard.http;

import io.steelyard.adapter.HttpAdapter;
import io.steelyard.adapter.HttpAdapterBuilder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.util.Objects;

/**
 * Puts a {@link BalancedHttpClient} together. Every setting is checked here, not at the first
 * request. Not thread-safe.
 *
 * <pre>{@code
 * .contextOf(request -> request.headers().firstValue("X-User")
 *     .map(PickContext::key).orElse(PickContext.none()))
 * }</pre>
 */
public final class BalancedHttpClientBuilder
    extends HttpAdapterBuilder<HttpRequest, BalancedHttpClientBuilder> {
  final HttpClient delegate;
  HttpOutcomes outcomes = HttpOutcomes.standard();

  BalancedHttpClientBuilder(HttpClient delegate) {
    this.delegate = Objects.requireNonNull(delegate, "delegate");
  }

  @Override
  protected BalancedHttpClientBuilder self() {
    return this;
  }

  HttpAdapter<HttpRequest> settings() {
    return settings(delegate.connectTimeout().orElse(null));
  }

  /** Sets how responses and errors are judged; {@link HttpOutcomes#standard()} by default. */
  public BalancedHttpClientBuilder outcomes(HttpOutcomes outcomes) {
    this.outcomes = Objects.requireNonNull(outcomes, "outcomes");
    return this;
  }

  /** Returns the client. */
  public BalancedHttpClient build() {
    return new BalancedHttpClient(this);
  }
}
