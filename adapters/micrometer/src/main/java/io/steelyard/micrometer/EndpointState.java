package io.steelyard.micrometer;

import io.steelyard.Candidates;
import io.steelyard.Reason;
import java.util.Locale;

/** What an endpoint is at the moment, in a word. */
enum EndpointState {
  USABLE,
  PROBING,
  EJECTED,
  DRAINING,
  DISCONNECTED,
  EXCLUDED;

  static EndpointState of(Candidates candidates, int i) {
    if (candidates.weight(i) > 0) {
      return candidates.probing(i) ? PROBING : USABLE;
    }
    if (candidates.endpoint(i).draining()) {
      return DRAINING;
    }
    Reason reason = candidates.reason(i);
    String text = reason == null ? "" : reason.text();
    if (text.startsWith("ejected")) {
      return EJECTED;
    }
    return text.equals("not connected") ? DISCONNECTED : EXCLUDED;
  }

  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
