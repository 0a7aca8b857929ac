package io.steelyard.kubernetes;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Platform;
import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.Access;
import io.steelyard.kubernetes.internal.Check;
import io.steelyard.kubernetes.internal.CidrBlock;
import io.steelyard.kubernetes.internal.Kubeconfig;
import io.steelyard.kubernetes.internal.PortChoice;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceFacts;
import io.steelyard.kubernetes.internal.ServiceWatch;
import io.steelyard.kubernetes.internal.SliceUnion;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
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
 * pod} and {@code appProtocol} as far as the slices say. The weight is that of the slice's
 * {@linkplain #weightLabel weight label}, 1 without one, unless {@linkplain #podWeights pods carry
 * their own}.
 *
 * <p><b>Hints.</b> A Service with {@code trafficDistribution} or topology-aware routing has hints
 * in its slices, and they are followed as kube-proxy does it: if every ready endpoint of the
 * service is hinted for nodes and one of them for this client's {@linkplain #node node}, only those
 * are published; else, if every one is hinted for zones and one for this client's {@linkplain #zone
 * zone}, only those; else all. {@link KubernetesStatus#routing()} says which it is and why. An
 * endpoint that is left out is not there for later layers either: {@link #ignoreHints()} publishes
 * all, for a policy that weighs zones by itself.
 *
 * <p><b>States.</b> Each topology says how far it can be trusted. {@code SYNCING}: nothing was
 * listed yet. {@code LIVE}. {@code STALE}: the API server cannot be reached, or the configured port
 * has vanished, and the last good list stays; or a {@linkplain #seed seed} stands in for the first
 * list, or an empty list is {@linkplain #holdEmpty held}. {@code UNAUTHORIZED}: it refuses; the
 * last good list stays. {@code ABSENT}: no slice belongs to such a service; empty. {@code CLOSED}:
 * the given client was closed under the watch; the last good list stays. Watching never ends by
 * itself except for that one: lost connections are taken up again where they broke, with a delay of
 * at most 30 s with full jitter between tries. {@link #status()} tells it to programs.
 *
 * <p><b>Rights.</b> The service account needs to list and watch EndpointSlices in the service's
 * namespace, and nothing else (and the same on {@code pods} of the group {@code ""} for {@link
 * #podWeights}):
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
  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

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
    Access access = Access.FOUND;
    AddressFamily family = AddressFamily.IPV4;
    Duration coalesce = Duration.ofMillis(100);
    Duration silence = Reflector.Settings.DEFAULT.silence();
    Duration audit = Reflector.Settings.DEFAULT.audit();
    Duration holdEmpty = Duration.ZERO;
    List<Endpoint> seed = List.of();
    String weightLabel = "steelyard.io/weight";
    ServiceWatch.@Nullable PodWeights podWeights;
    boolean loopbackAllowed;
    List<CidrBlock> allowed = List.of();
    @Nullable String node;
    @Nullable String zone;
    boolean hints = true;
    Platform platform = Platform.system();

    Spec(@Nullable String namespace, String service) {
      this.namespace = namespace;
      this.service = service;
    }

    Spec copy() {
      Spec copy = new Spec(namespace, service);
      copy.port = port;
      copy.access = access;
      copy.family = family;
      copy.coalesce = coalesce;
      copy.silence = silence;
      copy.audit = audit;
      copy.holdEmpty = holdEmpty;
      copy.seed = seed;
      copy.weightLabel = weightLabel;
      copy.podWeights = podWeights;
      copy.loopbackAllowed = loopbackAllowed;
      copy.allowed = allowed;
      copy.node = node;
      copy.zone = zone;
      copy.hints = hints;
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
        new Spec(Check.label(namespace, "namespace"), Check.label(service, "service")));
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
    return new KubernetesDiscovery(new Spec(null, Check.label(service, "service")));
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
            ? PortChoice.numbered(Check.port(nameOrNumber))
            : PortChoice.named(Check.label(nameOrNumber, "port"));
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
    PortChoice port = PortChoice.numbered(Check.port(Integer.toString(number)));
    return with(s -> s.port = port);
  }

  /**
   * Sets the client to use, which is never closed here; should its connections be half open, one of
   * the same configuration is made and used in its place. By default one is made when the discovery
   * is first watched, from {@code KUBECONFIG}, {@code ~/.kube/config} or the pod's service account
   * as fabric8 finds them, and closed with the last watch.
   *
   * @throws IllegalStateException if a kubeconfig is set already
   */
  public KubernetesDiscovery client(KubernetesClient client) {
    Access access = spec.access.by(client);
    return with(s -> s.access = access);
  }

  /**
   * Sets the kubeconfig file to make a client from, in its current context. A token it takes from a
   * file ({@code tokenFile}) is read anew for each request, so a rotated one is picked up.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no current context; the
   *     message names it
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesDiscovery kubeconfig(Path file) {
    Access access = spec.access.by(file, null);
    return with(s -> s.access = access);
  }

  /**
   * Sets the kubeconfig file to make a client from, and the context in it.
   *
   * @throws IllegalArgumentException if the file cannot be read or has no such context; the message
   *     names it
   * @throws IllegalStateException if a client is set already
   */
  public KubernetesDiscovery kubeconfig(Path file, String context) {
    Access access = spec.access.by(file, Objects.requireNonNull(context, "context"));
    return with(s -> s.access = access);
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
    Check.duration(pace, "coalesce", Duration.ZERO, Duration.ofSeconds(10));
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
    Check.duration(limit, "silenceLimit", Duration.ofSeconds(10), Duration.ofHours(1));
    return silence(limit);
  }

  /** For tests: less than would be kind to an API server. */
  KubernetesDiscovery silence(Duration limit) {
    return with(s -> s.silence = limit);
  }

  /**
   * Sets the label that carries the weight of a slice's endpoints, 0 to {@link
   * Endpoint#MAX_WEIGHT}; {@code steelyard.io/weight} by default. Kubernetes copies a Service's
   * labels to its slices, so a label on the Service is enough. What is no such number counts as 1,
   * with a warning.
   *
   * @throws IllegalArgumentException if it is not a label key
   */
  public KubernetesDiscovery weightLabel(String key) {
    Check.key(key, "weightLabel");
    return with(s -> s.weightLabel = key);
  }

  /**
   * Takes the weights of pods from this label of theirs, 0 to {@link Endpoint#MAX_WEIGHT}; a pod
   * without it has that of its slice. By default pods are not looked at.
   *
   * <p>It needs one right more, to list and watch {@code pods} in the service's namespace, and a
   * watch of its own; the API server sends only pods that have the label. Without the right, or
   * before the first list of pods has come, the weights of slices hold, and {@link
   * KubernetesStatus#podWeights()} says so; the first list of endpoints waits for it.
   *
   * @throws IllegalArgumentException if it is not a label key
   */
  public KubernetesDiscovery podWeights(String label) {
    Check.key(label, "podWeights");
    return with(s -> s.podWeights = new ServiceWatch.PodWeights(label, false));
  }

  /**
   * Takes the weights of pods from this annotation of theirs, as {@link #podWeights}. The API
   * server cannot select by annotation, so it sends every pod of the namespace and every change of
   * one: a label costs less.
   *
   * @throws IllegalArgumentException if it is not an annotation key
   */
  public KubernetesDiscovery podWeightAnnotation(String annotation) {
    Check.key(annotation, "podWeightAnnotation");
    return with(s -> s.podWeights = new ServiceWatch.PodWeights(annotation, true));
  }

  /**
   * Sets the zone this client runs in, by which hints are followed (see the description of this
   * class). By default the system property {@code steelyard.zone}, else the environment variable
   * {@code STEELYARD_ZONE}, which the downward API can set from the pod's label {@code
   * topology.kubernetes.io/zone} where the cluster copies it from the node (1.35 and later).
   *
   * @throws IllegalArgumentException if it is blank
   */
  public KubernetesDiscovery zone(String zone) {
    Check.text(zone, "zone");
    return with(s -> s.zone = zone);
  }

  /**
   * Sets the node this client runs on, by which hints are followed (see the description of this
   * class). By default the system property {@code steelyard.node}, else the environment variable
   * {@code STEELYARD_NODE}, which the downward API can set from {@code spec.nodeName}.
   *
   * @throws IllegalArgumentException if it is blank
   */
  public KubernetesDiscovery node(String node) {
    Check.text(node, "node");
    return with(s -> s.node = node);
  }

  /**
   * Publishes every ready endpoint whatever the hints say: for a policy that weighs zones by itself
   * and sends requests elsewhere when a zone is full or fails.
   */
  public KubernetesDiscovery ignoreHints() {
    return with(s -> s.hints = false);
  }

  /**
   * Sets how long the last endpoints are kept when the service has become empty, or all its slices
   * are gone; zero by default, so that it is empty at once. Meanwhile the state is {@code STALE}.
   * It guards against a controller or selector that goes wrong, at the price of as long a time of
   * failing requests when a service is scaled to zero on purpose.
   *
   * @param hold zero to 1 h
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesDiscovery holdEmpty(Duration hold) {
    Check.duration(hold, "holdEmpty", Duration.ZERO, Duration.ofHours(1));
    return with(s -> s.holdEmpty = hold);
  }

  /**
   * Sets what is published until the first list has come, with the state {@code STALE}: for a
   * process that must start while the API server is away. None by default.
   *
   * <p>Ids are those of {@link Endpoint#of} unless given, and so differ from those of pods; what
   * was learnt of an endpoint of the seed is not taken over.
   *
   * @throws IllegalArgumentException if two share an id
   */
  public KubernetesDiscovery seed(Endpoint... endpoints) {
    List<Endpoint> seed = Topology.of(endpoints).endpoints();
    return with(s -> s.seed = seed);
  }

  /**
   * Sets the least time between two audits, 5 minutes by default. An audit lists everything and
   * compares it with what the watch has said, at a random moment between this and twice this after
   * the last; if the watch has missed something it is replaced, with a warning, and {@link
   * KubernetesStatus#mismatches()} counts it.
   *
   * @param least 1 s to 1 day, or zero for no audits
   * @throws IllegalArgumentException if it is out of range
   */
  public KubernetesDiscovery audit(Duration least) {
    if (!Objects.requireNonNull(least, "audit").isZero()) {
      Check.duration(least, "audit", Duration.ofSeconds(1), Duration.ofDays(1));
    }
    return with(s -> s.audit = least);
  }

  /**
   * Accepts loopback addresses (127.0.0.0/8 and ::1), which are refused by default: for tests and
   * demonstrations whose pods are processes on this machine.
   */
  public KubernetesDiscovery allowLoopback() {
    return with(s -> s.loopbackAllowed = true);
  }

  /**
   * Accepts addresses in these ranges only: those of the cluster's pods. By default any address but
   * those that are always refused (see the description of this class); these stay refused.
   *
   * @param blocks addresses or CIDR blocks, such as {@code 10.0.0.0/8} and {@code 2001:db8::/32};
   *     at least one
   * @throws IllegalArgumentException if one is neither, or there is none
   */
  public KubernetesDiscovery allowAddresses(String... blocks) {
    List<CidrBlock> allowed = new ArrayList<>();
    for (String block : blocks) {
      allowed.add(CidrBlock.parse(block, "allowAddresses"));
    }
    if (allowed.isEmpty()) {
      throw new IllegalArgumentException("allowAddresses: none (expected: at least one)");
    }
    return with(s -> s.allowed = List.copyOf(allowed));
  }

  /** Sets the clock, timer and randomness; {@link Platform#system()} by default. */
  public KubernetesDiscovery platform(Platform platform) {
    Objects.requireNonNull(platform, "platform");
    return with(s -> s.platform = platform);
  }

  /**
   * Starts to watch. Where this is watched already or has a {@linkplain #seed seed}, the listener
   * is told what is known before this method returns.
   *
   * @throws IllegalStateException if no namespace was given and the configuration has none; the
   *     message says where it was looked for
   * @throws IllegalArgumentException if the kubeconfig can no longer be read; the message names it
   */
  @Override
  public AutoCloseable watch(Listener listener) {
    Objects.requireNonNull(listener, "listener");
    while (true) {
      ServiceWatch running = current;
      AutoCloseable added = running == null ? null : running.add(listener);
      if (added != null) {
        return added;
      }
      synchronized (monitor) {
        if (current == running) { // nobody else has started one meanwhile
          ServiceWatch started = create();
          started.start();
          current = started;
        }
      }
    }
  }

  private ServiceWatch create() {
    Kubeconfig.Context context = spec.access.context();
    String namespace =
        spec.namespace != null ? spec.namespace : spec.access.namespace(spec.service, context);
    ServiceWatch.Settings settings =
        new ServiceWatch.Settings(
            title(namespace),
            namespace,
            spec.service,
            new SliceUnion.Settings(
                spec.port,
                spec.family == AddressFamily.IPV6,
                spec.loopbackAllowed,
                spec.allowed,
                new SliceUnion.Place(
                    configured(spec.node, "node"), configured(spec.zone, "zone"), spec.hints)),
            spec.weightLabel,
            spec.podWeights,
            spec.coalesce,
            spec.holdEmpty,
            spec.seed,
            Reflector.Settings.DEFAULT.withSilence(spec.silence).withAudit(spec.audit));
    return ServiceWatch.over(spec.access.holder(context), settings, spec.platform);
  }

  /** What was set, else {@code steelyard.<what>}, else {@code STEELYARD_<WHAT>}; null if none. */
  private static @Nullable String configured(@Nullable String set, String what) {
    String text = set;
    if (text == null) {
      text = System.getProperty("steelyard." + what);
    }
    if (text == null) {
      text = System.getenv("STEELYARD_" + what.toUpperCase(Locale.ROOT));
    }
    return text == null || text.isBlank() ? null : text.strip();
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
    return running == null
        ? new KubernetesStatus(toString(), null)
        : new KubernetesStatus(running.toString(), running.snapshot());
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
}
