package io.steelyard.examples.demo;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * An etcd and a kube-apiserver of the demo's own, on free ports of 127.0.0.1, from the folder that
 * {@code KUBEBUILDER_ASSETS} names. They end with this process at the latest.
 */
final class RealApiServer implements ApiServer {
  static final String ASSETS = "KUBEBUILDER_ASSETS";

  private static final String TOKEN = "demo-admin";
  private static final long MOST_SECONDS_TO_START = 60;
  private static final Pattern VERSION = Pattern.compile("v1\\.(\\d+)");

  /**
   * What API servers before 1.21 lack, stored and watched all the same. A definition in place of
   * the built-in type checks nothing.
   */
  private static final String ENDPOINT_SLICES =
      """
      apiVersion: apiextensions.k8s.io/v1
      kind: CustomResourceDefinition
      metadata:
        name: endpointslices.discovery.k8s.io
        annotations:
          api-approved.kubernetes.io: https://github.com/kubernetes/enhancements/pull/752
      spec:
        group: discovery.k8s.io
        scope: Namespaced
        names: {kind: EndpointSlice, listKind: EndpointSliceList, plural: endpointslices, singular: endpointslice}
        versions:
          - name: v1
            served: true
            storage: true
            schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
      """;

  private static final String KUBECONFIG =
      """
      apiVersion: v1
      kind: Config
      clusters:
        - {name: demo, cluster: {server: "https://127.0.0.1:%d", insecure-skip-tls-verify: true}}
      users:
        - {name: demo, user: {token: %s}}
      contexts:
        - {name: demo, context: {cluster: demo, user: demo, namespace: shop}}
      current-context: demo
      """;

  private final Path folder;
  private final List<Process> processes = new ArrayList<>();
  private final Thread atExit = new Thread(this::stop, "stop API server");
  private final KubernetesClient client;
  private final String version;
  private final Path kubeconfig;

  /**
   * Starts both and waits until they serve.
   *
   * @throws IllegalStateException if the variable is not set, or they do not start; the message has
   *     the end of their logs
   */
  static RealApiServer start() throws IOException, InterruptedException {
    String assets = System.getenv(ASSETS);
    if (assets == null || assets.isBlank()) {
      throw new IllegalStateException(
          ASSETS + " is not set (expected: a folder with etcd and kube-apiserver)");
    }
    return new RealApiServer(Path.of(assets));
  }

  private RealApiServer(Path assets) throws IOException, InterruptedException {
    folder = Files.createTempDirectory("steelyard-demo");
    Runtime.getRuntime().addShutdownHook(atExit);
    try {
      Path apiserver = executable(assets, "kube-apiserver");
      version = versionOf(apiserver);
      Matcher minor = VERSION.matcher(version);
      boolean old = minor.find() && Integer.parseInt(minor.group(1)) < 21;
      int port = freePort();
      startEtcdAnd(apiserver, executable(assets, "etcd"), port, old);
      kubeconfig =
          Files.writeString(folder.resolve("kubeconfig"), KUBECONFIG.formatted(port, TOKEN));
      client =
          new KubernetesClientBuilder()
              .withConfig(
                  new ConfigBuilder()
                      .withAutoConfigure(false)
                      .withMasterUrl("https://127.0.0.1:" + port)
                      .withTrustCerts(true)
                      .withOauthToken(TOKEN)
                      .withRequestRetryBackoffLimit(0)
                      .build())
              .build();
      await(() -> "ok".equals(client.raw("/readyz")));
      if (old) {
        client
            .resource(
                client
                    .getKubernetesSerialization()
                    .unmarshal(ENDPOINT_SLICES, CustomResourceDefinition.class))
            .create();
      }
      await(() -> client.discovery().v1().endpointSlices().inNamespace("default").list() != null);
    } catch (IOException | InterruptedException | RuntimeException e) {
      stop();
      throw e;
    }
  }

