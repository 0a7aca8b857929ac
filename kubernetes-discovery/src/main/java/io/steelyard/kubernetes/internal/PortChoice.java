package io.steelyard.kubernetes.internal;

import org.jspecify.annotations.Nullable;

/**
 * Which port of a service to use: a name, a number, or the only one there is.
 *
 * @param name a name as it stands in the slices, or null
 * @param number a port of the pods, or 0
 */
public record PortChoice(@Nullable String name, int number) {
  /** The only port there is. */
  public static final PortChoice ONLY = new PortChoice(null, 0);

  /** The port of this name, whatever its number is from pod to pod. */
  public static PortChoice named(String name) {
    return new PortChoice(name, 0);
  }

  /** This port of the pods. */
  public static PortChoice numbered(int number) {
    return new PortChoice(null, number);
  }

  /** The name or number, "" for the only port there is. */
  @Override
  public String toString() {
    return name != null ? name : number > 0 ? Integer.toString(number) : "";
  }
}
