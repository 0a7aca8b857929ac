package io.steelyard.http;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A request as another one, but for where it goes, how long it may take, and who watches its body.
 * The JDK's client makes its own copy of whatever it is given; a copy by the builder, which adds
 * header after header, would come on top of that.
 */
final class RetargetedRequest extends HttpRequest {
  private final HttpRequest request;
  private final URI uri;
  private final Optional<BodyPublisher> body;
  private final @Nullable Duration timeout;

  /**
   * @param body in the place of the request's own; null if it has none
   * @param timeout in the place of the request's own; null for none
   */
  RetargetedRequest(
      HttpRequest request, URI uri, @Nullable BodyPublisher body, @Nullable Duration timeout) {
    this.request = request;
    this.uri = uri;
    this.body = Optional.ofNullable(body);
    this.timeout = timeout;
  }

  @Override
  public Optional<BodyPublisher> bodyPublisher() {
    return body;
  }

  @Override
  public String method() {
    return request.method();
  }

  @Override
  public Optional<Duration> timeout() {
    return Optional.ofNullable(timeout);
  }

  @Override
  public boolean expectContinue() {
    return request.expectContinue();
  }

  @Override
  public URI uri() {
    return uri;
  }

  @Override
  public Optional<HttpClient.Version> version() {
    return request.version();
  }

  @Override
  public HttpHeaders headers() {
    return request.headers();
  }

  @Override
  public String toString() {
    return uri + " " + method();
  }
}