  private void startEtcdAnd(Path apiserver, Path etcd, int port, boolean old) throws IOException {
    String clients = "http://127.0.0.1:" + freePort();
    String peers = "http://127.0.0.1:" + freePort();
    run(
        "etcd",
        etcd.toString(),
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + clients,
        "--advertise-client-urls=" + clients,
        "--listen-peer-urls=" + peers,
        "--initial-advertise-peer-urls=" + peers,
        "--initial-cluster=default=" + peers,
        "--unsafe-no-fsync");
    KeyPair key = rsa();
    Path privateKey = pem("PRIVATE KEY", key.getPrivate().getEncoded());
    Path publicKey = pem("PUBLIC KEY", key.getPublic().getEncoded());
    Path tokens = folder.resolve("tokens.csv");
    Files.writeString(tokens, TOKEN + ",admin,admin,\"system:masters\"\n");
    List<String> command =
        new ArrayList<>(
            List.of(
                apiserver.toString(),
                "--etcd-servers=" + clients,
                "--secure-port=" + port,
                "--bind-address=127.0.0.1",
                "--cert-dir=" + folder.resolve("certs"),
                "--service-cluster-ip-range=10.96.0.0/16",
                "--service-account-issuer=https://kubernetes.default.svc",
                "--service-account-signing-key-file=" + privateKey,
                "--service-account-key-file=" + publicKey,
                "--token-auth-file=" + tokens,
                "--authorization-mode=RBAC",
                "--disable-admission-plugins=ServiceAccount",
                "--endpoint-reconciler-type=none"));
    if (old) {
      command.add("--runtime-config=discovery.k8s.io/v1beta1=false");
    }
    run("kube-apiserver", command.toArray(String[]::new));
  }

  private static Path executable(Path assets, String name) {
    Path file = assets.resolve(name);
    if (!Files.isExecutable(file)) {
      throw new IllegalStateException(
          ASSETS + ": no " + name + " in " + assets + " (expected: etcd and kube-apiserver)");
    }
    return file;
  }

  private static String versionOf(Path apiserver) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(apiserver.toString(), "--version").start();
    String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    process.waitFor();
    return text.replace("Kubernetes", "").strip();
  }

  private void run(String name, String... command) throws IOException {
    processes.add(
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(log(name).toFile())
            .start());
  }

  private Path log(String name) {
    return folder.resolve(name + ".log");
  }

  private interface Check {
    boolean passes();
  }

  private void await(Check check) throws IOException, InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS_TO_START);
    Object last = "not ready";
    while (System.nanoTime() - deadline < 0 && processes.stream().allMatch(Process::isAlive)) {
      try {
        if (check.passes()) {
          return;
        }
      } catch (KubernetesClientException e) {
        last = e.getMessage();
      }
      Thread.sleep(100);
    }
    throw new IllegalStateException(
        "the API server does not start: " + last + "\n" + end("etcd") + end("kube-apiserver"));
  }

  private String end(String name) throws IOException {
    List<String> lines = Files.exists(log(name)) ? Files.readAllLines(log(name)) : List.of();
    return name
        + ":\n"
        + String.join("\n", lines.subList(Math.max(0, lines.size() - 5), lines.size()))
        + "\n";
  }

  private static KeyPair rsa() {
    try {
      KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
      generator.initialize(2048);
      return generator.generateKeyPair();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private Path pem(String kind, byte[] encoded) throws IOException {
    String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
    Path file = folder.resolve(kind.replace(' ', '-') + ".pem");
    return Files.writeString(
        file, "-----BEGIN " + kind + "-----\n" + text + "\n-----END " + kind + "-----\n");
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
      return socket.getLocalPort();
    }
  }

  @Override
  public KubernetesClient client() {
    return client;
  }

  @Override
  public Path kubeconfig() {
    return kubeconfig;
  }

  @Override
  public String title() {
    return "kube-apiserver " + version;
  }

  @Override
  public boolean takesLoopback() {
    return false;
  }

  private synchronized void stop() {
    for (int i = processes.size() - 1; i >= 0; i--) {
      processes.get(i).destroyForcibly();
    }
    processes.clear();
    try (Stream<Path> files = Files.walk(folder)) {
      files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
    } catch (IOException e) {
      // a temporary folder stays
    }
  }

  @Override
  public void close() {
    client.close();
    stop();
    try {
      Runtime.getRuntime().removeShutdownHook(atExit);
    } catch (IllegalStateException e) {
      // the process is ending already
    }
  }
}
