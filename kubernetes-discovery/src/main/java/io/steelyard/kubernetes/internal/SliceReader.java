package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.fabric8.kubernetes.api.model.ObjectReference;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import java.time.DateTimeException;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Reads the two API versions of an EndpointSlice into a {@link Slice}.
 *
 * <p>An absent list is null in these models, not empty, and a list may hold null. An unset
 * condition has a meaning of its own: ready and serving are true, terminating is false.
 */
final class SliceReader {
  private static final String CHANGED = "endpoints.kubernetes.io/last-change-trigger-time";

  private static final Map<String, String> FEW = new ConcurrentHashMap<>();

  private SliceReader() {}

  static Slice read(EndpointSlice slice, String weightLabel) {
    return new Slice(
        name(slice.getMetadata()),
        Objects.requireNonNullElse(slice.getAddressType(), ""),
        each(
            slice.getPorts(),
            p -> port(p.getName(), p.getPort(), p.getProtocol(), p.getAppProtocol())),
        sorted(each(slice.getEndpoints(), SliceReader::entry)),
        label(slice.getMetadata(), weightLabel),
        changed(slice.getMetadata()),
        labels(slice.getMetadata()));
  }

  static Slice read(
      io.fabric8.kubernetes.api.model.discovery.v1beta1.EndpointSlice slice, String weightLabel) {
    return new Slice(
        name(slice.getMetadata()),
        Objects.requireNonNullElse(slice.getAddressType(), ""),
        each(
            slice.getPorts(),
            p -> port(p.getName(), p.getPort(), p.getProtocol(), p.getAppProtocol())),
        sorted(each(slice.getEndpoints(), SliceReader::entry)),
        label(slice.getMetadata(), weightLabel),
        changed(slice.getMetadata()),
        labels(slice.getMetadata()));
  }

  private static Slice.Entry entry(io.fabric8.kubernetes.api.model.discovery.v1.Endpoint endpoint) {
    var conditions = endpoint.getConditions();
    var hints = endpoint.getHints();
    ObjectReference target = endpoint.getTargetRef();
    return new Slice.Entry(
        first(endpoint.getAddresses()),
        conditions == null || !Boolean.FALSE.equals(conditions.getReady()),
        conditions == null || !Boolean.FALSE.equals(conditions.getServing()),
        conditions != null && Boolean.TRUE.equals(conditions.getTerminating()),
        target == null ? null : text(target.getUid()),
        target == null ? null : text(target.getName()),
        shared(endpoint.getNodeName()),
        shared(endpoint.getZone()),
        hints == null ? List.of() : each(hints.getForZones(), z -> shared(z.getName())),
        hints == null ? List.of() : each(hints.getForNodes(), n -> shared(n.getName())));
  }

  private static Slice.Entry entry(
      io.fabric8.kubernetes.api.model.discovery.v1beta1.Endpoint endpoint) {
    var conditions = endpoint.getConditions();
    var hints = endpoint.getHints();
    ObjectReference target = endpoint.getTargetRef();
    Map<String, String> topology =
        endpoint.getTopology() == null ? Map.of() : endpoint.getTopology();
    String node = shared(endpoint.getNodeName());
    return new Slice.Entry(
        first(endpoint.getAddresses()),
        conditions == null || !Boolean.FALSE.equals(conditions.getReady()),
        conditions == null || !Boolean.FALSE.equals(conditions.getServing()),
        conditions != null && Boolean.TRUE.equals(conditions.getTerminating()),
        target == null ? null : text(target.getUid()),
        target == null ? null : text(target.getName()),
        node != null ? node : shared(topology.get("kubernetes.io/hostname")),
        shared(topology.get("topology.kubernetes.io/zone")),
        hints == null ? List.of() : each(hints.getForZones(), z -> shared(z.getName())),
        List.of());
  }

  /** The order in a slice means nothing; sorted ones are quickly merged. */
  private static List<Slice.Entry> sorted(List<Slice.Entry> entries) {
    List<Slice.Entry> sorted = new ArrayList<>(entries);
    sorted.sort(Slice.Entry.BY_UUID);
    return sorted;
  }

  private static Slice.Port port(
      @Nullable String name,
      @Nullable Integer number,
      @Nullable String protocol,
      @Nullable String appProtocol) {
    return new Slice.Port(
        Objects.requireNonNullElse(name, ""),
        number,
        protocol == null || protocol.isEmpty() ? "TCP" : protocol,
        text(appProtocol));
  }

  private static String name(@Nullable ObjectMeta meta) {
    return meta == null || meta.getName() == null ? "" : meta.getName();
  }

  private static @Nullable String label(@Nullable ObjectMeta meta, String key) {
    return meta == null || meta.getLabels() == null ? null : meta.getLabels().get(key);
  }

  private static Map<String, String> labels(@Nullable ObjectMeta meta) {
    return meta == null || meta.getLabels() == null ? Map.of() : meta.getLabels();
  }

  private static long changed(@Nullable ObjectMeta meta) {
    String text =
        meta == null || meta.getAnnotations() == null ? null : meta.getAnnotations().get(CHANGED);
    if (text == null) {
      return Long.MIN_VALUE;
    }
    try {
      return OffsetDateTime.parse(text).toInstant().toEpochMilli();
    } catch (DateTimeException | ArithmeticException e) {
      return Long.MIN_VALUE; // only a tie-break: as if it were not there
    }
  }

  private static @Nullable String first(@Nullable List<String> addresses) {
    return addresses == null || addresses.isEmpty() ? null : addresses.get(0);
  }

  private static @Nullable String text(@Nullable String text) {
    return text == null || text.isEmpty() ? null : text;
  }

  /** A text of which there are few, and one object for each: nodes, zones. */
  private static @Nullable String shared(@Nullable String text) {
    if (text == null || text.isEmpty()) {
      return null;
    }
    if (FEW.size() > 20_000) {
      FEW.clear(); // more nodes than any cluster has: those of clusters long gone, perhaps
    }
    String known = FEW.putIfAbsent(text, text);
    return known == null ? text : known;
  }

  private static <A, B> List<B> each(
      @Nullable List<A> from, Function<? super A, ? extends @Nullable B> read) {
    if (from == null || from.isEmpty()) {
      return List.of();
    }
    List<B> to = new ArrayList<>(from.size());
    for (A element : from) {
      B value = element == null ? null : read.apply(element);
      if (value != null) {
        to.add(value);
      }
    }
    return to;
  }
}
