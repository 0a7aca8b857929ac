package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMeta;
import io.steelyard.config.ConfigException;
import java.util.Comparator;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One policy as it stands in the cluster. A value.
 *
 * @param created the creation timestamp as the API server writes it, which sorts as it stands
 * @param version of the resource; "" if it has none
 * @param target whom it is for; null if that cannot be read
 * @param spec what it says; null if something in it is wrong
 * @param error what is wrong, with its place; null if nothing is
 * @param mine whether only this program finds it wrong, since it does not read pods
 * @param reported the generation that some client has reported on; 0 if none has
 */
record Policy(
    String namespace,
    String name,
    String uid,
    String created,
    String version,
    long generation,
    @Nullable Target target,
    @Nullable PolicySpec spec,
    @Nullable String error,
    boolean mine,
    long reported) {

  /** The oldest first; of those made in one second, by name. */
  static final Comparator<Policy> BY_AGE =
      Comparator.comparing(Policy::created).thenComparing(Policy::name);

  static Policy of(GenericKubernetesResource resource, boolean podsReadable) {
    ObjectMeta meta = resource.getMetadata() == null ? new ObjectMeta() : resource.getMetadata();
    Object value = resource.getAdditionalProperties().get("spec");
    Target target = null;
    PolicySpec spec = null;
    String error = null;
    boolean mine = false;
    try {
      target = PolicyReader.target(value);
      PolicySpec says = PolicyReader.read(value, true);
      mine = true; // from here on only this program can find it wrong
      spec = podsReadable ? says : PolicyReader.read(value, false);
    } catch (ConfigException e) {
      error = e.getMessage();
    } catch (RuntimeException e) { // a limit of the library that the reader does not know
      error = "spec: " + (e.getMessage() == null ? e.toString() : e.getMessage());
    }
    return new Policy(
        text(meta.getNamespace()),
        text(meta.getName()),
        text(meta.getUid()),
        text(meta.getCreationTimestamp()),
        text(meta.getResourceVersion()),
        meta.getGeneration() == null ? 0 : meta.getGeneration(),
        target,
        spec,
        error,
        mine && error != null,
        reported(resource.getAdditionalProperties().get("status")));
  }

  private static String text(@Nullable String text) {
    return Objects.requireNonNullElse(text, "");
  }

  private static long reported(@Nullable Object status) {
    return status instanceof Map<?, ?> map && map.get("observedGeneration") instanceof Number number
        ? number.longValue()
        : 0;
  }

  /** {@code policy shop/cart}. */
  String title() {
    return "policy " + namespace + "/" + name;
  }
}
