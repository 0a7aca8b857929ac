package io.steelyard.kubernetes.testing;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A real kube-apiserver with its etcd, as two processes on free loopback ports: no cluster, no
 * nodes, no controllers. Nothing here needs JUnit.
 *
 * <p>The binaries come from the folder that {@code KUBEBUILDER_ASSETS} names, the convention of
 * envtest; {@code setup-envtest use -p path} prints one. Ready in about three seconds. The API
 * server can be killed and started again on the same port and the same data.
 *
 * <p>Servers older than 1.21 do not serve {@code discovery.k8s.io/v1}. They are given a
 * CustomResourceDefinition of that name, so that it is served from real storage with real watches
 * (and without validation: such a server accepts loopback and malformed addresses in slices),
 * unless they are asked to be {@linkplain #startAsOldCluster old}.
 *
 * <p>Two users exist: {@link #ADMIN} may do everything, {@link #VIEWER} nothing until a role is
 * bound to the user {@code viewer}.
 */
public final class LocalApiServer implements AutoCloseable {
  /** The token of a user who may do everything. */
  public static final String ADMIN = "admin-token";

  /** The token of the user {@code viewer}, who may do nothing until allowed to. */
  public static final String VIEWER = "viewer-token";

  private static final Duration START = Duration.ofSeconds(120);

  private final Path assets;
  private final Path folder;
  private final int minor;
  private final boolean old;
  private final int etcdPort = freePort();
  private final int port = freePort();
  private final Thread atExit = new Thread(this::kill, "local-api-server-exit");
  private final List<KubernetesClient> clients = new ArrayList<>();
  private Process etcd;
  private Process apiServer;
  private KubernetesClient admin;

  private LocalApiServer(Path assets, boolean old) throws IOException, InterruptedException {
    this.assets = assets;
    this.old = old;
    this.minor = minor(assets.resolve("kube-apiserver"));
    this.folder = Files.createTempDirectory("local-api-server");
    Runtime.getRuntime().addShutdownHook(atExit);
  }

  /** The folder with {@code etcd} and {@code kube-apiserver}, if the environment names one. */
  public static Optional<Path> assets() {
    return Optional.ofNullable(System.getenv("KUBEBUILDER_ASSETS"))
        .filter(text -> !text.isBlank())
        .map(Path::of)
        .filter(path -> Files.isExecutable(path.resolve("kube-apiserver")));
  }

  /** Starts both processes and waits until {@code discovery.k8s.io/v1} is served. */
  public static LocalApiServer start(Path assets) {
    return start(assets, false);
  }

  /** Starts both; a server older than 1.21 serves {@code discovery.k8s.io/v1beta1} only. */
  public static LocalApiServer startAsOldCluster(Path assets) {
    return start(assets, true);
  }

  /** Whether these binaries can be an old cluster. */
  public static boolean isOld(Path assets) {
    try {
      return minor(assets.resolve("kube-apiserver")) < 21;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private static LocalApiServer start(Path assets, boolean old) {
    try {
      LocalApiServer server = new LocalApiServer(assets, old);
      try {
        server.startEtcd();
        server.startApiServer();
        server.serveSlices();
        return server;
      } catch (Throwable t) {
        server.close();
        throw t;
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while the API server started", e);
    } catch (Exception e) {
      throw new IllegalStateException("the API server did not start", e);
    }
  }

  /** {@code https://127.0.0.1:<port>}. */
  public String url() {
    return "https://127.0.0.1:" + port;
  }

  /** The API server's port. */
  public int port() {
    return port;
  }

  /** Whether slices with loopback addresses are accepted. */
  public boolean acceptsLoopback() {
    return minor < 21;
  }

  /** A client that may do everything; closed with the server. */
  public synchronized KubernetesClient admin() {
    if (admin == null) {
      admin = client(ADMIN);
    }
    return admin;
  }

  /** A new client with this token; closed with the server at the latest. */
  public synchronized KubernetesClient client(String token) {
    KubernetesClient client = new KubernetesClientBuilder().withConfig(config(token)).build();
    clients.add(client);
    return client;
  }

  /** The configuration of a client with this token. */
  public Config config(String token) {
    return config(token, url());
  }

  /** The same, by way of this address. */
  public Config config(String token, String url) {
    return new ConfigBuilder(Config.empty())
        .withMasterUrl(url)
        .withOauthToken(token)
        .withTrustCerts(true)
        .withDisableHostnameVerification(true)
        .withNamespace("default")
        .withRequestRetryBackoffLimit(0)
        .build();
  }

  /** Writes a kubeconfig whose current context uses this token and namespace. */
  public Path kubeconfig(String token, String namespace) {
    return kubeconfig("token: " + token, "insecure-skip-tls-verify: true", namespace, url());
  }

  /** Writes a kubeconfig with this line for the user, this one for trust, and this address. */
  public Path kubeconfig(String user, String trust, String namespace, String url) {
    String text =
        """
        apiVersion: v1
        kind: Config
        clusters:
          - name: local
            cluster:
              server: %s
              %s
        users:
          - name: user
            user:
              %s
        contexts:
          - name: here
            context: {cluster: local, user: user, namespace: %s}
        current-context: here
        """
            .formatted(url, trust, user, namespace);
    try {
      return Files.writeString(Files.createTempFile(folder, "kubeconfig", ".yaml"), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Creates a namespace unless it is there. */
  public void namespace(String name) {
    try {
      admin()
          .namespaces()
          .resource(new NamespaceBuilder().withNewMetadata().withName(name).endMetadata().build())
          .create();
    } catch (KubernetesClientException e) {
      if (e.getCode() != 409) {
        throw e;
      }
    }
  }

  /** The certificate that the API server has made for itself; it signs itself. */
  public Path certificate() {
    return folder.resolve("certs").resolve("apiserver.crt");
  }

  /**
   * Sets the tokens that an API server started from now on knows, besides {@link #ADMIN}: each a
   * line such as {@code viewer-token,viewer,viewer}.
   */
  public void tokens(String... lines) throws IOException {
    Files.writeString(
        folder.resolve("tokens.csv"),
        ADMIN + ",admin,admin,\"system:masters\"\n" + String.join("\n", lines) + "\n");
  }

  /**
   * Replaces everything stored by nothing, as if an old backup was restored; API server and all.
   */
  public void restoreEmpty() throws IOException, InterruptedException {
    kill();
    try (Stream<Path> files = Files.walk(folder.resolve("etcd"))) {
      files.sorted((a, b) -> b.compareTo(a)).forEach(path -> path.toFile().delete());
    }
    startEtcd();
    startApiServer();
    serveSlices();
  }

  /** Kills the API server, as a crash would; etcd goes on. */
  public void killApiServer() {
    apiServer.destroyForcibly().onExit().join();
  }

  /** Starts the API server on its old port and data, and waits until it is ready. */
  public void startApiServer() throws IOException, InterruptedException {
    List<String> command =
        new ArrayList<>(
            List.of(
                assets.resolve("kube-apiserver").toString(),
                "--etcd-servers=http://127.0.0.1:" + etcdPort,
                "--secure-port=" + port,
                "--bind-address=127.0.0.1",
                "--cert-dir=" + folder.resolve("certs"),
                "--service-cluster-ip-range=10.96.0.0/16",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-signing-key-file=" + folder.resolve("sa.key"),
                "--service-account-key-file=" + folder.resolve("sa.pub"),
                "--token-auth-file=" + folder.resolve("tokens.csv"),
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",
                "--endpoint-reconciler-type=none"));
    if (minor < 21 && !old) {
      command.add("--runtime-config=discovery.k8s.io/v1beta1=false");
    }
    if (!Files.exists(folder.resolve("tokens.csv"))) {
      writeKeys();
    }
    apiServer = run("kube-apiserver", command);
    await("the API server", apiServer, () -> "ok".equals(admin().raw("/readyz")));
  }

  /** Forgets all versions but the present one, so that older watches cannot be resumed. */
  public void compact() throws IOException, InterruptedException {
    String range =
        etcd("/v3/kv/range", "{\"key\":\"AA==\",\"count_only\":true,\"range_end\":\"AA==\"}");
    Matcher revision = Pattern.compile("\"revision\":\"(\\d+)\"").matcher(range);
    if (!revision.find()) {
      throw new IOException("no revision in " + range);
    }
    etcd("/v3/kv/compaction", "{\"revision\":" + revision.group(1) + ",\"physical\":true}");
  }

  private String etcd(String path, String body) throws IOException, InterruptedException {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + etcdPort + path))
            .timeout(Duration.ofSeconds(5))
            .POST(HttpRequest.BodyPublishers.ofString(body))
            .build();
    HttpResponse<String> response =
        HttpClient.newHttpClient().send(request, HttpResponse.BodyHandlers.ofString());
    if (response.statusCode() != 200) {
      throw new IOException("etcd: " + response.statusCode() + " " + response.body());
    }
    return response.body();
  }

  private void startEtcd() throws IOException, InterruptedException {
    int peers = freePort();
    String clientUrl = "http://127.0.0.1:" + etcdPort;
    String peerUrl = "http://127.0.0.1:" + peers;
    List<String> command =
        new ArrayList<>(
            List.of(
                assets.resolve("etcd").toString(),
                "--data-dir=" + folder.resolve("etcd"),
                "--listen-client-urls=" + clientUrl,
                "--advertise-client-urls=" + clientUrl,
                "--listen-peer-urls=" + peerUrl,
                "--initial-advertise-peer-urls=" + peerUrl,
                "--initial-cluster=default=" + peerUrl,
                "--unsafe-no-fsync"));
    etcd = run("etcd", command);
    await("etcd", etcd, () -> etcd("/v3/kv/range", "{\"key\":\"AA==\"}").contains("header"));
  }

  private void serveSlices() throws IOException, InterruptedException {
    if (old && minor < 21) {
      return;
    }
    if (minor < 21) {
      CustomResourceDefinition slices =
          new CustomResourceDefinitionBuilder()
              .withNewMetadata()
              .withName("endpointslices.discovery.k8s.io")
              .addToAnnotations(
                  "api-approved.kubernetes.io",
                  "https://github.com/kubernetes/kubernetes/pull/99662")
              .endMetadata()
              .withNewSpec()
              .withGroup("discovery.k8s.io")
              .withScope("Namespaced")
              .withNewNames()
              .withPlural("endpointslices")
              .withSingular("endpointslice")
              .withKind("EndpointSlice")
              .withListKind("EndpointSliceList")
              .endNames()
              .addNewVersion()
              .withName("v1")
              .withServed(true)
              .withStorage(true)
              .withNewSchema()
              .withNewOpenAPIV3Schema()
              .withType("object")
              .withXKubernetesPreserveUnknownFields(true)
              .endOpenAPIV3Schema()
              .endSchema()
              .endVersion()
              .endSpec()
              .build();
      admin().apiextensions().v1().customResourceDefinitions().resource(slices).create();
    }
    await(
        "discovery.k8s.io/v1",
        apiServer,
        () ->
            admin().discovery().v1().endpointSlices().inNamespace("default").list().getItems()
                != null);
  }

  private void writeKeys() throws IOException {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      KeyPair pair = generator.generateKeyPair();
      writePem("sa.key", "PRIVATE KEY", pair.getPrivate().getEncoded());
      writePem("sa.pub", "PUBLIC KEY", pair.getPublic().getEncoded());
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
    Files.writeString(
        folder.resolve("tokens.csv"),
        ADMIN + ",admin,admin,\"system:masters\"\n" + VIEWER + ",viewer,viewer\n");
  }

  private void writePem(String file, String type, byte[] content) throws IOException {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        folder.resolve(file),
        "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n");
  }

  private Process run(String name, List<String> command) throws IOException {
    return new ProcessBuilder(command)
        .directory(folder.toFile())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(log(name).toFile()))
        .start();
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  private void await(String what, Process process, Callable<Boolean> ready)
      throws IOException, InterruptedException {
    long deadline = System.nanoTime() + START.toNanos();
    Exception last = null;
    while (System.nanoTime() < deadline && process.isAlive()) {
      try {
        if (ready.call()) {
          return;
        }
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        last = e;
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    StringBuilder logs = new StringBuilder();
    for (String name : List.of("etcd", "kube-apiserver")) {
      if (Files.exists(log(name))) {
        List<String> lines = Files.readAllLines(log(name));
        logs.append('\n').append(name).append(":\n");
        lines.stream()
            .skip(Math.max(0, lines.size() - 15))
            .forEach(line -> logs.append(line).append('\n'));
      }
    }
    throw new IOException(what + " is not ready (alive: " + process.isAlive() + ")" + logs, last);
  }

  /** Stops both processes, closes every client and removes all files: idempotent. */
  @Override
  public void close() {
    synchronized (this) {
      clients.forEach(KubernetesClient::close);
      clients.clear();
    }
    kill();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // exiting already
    }
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted((a, b) -> b.compareTo(a)).forEach(path -> path.toFile().delete());
    } catch (IOException | UncheckedIOException e) {
      // a temporary folder: the system's to clear
    }
  }

  private void kill() {
    if (apiServer != null) {
      apiServer.destroyForcibly().onExit().join();
    }
    if (etcd != null) {
      etcd.destroyForcibly().onExit().join();
    }
  }

  private static int minor(Path binary) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(binary.toString(), "--version").redirectErrorStream(true).start();
    String text = new String(process.getInputStream().readAllBytes());
    process.waitFor();
    Matcher version = Pattern.compile("v1\\.(\\d+)\\.").matcher(text);
    if (!version.find()) {
      throw new IOException(binary + " --version: " + text);
    }
    return Integer.parseInt(version.group(1));
  }

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
