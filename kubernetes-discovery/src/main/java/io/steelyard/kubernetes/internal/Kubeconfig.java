package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.Config;
import io.fabric8.kubernetes.api.model.NamedAuthInfo;
import io.fabric8.kubernetes.api.model.NamedContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Reads as much of a kubeconfig as is needed to refuse a bad one early and by name.
 *
 * <p>The client itself, asked for a context that does not exist, takes the current one, which may
 * be another cluster; and without any it goes to a default address.
 */
public final class Kubeconfig {
  private static final String NAMESPACE_FILE =
      "/var/run/secrets/kubernetes.io/serviceaccount/namespace";

  private Kubeconfig() {}

  /**
   * A context that exists in a file.
   *
   * @param tokenFile where its user's token is read from, which the client does not know of
   */
  public record Context(
      Path file, String name, @Nullable String namespace, @Nullable Path tokenFile) {}

  /**
   * Reads a kubeconfig's context.
   *
   * @param context its name, or null for the current one
   * @throws IllegalArgumentException if the file cannot be read, is no kubeconfig or has no such
   *     context; the message names the file
   */
  public static Context read(Path file, @Nullable String context) {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw new IllegalArgumentException(
          "kubeconfig: " + file + " cannot be read (expected: a readable file): " + e, e);
    }
    Config config;
    try {
      config = Serialization.unmarshal(text, Config.class);
    } catch (RuntimeException e) {
      throw new IllegalArgumentException(
          "kubeconfig: " + file + " cannot be parsed (expected: a kubeconfig)", e);
    }
    if (config == null || config.getContexts() == null || config.getContexts().isEmpty()) {
      throw new IllegalArgumentException(
          "kubeconfig: " + file + " has no contexts (expected: at least one)");
    }
    List<NamedContext> contexts = config.getContexts().stream().filter(Objects::nonNull).toList();
    List<String> names =
        contexts.stream().map(NamedContext::getName).filter(Objects::nonNull).toList();
    String name = context != null ? context : config.getCurrentContext();
    if (name == null || name.isBlank()) {
      throw new IllegalArgumentException(
          "kubeconfig: " + file + " has no current context (expected: one of " + names + ")");
    }
    for (NamedContext named : contexts) {
      if (name.equals(named.getName()) && named.getContext() != null) {
        return new Context(
            file,
            name,
            named.getContext().getNamespace(),
            tokenFile(file, config, named.getContext().getUser()));
      }
    }
    throw new IllegalArgumentException(
        "kubeconfig: " + file + " has no context " + name + " (expected: one of " + names + ")");
  }

  private static @Nullable Path tokenFile(Path file, Config config, @Nullable String user) {
    if (user == null || config.getUsers() == null) {
      return null;
    }
    for (NamedAuthInfo named : config.getUsers()) {
      if (named != null && user.equals(named.getName()) && named.getUser() != null) {
        String token = named.getUser().getTokenFile();
        // A relative path is relative to the kubeconfig, as for every other client.
        return token == null || token.isBlank() ? null : file.resolveSibling(token);
      }
    }
    return null;
  }

  /** Where a pod finds its own namespace. */
  public static String serviceAccountNamespaceFile() {
    String path = System.getProperty("kubenamespace");
    return path == null ? NAMESPACE_FILE : path;
  }

  /** The namespace of the pod this runs in; null if it runs in none. */
  public static @Nullable String serviceAccountNamespace() {
    try {
      return Files.readString(Path.of(serviceAccountNamespaceFile())).strip();
    } catch (IOException e) {
      return null;
    }
  }
}
