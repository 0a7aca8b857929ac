package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One consistent list, asked for over the HTTP client of a {@link KubernetesClient} with all its
 * authentication, and read object by object.
 *
 * <p>The client's own {@code list()} fails as a whole when one object in it cannot be read, and
 * hides the header by which a server says when to come back.
 */
public final class ApiList {
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  // Some HTTP clients apply their timeout to the head of an answer only; the body may stall.
  private static final Duration WHOLE = Duration.ofSeconds(10);

  private ApiList() {}

  /**
   * Lists the objects under this path.
   *
   * @param path {@code apis/discovery.k8s.io/v1/namespaces/shop/endpointslices}
   * @param selector a label selector
   * @param read returns what is kept of an object, or null to leave it out
   * @throws KubernetesClientException if the server refuses, with its code
   */
  public static <S extends HasMetadata, T> Source.Listing<T> get(
      KubernetesClient client,
      String path,
      @Nullable String selector,
      Class<S> type,
      Function<S, @Nullable T> read)
      throws Exception {
    // No resourceVersion: a consistent read. Version 0 would be answered from a cache of any age.
    HttpResponse<byte[]> response = send(client, path, query(selector));
    if (!response.isSuccessful()) {
      throw refusal(client.getKubernetesSerialization(), response, path);
    }
    return parse(client.getKubernetesSerialization(), response.body(), type, read);
  }

  /**
   * Asks for a watch of a second by a plain request, to hear what the server says to it: the
   * client's own watches may end with a refusal and not tell that it was one.
   *
   * @param version where the watch would begin
   * @throws KubernetesClientException if the server refuses, with its code
   */
  public static void requireWatchable(
      KubernetesClient client, String path, @Nullable String selector, String version)
      throws Exception {
    String query =
        query(selector)
            + (selector == null ? "?" : "&")
            + "watch=true&timeoutSeconds=1&resourceVersion="
            + URLEncoder.encode(version, StandardCharsets.UTF_8);
    HttpResponse<byte[]> response = send(client, path, query);
    if (!response.isSuccessful()) {
      throw refusal(client.getKubernetesSerialization(), response, path);
    }
  }

  private static String query(@Nullable String selector) {
    return selector == null
        ? ""
        : "?labelSelector=" + URLEncoder.encode(selector, StandardCharsets.UTF_8);
  }

  private static HttpResponse<byte[]> send(KubernetesClient client, String path, String query)
      throws Exception {
    String base = client.getMasterUrl().toString();
    HttpRequest request =
        client
            .getHttpClient()
            .newHttpRequestBuilder()
            .uri(URI.create(base + (base.endsWith("/") ? "" : "/") + path + query).toString())
            .timeout(TIMEOUT.toMillis(), TimeUnit.MILLISECONDS)
            .build();
    CompletableFuture<HttpResponse<byte[]>> sent =
        client.getHttpClient().sendAsync(request, byte[].class);
    try {
      return sent.get(WHOLE.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException | TimeoutException e) {
      sent.cancel(true);
      throw e;
    } catch (ExecutionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private static KubernetesClientException refusal(
      KubernetesSerialization json, HttpResponse<byte[]> response, String path) {
    String body =
        response.body() == null ? "" : new String(response.body(), StandardCharsets.UTF_8);
    Status status = null;
    try {
      if (body.startsWith("{")) {
        status = json.unmarshal(body, Status.class);
      }
    } catch (RuntimeException e) {
      // whatever stands before the API server has said something of its own
    }
    String message = status != null && status.getMessage() != null ? status.getMessage() : body;
    Duration delay = retryAfter(response.header("Retry-After"));
    KubernetesClientException refusal =
        new KubernetesClientException(
            message.isBlank() ? "GET " + path : message, response.code(), status);
    if (delay != null) {
      refusal.addSuppressed(new Failure.RetryAfterException(delay));
    }
    return refusal;
  }

  /** Seconds or an HTTP date (RFC 9110, 10.2.3); null if it is neither. */
  static @Nullable Duration retryAfter(@Nullable String header) {
    if (header == null) {
      return null;
    }
    String text = header.strip();
    if (text.matches("[0-9]{1,9}")) {
      return Duration.ofSeconds(Integer.parseInt(text));
    }
    try {
      Instant at = ZonedDateTime.parse(text, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant();
      return Duration.between(Instant.now(), at);
    } catch (DateTimeException e) {
      return null;
    }
  }

  static <S extends HasMetadata, T> Source.Listing<T> parse(
      KubernetesSerialization json, byte[] body, Class<S> type, Function<S, @Nullable T> read)
      throws Failure.UnreadableException {
    Map<?, ?> list;
    try {
      list = json.unmarshal(new String(body, StandardCharsets.UTF_8), Map.class);
    } catch (RuntimeException e) {
      throw new Failure.UnreadableException("a list that cannot be read: " + e.getMessage(), e);
    }
    if (list == null || !(list.get("metadata") instanceof Map<?, ?> meta)) {
      throw new Failure.UnreadableException("an answer that is no list", null);
    }
    if (list.get("kind") instanceof String kind && !kind.endsWith("List")) {
      // A Status has metadata, too, and would pass for an empty list.
      throw new Failure.UnreadableException(
          "an answer of kind " + kind + " (expected: a list)", null);
    }
    Map<String, T> items = new LinkedHashMap<>();
    Map<String, String> unreadable = new LinkedHashMap<>();
    List<?> found = list.get("items") instanceof List<?> some ? some : new ArrayList<>();
    for (Object item : found) {
      try {
        S object = json.convertValue(item, type);
        T kept = read.apply(object);
        if (kept != null) {
          items.put(key(object.getMetadata()), kept);
        }
      } catch (RuntimeException e) {
        unreadable.put(key(item), why(e));
      }
    }
    return new Source.Listing<>(
        items, meta.get("resourceVersion") instanceof String version ? version : "", unreadable);
  }

  /** {@code namespace/name}. */
  static String key(@Nullable ObjectMeta meta) {
    return meta == null ? "" : meta.getNamespace() + "/" + meta.getName();
  }

  private static String key(@Nullable Object item) {
    return item instanceof Map<?, ?> object && object.get("metadata") instanceof Map<?, ?> meta
        ? meta.get("namespace") + "/" + meta.get("name")
        : "?/?";
  }

  private static String why(RuntimeException e) {
    String message = String.valueOf(e.getMessage()).replaceAll("\\s+", " ").strip();
    return message.length() > 200 ? message.substring(0, 200) + "…" : message;
  }
}
