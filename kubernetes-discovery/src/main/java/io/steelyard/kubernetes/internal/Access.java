package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * How the API server is reached: by a client that was given, by one made of a kubeconfig, or by one
 * made of what fabric8 finds. Immutable.
 */
public record Access(
    @Nullable KubernetesClient client, @Nullable Path kubeconfig, @Nullable String contextName) {
  /** By what fabric8 finds. */
  public static final Access FOUND = new Access(null, null, null);

  /**
   * By this client, which is never closed here.
   *
   * @throws IllegalStateException if a kubeconfig is set already
   */
  public Access by(KubernetesClient client) {
    Objects.requireNonNull(client, "client");
    if (kubeconfig != null) {
      throw new IllegalStateException(
          "client: kubeconfig " + kubeconfig + " is set already (expected: one of the two)");
    }
    return new Access(client, null, null);
  }

  /**
   * By this kubeconfig.
   *
   * @param context the context in it, or null for the current one
   * @throws IllegalArgumentException if it cannot be read or has no such context
   * @throws IllegalStateException if a client is set already
   */
  public Access by(Path file, @Nullable String context) {
    Objects.requireNonNull(file, "kubeconfig");
    if (client != null) {
      throw new IllegalStateException(
          "kubeconfig: a client is set already (expected: one of the two)");
    }
    Kubeconfig.Context unused = Kubeconfig.read(file, context);
    return new Access(null, file, context);
  }

  /** The kubeconfig's context as it stands in the file now; null where there is no kubeconfig. */
  public Kubeconfig.@Nullable Context context() {
    return kubeconfig == null ? null : Kubeconfig.read(kubeconfig, contextName);
  }

  /** A holder of the client that was given, or of one that is made when it is first needed. */
  public ClientHolder holder(Kubeconfig.@Nullable Context context) {
    return client != null ? ClientHolder.given(client) : ClientHolder.own(() -> newClient(context));
  }

  private static KubernetesClient newClient(Kubeconfig.@Nullable Context context) {
    Config config =
        context == null
            ? new ConfigBuilder().build()
            : Config.fromKubeconfig(context.name(), context.file().toFile());
    Path tokenFile = context == null ? tokenFile(config) : context.tokenFile();
    if (tokenFile != null) {
      config.setOauthTokenProvider(new TokenFile(tokenFile));
    }
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  /** That of a kubeconfig which the client has found by itself, if it has found one. */
  private static @Nullable Path tokenFile(Config config) {
    if (config.getFile() == null || config.getCurrentContext() == null) {
      return null;
    }
    try {
      Path file = config.getFile().toPath();
      return Kubeconfig.read(file, config.getCurrentContext().getName()).tokenFile();
    } catch (IllegalArgumentException e) {
      return null; // the client has read it in its own way
    }
  }

  /**
   * The namespace of the configuration, for a service of which it was not said.
   *
   * @throws IllegalStateException if there is none; the message says where it was looked for
   */
  public String namespace(String service, Kubeconfig.@Nullable Context context) {
    String namespace;
    String looked;
    if (client != null) {
      namespace = client.getConfiguration().getNamespace();
      looked = "the given client's configuration";
    } else if (context != null) {
      namespace = context.namespace();
      looked = "context " + context.name() + " of kubeconfig " + context.file();
    } else {
      namespace = new ConfigBuilder().build().getNamespace();
      looked =
          "the current context of kubeconfig " + String.join(", ", Config.getKubeconfigFilenames());
    }
    if (namespace == null || namespace.isBlank()) {
      namespace = Kubeconfig.serviceAccountNamespace();
      looked += " and " + Kubeconfig.serviceAccountNamespaceFile();
    }
    if (namespace == null || namespace.isBlank()) {
      throw new IllegalStateException(
          "namespace of service "
              + service
              + ": none in "
              + looked
              + " (expected: one there, or service(namespace, name))");
    }
    return Check.label(namespace.strip(), "namespace (from " + looked + ")");
  }
}
