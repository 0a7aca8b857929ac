package io.steelyard.kubernetes;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.Kubeconfig;
import io.steelyard.kubernetes.internal.PortChoice;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceFacts;
import io.steelyard.kubernetes.internal.ServiceWatch;
import io.steelyard.kubernetes.internal.SliceUnion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Discovers the endpoints of one Kubernetes service by watching its EndpointSlices.
 *
 * <pre>{@code
 * Discovery cart = KubernetesDiscovery.service("shop", "cart").port("http");
 * }</pre>
 *
 * <p><b>What is published.</b> Every ready endpoint, sorted by id. One that is terminating but
 * still serves is published as draining; if the whole service has none that is ready, those are
 * published as usable (KEP-1669, as kube-proxy does it). Others are not published. An endpoint's id
 * is {@code <pod uid>:<port>}, so that an address which is handed to another pod starts afresh;
 * without a pod it is {@code <address>:<port>}. Zone and node are set; the attributes are {@code
 * pod}, {@code namespace} and {@code appProtocol} as far as the slices say. The weight is that of
 * the slice's {@linkplain #weightLabel weight label}, 1 without one.
 *
 * <p><b>States.</b> Each topology says how far it can be trusted. {@code SYNCING}: nothing was
 * listed yet. {@code LIVE}. {@code STALE}: the API server cannot be reached, or the configured port
 * has vanished; the last good list stays. {@code UNAUTHORIZED}: it refuses; the last good list
 * stays. {@code ABSENT}: no slice belongs to such a service; empty. {@code CLOSED}: the given
 * client was closed under the watch; the last good list stays. Watching never ends by itself except
 * for that one: lost connections are taken up again where they broke, with a delay of at most 30 s
 * with full jitter between tries.
 *
 * <p><b>Rights.</b> The service account needs to list and watch EndpointSlices in the service's
 * namespace, and nothing else:
 *
 * <pre>{@code
 * apiVersion: rbac.authorization.k8s.io/v1
 * kind: Role
 * metadata:
 *   name: steelyard
 *   namespace: shop
 * rules:
 *   - apiGroups: ["discovery.k8s.io"]
 *     resources: ["endpointslices"]
 *     verbs: ["list", "watch"]
 * ---
 * apiVersion: rbac.authorization.k8s.io/v1
 * kind: RoleBinding
 * metadata:
 *   name: steelyard
 *   namespace: shop
 * roleRef:
 *   apiGroup: rbac.authorization.k8s.io
 *   kind: Role
 *   name: steelyard
 * subjects:
 *   - kind: ServiceAccount
 *     name: checkout
 *     namespace: shop
 * }</pre>
 *
 * <p><b>Safety.</b> Addresses are read as literals only, never looked up. Loopback, link-local,
 * multicast and unspecified addresses are refused, as whoever may write slices could otherwise
 * point this process at itself or its node (CVE-2021-25737); see {@link #allowLoopback()}.
 *
 * <p>Immutable and thread-safe; each setting returns a copy. Any number of watches on one instance
 * share one watch of the API server, begun by the first and over with the last.
 */
public final class KubernetesDiscovery implements Discovery {
  private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?");
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");
  private static final Pattern LABEL_KEY =
      Pattern.compile(
          "([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?");

  /** Which address of a dual-stack endpoint to use. */
  public enum AddressFamily {
    /** The IPv4 address if there is one. */
    IPV4,
    /** The IPv6 address if there is one. */
    IPV6
  }

  private final Spec spec;
  private final Object monitor = new Object();
  private volatile @Nullable ServiceWatch current; // written under monitor

  private KubernetesDiscovery(Spec spec) {
    this.spec = spec;
  }

  /** The settings: changed only in a copy that nobody else has seen yet. */
  private static final class Spec {
    final @Nullable String namespace;
    final String service;
    PortChoice port = PortChoice.ONLY;
    @Nullable KubernetesClient client;
    @Nullable Path kubeconfig;
    @Nullable String context;
    AddressFamily family = AddressFamily.IPV4;
    Duration coalesce = Duration.ofMillis(100);
    Duration silence = Reflector.Settings.DEFAULT.silence();
    String weightLabel = "steelyard.io/weight";
    boolean loopbackAllowed;
    Platform platform = Platform.system();

    Spec(@Nullable String namespace, String service) {
      this.namespace = namespace;
      this.service = service;
    }

    Spec copy() {
      Spec copy = new Spec(namespace, service);
      copy.port = port;
      copy.client = client;
      copy.kubeconfig = kubeconfig;
      copy.context = context;
      copy.family = family;
      copy.coalesce = coalesce;
      copy.silence = silence;
      copy.weightLabel = weightLabel;
      copy.loopbackAllowed = loopbackAllowed;
      copy.platform = platform;
      return copy;
    }
  }

  private KubernetesDiscovery with(Consumer<Spec> change) {
    Spec copy = spec.copy();
    change.accept(copy);
    return new KubernetesDiscovery(copy);
  }

  /**
   * Discovers the endpoints of this service.
   *
   * @param namespace the service's namespace, a DNS label
   * @param service the service's name, a DNS label
   * @throws IllegalArgumentException if either is not a DNS label
   */
  public static KubernetesDiscovery service(String namespace, String service) {
    return new KubernetesDiscovery(
        new Spec(requireLabel(namespace, "namespace"), requireLabel(service, "service")));
  }

  /**
   * Discovers the endpoints of this service in the namespace of the configuration: that of the
   * given client or kubeconfig context, else that of the service account. It is looked up when the
   * discovery is first watched, which fails with an {@link IllegalStateException} if there is none.
   *
   * @param service the service's name, a DNS label
   * @throws IllegalArgumentException if it is not a DNS label
   */
  public static KubernetesDiscovery service(String service) {
    return new KubernetesDiscovery(new Spec(null, requireLabel(service, "service")));
  }

  /**
   * Sets the port by name, as it is called in the Service, or by number, as {@link #port(int)}.
   *
   * <p>By default the only port there is. With several, or where none has the name, the last good
   * list stays, and its detail names the ports there are.
   *
   * @param nameOrNumber a DNS label, or 1 to 65535
   * @throws IllegalArgumentException if it is neither
   */
  public KubernetesDiscovery port(String nameOrNumber) {
    Objects.requireNonNull(nameOrNumber, "port");
    PortChoice port =
        DIGITS.matcher(nameOrNumber).matches()
            ? PortChoice.numbered(requirePort(nameOrNumber))
            : PortChoice.named(requireLabel(nameOrNumber, "port"));
    return with(s -> s.port = port);
  }

  /**
   * Sets the port by number. It is the port of the pods (the Service's {@code targetPort}), as
   * slices know no other. A service whose slices list ports must list this one; one whose slices
   * list none is taken to have it.
   *
   * @param number 1 to 65535
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesDiscovery port(int number) {
    PortChoice port = PortChoice.numbered(requirePort(Integer.toString(number)));
    return with(s -> s.port = port);
  }

  /**
   * Sets the client to use, which is never closed here. By default one is made when the discovery
   * is first watched, from {@code KUBECONFIG}, {@code ~/.kube/config} or the pod's service account
   * as fabric8 finds them, and closed with the last watch.
   *
   * @throws IllegalStateException if a kubeconfig is set already
   */
  public KubernetesDiscovery client(KubernetesClient client) {
    Objects.requireNonNull(client, "client");
    if (spec.kubeconfig != null) {
      throw new IllegalStateException(
          "client: kubeconfig " + spec.kubeconfig + " is set already (expected: one of the two)");
    }
    return with(s -> s.client = client);
  }

  /**
   * Sets the kubeconfig file to make a client from, in its current context.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no current context; the
   *     message names it
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesDiscovery kubeconfig(Path file) {
    return kubeconfigOf(file, null);
  }

  /**
   * Sets the kubeconfig file to make a client from, and the context in it.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no such context; the message
   *     names it
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesDiscovery kubeconfig(Path file, String context) {
    return kubeconfigOf(file, Objects.requireNonNull(context, "context"));
  }

  private KubernetesDiscovery kubeconfigOf(Path file, @Nullable String context) {
    Objects.requireNonNull(file, "kubeconfig");
    if (spec.client != null) {
      throw new IllegalStateException(
          "kubeconfig: a client is set already (expected: one of the two)");
    }
    Kubeconfig.read(file, context);
    return with(
        s -> {
          s.kubeconfig = file;
          s.context = context;
        });
  }

  /** Sets which address of a dual-stack endpoint to use; IPv4 by default. */
  public KubernetesDiscovery addressFamily(AddressFamily preferred) {
    Objects.requireNonNull(preferred, "addressFamily");
    return with(s -> s.family = preferred);
  }

  /**
   * Sets the least time between two topologies, 100 ms by default. The first change after a quiet
   * time is published at once; those that follow sooner are published together, the last state
   * winning.
   *
   * @param pace zero to 10 s
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesDiscovery coalesce(Duration pace) {
    requireDuration(pace, "coalesce", Duration.ZERO, Duration.ofSeconds(10));
    return with(s -> s.coalesce = pace);
  }

  /**
   * Sets how long the API server may say nothing before everything is listed anew over another
   * connection; 120 s by default. A server sends bookmarks about once a minute, so a longer silence
   * means that the connection is half open: nothing else would tell for many minutes.
   *
   * @param limit 10 s to 1 h
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesDiscovery silenceLimit(Duration limit) {
    requireDuration(limit, "silenceLimit", Duration.ofSeconds(10), Duration.ofHours(1));
    return with(s -> s.silence = limit);
  }

  /**
   * Sets the label that carries the weight of a slice's endpoints, 0 to {@link
   * io.steelyard.Endpoint#MAX_WEIGHT}; {@code steelyard.io/weight} by default. Kubernetes copies a
   * Service's labels to its slices, so a label on the Service is enough. What is no such number
   * counts as 1, with a warning.
   *
   * @throws IllegalArgumentException if it is not a label key
   */
  public KubernetesDiscovery weightLabel(String key) {
    Objects.requireNonNull(key, "weightLabel");
    if (!LABEL_KEY.matcher(key).matches()) {
      throw new IllegalArgumentException(
          "weightLabel: \"" + key + "\" (expected: a label key such as steelyard.io/weight)");
    }
    return with(s -> s.weightLabel = key);
  }

  /**
   * Accepts loopback addresses (127.0.0.0/8 and ::1), which are refused by default: for tests and
   * demonstrations whose pods are processes on this machine.
   */
  public KubernetesDiscovery allowLoopback() {
    return with(s -> s.loopbackAllowed = true);
  }

  /** Sets the clock, timer and randomness; {@link Platform#system()} by default. */
  public KubernetesDiscovery platform(Platform platform) {
    Objects.requireNonNull(platform, "platform");
    return with(s -> s.platform = platform);
  }

  /**
   * Starts to watch.
   *
   * @throws IllegalStateException if no namespace was given and the configuration has none; the
   *     message says where it was looked for
   * @throws IllegalArgumentException if the kubeconfig can no longer be read; the message names it
   */
  @Override
  public AutoCloseable watch(Listener listener) {
    Objects.requireNonNull(listener, "listener");
    synchronized (monitor) {
      ServiceWatch running = current;
      AutoCloseable added = running == null ? null : running.add(listener);
      if (added == null) {
        ServiceWatch started = create();
        added = Objects.requireNonNull(started.add(listener));
        current = started;
        started.start();
      }
      return added;
    }
  }

  private ServiceWatch create() {
    Kubeconfig.Context context =
        spec.kubeconfig == null ? null : Kubeconfig.read(spec.kubeconfig, spec.context);
    String namespace = spec.namespace != null ? spec.namespace : configuredNamespace(context);
    ServiceWatch.Settings settings =
        new ServiceWatch.Settings(
            title(namespace),
            namespace,
            spec.service,
            new SliceUnion.Settings(
                spec.port, spec.family == AddressFamily.IPV6, spec.loopbackAllowed),
            spec.weightLabel,
            spec.coalesce,
            Reflector.Settings.DEFAULT.withSilence(spec.silence));
    return spec.client != null
        ? ServiceWatch.using(spec.client, settings, spec.platform)
        : ServiceWatch.making(() -> newClient(context), settings, spec.platform);
  }

  static KubernetesClient newClient(Kubeconfig.@Nullable Context context) {
    Config config =
        context == null
            ? new ConfigBuilder().build()
            : Config.fromKubeconfig(context.name(), context.file().toFile());
    return new KubernetesClientBuilder().withConfig(config).build();
  }

  private String configuredNamespace(Kubeconfig.@Nullable Context context) {
    String namespace;
    String looked;
    if (spec.client != null) {
      namespace = spec.client.getConfiguration().getNamespace();
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
              + spec.service
              + ": none in "
              + looked
              + " (expected: one there, or service(namespace, name))");
    }
    return requireLabel(namespace.strip(), "namespace (from " + looked + ")");
  }

  /** What the slices say of the service as a whole; null before the first watch. */
  @Nullable ServiceFacts facts() {
    ServiceWatch running = current;
    return running == null ? null : running.facts();
  }

  /**
   * How the watch is doing now, or how it was doing when it was closed last. Takes a short lock:
   * not for a request's path.
   */
  public KubernetesStatus status() {
    ServiceWatch running = current;
    if (running == null) {
      return new KubernetesStatus(
          toString(), Topology.State.SYNCING, "not watched", null, null, null, 0, 0, 0, 0, 0, 0, 0);
    }
    ServiceWatch.Snapshot now = running.snapshot();
    return new KubernetesStatus(
        running.toString(),
        now.topology().state(),
        now.topology().detail(),
        now.sinceHeard(),
        now.sinceChange(),
        now.version(),
        now.topology().endpoints().size(),
        now.slices(),
        now.leftOut(),
        now.counts().lists(),
        now.counts().watches(),
        now.counts().reconnects(),
        now.counts().silences());
  }

  /** {@code kubernetes shop/cart:http}, without what was not given. */
  @Override
  public String toString() {
    return title(spec.namespace);
  }

  private String title(@Nullable String namespace) {
    String port = spec.port.toString();
    return "kubernetes "
        + (namespace == null ? "" : namespace + "/")
        + spec.service
        + (port.isEmpty() ? "" : ":" + port);
  }

  static String requireLabel(String text, String what) {
    Objects.requireNonNull(text, what);
    if (!LABEL.matcher(text).matches()) {
      throw new IllegalArgumentException(
          what
              + ": \""
              + text
              + "\" (expected: a DNS label: a-z, 0-9 and -, 1 to 63 of them, no - at either end)");
    }
    return text;
  }

  private static int requirePort(String digits) {
    int port;
    try {
      port = Integer.parseInt(digits);
    } catch (NumberFormatException e) {
      port = 0; // more digits than any port has
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port: " + digits + " (expected: 1 to 65535)");
    }
    return port;
  }

  static void requireDuration(Duration value, String what, Duration least, Duration most) {
    Objects.requireNonNull(value, what);
    if (value.compareTo(least) < 0 || value.compareTo(most) > 0) {
      throw new IllegalArgumentException(
          what + ": " + value + " (expected: " + least + " to " + most + ")");
    }
  }
}
