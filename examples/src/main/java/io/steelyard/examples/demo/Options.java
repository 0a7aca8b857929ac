package io.steelyard.examples.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the command line says.
 *
 * @param seconds how long the script takes, the claims aside
 * @param listen the page's port, 0 for any free one
 * @param rate requests per second
 * @param port name or number of the service's port; null for the only one
 */
record Options(
    boolean help,
    boolean headless,
    int seconds,
    boolean apiServer,
    @Nullable Path kubeconfig,
    boolean inCluster,
    boolean policies,
    @Nullable String namespace,
    @Nullable String service,
    @Nullable String port,
    String path,
    double rate,
    int listen,
    boolean verbose) {
  static final String USAGE =
      """
      usage: examples/demo [options]

      Shows a service in a small Kubernetes cluster, under load, and what the balancer makes of it.
      Without options: starts an API server (a mock in this process) and pods, and prints the URL of a page
      with their state, charts, and buttons to scale, kill, slow and drain pods and to switch the strategy.

        --headless          no page: run a script (scale, slow, kill, drain, weights, zero) and check what
                            the library promises; the exit code is 1 if a claim does not hold
        --seconds N         how long the script takes, about: 10 to 3600 (default: 20)
        --api-server        start a real etcd and kube-apiserver; KUBEBUILDER_ASSETS names their folder

      With a cluster of yours, whose pods must be reachable from here:
        --kubeconfig FILE   the cluster
        --in-cluster        the cluster that this runs in, by its service account
        --namespace NAME    the service's namespace
        --service NAME      the service
        --port PORT         name of the service's port, or number of the pods' port (default: the only one)
        --path PATH         what to request from it (default: /)
        --policies          follow the LoadBalancingPolicies in the namespace

        --rate N            requests per second: 0 to 2000 (default: 300; 10 with a cluster of yours)
        --listen PORT       the page's port (default: 8080, or any free one if that is taken)
        --verbose           log what the library logs
        --help              this text
      """;

  /** A mistake on the command line. */
  static final class UsageException extends RuntimeException {
    private static final long serialVersionUID = 1;

    UsageException(String message) {
      super(message);
    }
  }

  /** The listen port that means: 8080 if it is free. */
  static final int ANY = -1;

  /**
   * Reads a command line.
   *
   * @throws UsageException that says what is wrong
   */
  static Options parse(String... args) {
    Deque<String> left = new ArrayDeque<>(List.of(args));
    boolean help = false;
    boolean headless = false;
    boolean apiServer = false;
    boolean verbose = false;
    boolean inCluster = false;
    boolean policies = false;
    String seconds = null;
    String kubeconfig = null;
    String namespace = null;
    String service = null;
    String port = null;
    String path = null;
    String rate = null;
    String listen = null;
    while (!left.isEmpty()) {
      String flag = left.pop();
      switch (flag) {
        case "--help", "-h" -> help = true;
        case "--headless" -> headless = true;
        case "--api-server" -> apiServer = true;
        case "--verbose" -> verbose = true;
        case "--in-cluster" -> inCluster = true;
        case "--policies" -> policies = true;
        case "--seconds" -> seconds = value(flag, left);
        case "--kubeconfig" -> kubeconfig = value(flag, left);
        case "--namespace" -> namespace = value(flag, left);
        case "--service" -> service = value(flag, left);
        case "--port" -> port = value(flag, left);
        case "--path" -> path = value(flag, left);
        case "--rate" -> rate = value(flag, left);
        case "--listen" -> listen = value(flag, left);
        default -> throw new UsageException("unknown option: " + flag);
      }
    }
    if (kubeconfig == null && !inCluster) {
      only("--kubeconfig", "--namespace", namespace);
      only("--kubeconfig", "--service", service);
      only("--kubeconfig", "--port", port);
      only("--kubeconfig", "--path", path);
      only("--kubeconfig", "--policies", policies ? "" : null);
    } else {
      String cluster = inCluster ? "--in-cluster" : "--kubeconfig";
      if (inCluster && kubeconfig != null) {
        throw new UsageException("--in-cluster is a cluster already (expected: no --kubeconfig)");
      }
      if (headless || apiServer) {
        throw new UsageException(
            (headless ? "--headless" : "--api-server")
                + " has a cluster of its own (expected: no "
                + cluster
                + ")");
      }
      if (service == null) {
        throw new UsageException(cluster + " needs --service");
      }
      if (kubeconfig != null && !Files.isReadable(Path.of(kubeconfig))) {
        throw new UsageException("--kubeconfig " + kubeconfig + " (expected: a readable file)");
      }
    }
    if (!headless) {
      only("--headless", "--seconds", seconds);
    }
    if (path != null && !path.startsWith("/")) {
      throw new UsageException("--path " + path + " (expected: it starts with /)");
    }
    return new Options(
        help,
        headless,
        number("--seconds", seconds, 20, 10, 3600),
        apiServer,
        kubeconfig == null ? null : Path.of(kubeconfig),
        inCluster,
        policies,
        namespace,
        service,
        port,
        path == null ? "/" : path,
        number("--rate", rate, kubeconfig == null && !inCluster ? 300 : 10, 0, 2000),
        number("--listen", listen, ANY, 0, 65535),
        verbose);
  }

  private static String value(String flag, Deque<String> left) {
    if (left.isEmpty() || left.peek().startsWith("--")) {
      throw new UsageException(flag + " needs a value");
    }
    return left.pop();
  }

  private static void only(String with, String flag, @Nullable String value) {
    if (value != null) {
      throw new UsageException(flag + " goes with " + with);
    }
  }

  private static int number(String flag, @Nullable String text, int otherwise, int from, int to) {
    if (text == null) {
      return otherwise;
    }
    try {
      int number = Integer.parseInt(text);
      if (number >= from && number <= to) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new UsageException(flag + " " + text + " (expected: " + from + " to " + to + ")");
  }
}
