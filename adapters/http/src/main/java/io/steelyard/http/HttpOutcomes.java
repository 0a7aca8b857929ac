package io.steelyard.http;

import io.steelyard.Outcome;
import io.steelyard.adapter.HttpRules;
import java.net.http.HttpResponse.ResponseInfo;
import java.net.http.HttpTimeoutException;

/**
 * Turns an HTTP response, or the error there was instead, into an {@link Outcome}. Thread-safe,
 * quick, does not throw.
 *
 * <pre>{@code
 * HttpOutcomes strict =
 *     info -> info.statusCode() >= 400 ? Outcome.FAILURE : HttpOutcomes.standard().ofResponse(info);
 * }</pre>
 */
@FunctionalInterface
public interface HttpOutcomes {
  /** Judges a response by its status and headers; its body may still fail. */
  Outcome ofResponse(ResponseInfo response);

  /**
   * Judges an error: no response came, or its body broke off. By default connect failures are
   * {@code UNREACHABLE}, time-outs {@code TIMEOUT}; cancellation, interruption and requests that
   * the client refused to send {@code CANCELLED}; everything else is {@code FAILURE}.
   */
  default Outcome ofError(Throwable error) {
    if (ConnectFailures.is(error)) {
      return Outcome.UNREACHABLE;
    }
    return error instanceof HttpTimeoutException ? Outcome.TIMEOUT : HttpRules.ofError(error);
  }

  /**
   * The default: 500, 502 and 504 are {@code FAILURE}, 408 is {@code TIMEOUT}, 429 and 503 are
   * {@code OVERLOADED}, every other status is {@code SUCCESS}.
   */
  static HttpOutcomes standard() {
    return StandardOutcomes.INSTANCE;
  }
}

enum StandardOutcomes implements HttpOutcomes {
  INSTANCE;

  @Override
  public Outcome ofResponse(ResponseInfo response) {
    return HttpRules.ofStatus(response.statusCode());
  }
}
