package io.steelyard.contract;

import org.jspecify.annotations.Nullable;

/**
 * A request, whatever the client.
 *
 * @param oneShot whether its body can be read once only
 */
public record Ask(String method, String url, @Nullable String body, boolean oneShot) {
  public static Ask get(String url) {
    return new Ask("GET", url, null, false);
  }

  public static Ask with(String method, String url, String body) {
    return new Ask(method, url, body, false);
  }

  public static Ask once(String method, String url, String body) {
    return new Ask(method, url, body, true);
  }
}
