package io.steelyard.okhttp;

import io.steelyard.Outcome;
import io.steelyard.adapter.HttpRules;
import okhttp3.Response;

/**
 * Turns a response, or the error there was instead, into an {@link Outcome}. Thread-safe, quick,
 * does not throw.
 */
@FunctionalInterface
public interface OkHttpOutcomes {
  /** Judges a response by its status and headers; its body is not to be touched. */
  Outcome ofResponse(Response response);

  /**
   * Judges an error: no response came, or its body broke off. A call that was cancelled, one whose
   * time was over, one whose connection could not be made and one whose own body failed are not
   * asked about.
   */
  default Outcome ofError(Throwable error) {
    return HttpRules.ofError(error);
  }

  /** The default: {@link HttpRules#ofStatus} and {@link HttpRules#ofError}. */
  static OkHttpOutcomes standard() {
    return response -> HttpRules.ofStatus(response.code());
  }
}
