package io.steelyard.examples.demo;

import io.fabric8.kubernetes.api.model.NamespaceBuilder;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.ServiceBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * A cluster of one service, {@code shop/cart}: kubelet, replica set and EndpointSlice controller in
 * a few hundred lines.
 *
 * <p>Pods are HTTP servers in this process, on 127.0.0.2, 127.0.0.3 and so on where the system has
 * these addresses, else on ports of their own. What happens to them reaches the API server the way
 * it does in a real cluster: a pod that is scaled away is marked as terminating first and stops
 * later; one that is killed stays listed as ready until the cluster notices.
 *
 * <p>Thread-safe.
 */
final class Cluster implements AutoCloseable {
  static final String NAMESPACE = "shop";
  static final String SERVICE = "cart";
  static final String PORT_NAME = "http";
  static final int SERVICE_PORT = 80;
  static final int MOST_PODS = 8;
  static final int MOST_WEIGHT = 100;

  private static final int FIRST_HOST = 2;
  private static final int HOSTS = 250;

  /** What the cluster makes of a pod; the balancer judges for itself. */
  enum Phase {
    RUNNING,
    /** Its server is gone, and the slice still says that it is ready. */
    KILLED,
    /** Its server is gone, and the slice says so. */
    NOT_READY,
    /** It serves and takes leave: not ready, serving, terminating. */
    TERMINATING
  }

  /**
   * How long things take.
   *
   * @param notice from a pod's death to the slice that says so
   * @param drain how long a drained pod goes on serving
   * @param grace how long a pod goes on serving that is scaled away
   */
  record Pace(Duration notice, Duration drain, Duration grace) {
    /** Long enough to watch. */
    static final Pace SHOW =
        new Pace(Duration.ofSeconds(30), Duration.ofSeconds(15), Duration.ofSeconds(2));
  }

  /** One pod at one moment. */
  record PodView(
      String name,
      String address,
      String node,
      Phase phase,
      boolean slow,
      int weight,
      long received) {}

  private static final class Member {
    final Pod pod;
    final int number;
    final String address;
    final String node;
    final String uid;
    Phase phase = Phase.RUNNING;
    int weight = 1;

    /** Counts its phases, so that a step meant for an earlier one can tell that it is too late. */
    int turn;

    Member(Pod pod, int number, String address, String node, String uid) {
      this.pod = pod;
      this.number = number;
      this.address = address;
      this.node = node;
      this.uid = uid;
    }

    boolean runs() {
      return phase == Phase.RUNNING;
    }

    void enter(Phase next) {
      phase = next;
      turn++;
    }
  }

  private final KubernetesClient client;
  private final boolean loopback;
  private final Pace pace;
  private final Consumer<String> events;
  private final Slices slices;
  private final List<Member> members = new ArrayList<>();
  private final Map<String, String> localHosts = new ConcurrentHashMap<>();
  private final ScheduledExecutorService later =
      Executors.newSingleThreadScheduledExecutor(
          work -> {
            Thread thread = new Thread(work, "cluster");
            thread.setDaemon(true);
            return thread;
          });
  private int lastNumber;
  private int port;
  private boolean closed;

  /**
   * Creates the service, without pods.
   *
   * @param events told in a few words what happens
   */
  Cluster(ApiServer api, Pace pace, Consumer<String> events) {
    this.client = api.client();
    this.loopback = api.takesLoopback();
    this.pace = pace;
    this.events = events;
    this.slices = new Slices(client, NAMESPACE, SERVICE, PORT_NAME);
    client
        .namespaces()
        .resource(
            new NamespaceBuilder().withNewMetadata().withName(NAMESPACE).endMetadata().build())
        .create();
    client
        .services()
        .inNamespace(NAMESPACE)
        .resource(
            new ServiceBuilder()
                .withNewMetadata()
                .withName(SERVICE)
                .endMetadata()
                .withNewSpec()
                .withSelector(Map.of("app", SERVICE))
                .addNewPort()
                .withName(PORT_NAME)
                .withPort(SERVICE_PORT)
                .withNewTargetPort(PORT_NAME)
                .withProtocol("TCP")
                .endPort()
                .endSpec()
                .build())
        .create();
    publish();
  }

  /** The pods, oldest first. */
  synchronized List<PodView> pods() {
    return members.stream()
        .map(
            member ->
                new PodView(
                    member.pod.name(),
                    member.address + ":" + member.pod.address().getPort(),
                    member.node,
                    member.phase,
                    member.pod.slow(),
                    member.weight,
                    member.pod.received()))
        .toList();
  }

  /** How many pods are here to stay. */
  synchronized int replicas() {
    return (int) members.stream().filter(member -> member.phase != Phase.TERMINATING).count();
  }

  /** The host to connect to for an address that a slice names. */
  String localHost(String address) {
    return localHosts.getOrDefault(address, address);
  }

  /**
   * Starts pods, or lets dead ones go and then the youngest, which stop after the grace period.
   *
   * @throws IllegalArgumentException if it is not 0 to {@link #MOST_PODS}
   */
  synchronized void scale(int replicas) {
    if (replicas < 0 || replicas > MOST_PODS) {
      throw new IllegalArgumentException(
          "replicas: " + replicas + " (expected: 0 to " + MOST_PODS + ")");
    }
    int before = replicas();
    if (replicas == before) {
      return;
    }
    events.accept("scaled from " + before + " to " + replicas);
    for (int n = before; n < replicas; n++) {
      members.add(start());
    }
    List<Member> leaving =
        members.stream()
            .filter(member -> member.phase != Phase.TERMINATING)
            .sorted(Comparator.comparing(Member::runs).thenComparing(member -> -member.number))
            .limit(Math.max(0, before - replicas))
            .toList();
    List<Member> dead = leaving.stream().filter(member -> !member.runs()).toList();
    leaving.stream().filter(Member::runs).forEach(member -> leave(member, pace.grace()));
    members.removeAll(dead);
    publish();
    dead.forEach(this::stop);
  }

  /** Stops its server at once; the slices say so only after a while. */
  synchronized void kill(String pod) {
    Member member = running(pod);
    member.pod.kill();
    member.enter(Phase.KILLED);
    events.accept(pod + " killed without notice");
    inTime(
        pace.notice(),
        member,
        () -> {
          member.enter(Phase.NOT_READY);
          events.accept("the cluster has noticed that " + pod + " is not ready");
          publish();
        });
  }

  /** Starts the server of a killed pod again, on the same address. */
  synchronized void revive(String pod) {
    Member member = find(pod);
    if (member.phase != Phase.KILLED && member.phase != Phase.NOT_READY) {
      throw new IllegalStateException(pod + " is not dead");
    }
    try {
      member.pod.revive();
    } catch (IOException e) {
      throw new IllegalStateException(pod + " cannot be revived: " + e.getMessage(), e);
    }
    member.enter(Phase.RUNNING);
    events.accept(pod + " revived");
    publish();
  }

  /** Lets the pod work at a tenth of its speed, or at its own again. */
  synchronized void slow(String pod, boolean slow) {
    Member member = find(pod);
    if (member.pod.slow() != slow) {
      member.pod.slow(slow);
      events.accept(pod + (slow ? " is 10 times as slow" : " has its normal speed"));
    }
  }

  /** Marks it as terminating; it goes on serving for a while and then leaves. */
  synchronized void drain(String pod) {
    Member member = running(pod);
    events.accept(pod + " drained");
    leave(member, pace.drain());
    publish();
  }

  /**
   * Moves it to the slice of that weight.
   *
   * @param weight 1 to {@link #MOST_WEIGHT}
   */
  synchronized void weight(String pod, int weight) {
    if (weight < 1 || weight > MOST_WEIGHT) {
      throw new IllegalArgumentException(
          "weight: " + weight + " (expected: 1 to " + MOST_WEIGHT + ")");
    }
    Member member = find(pod);
    if (member.weight != weight) {
      member.weight = weight;
      events.accept(pod + " weighs " + weight);
      publish();
    }
  }

  private Member find(String pod) {
    return members.stream()
        .filter(member -> member.pod.name().equals(pod))
        .findFirst()
        .orElseThrow(() -> new NoSuchElementException("no pod " + pod));
  }

  private Member running(String pod) {
    Member member = find(pod);
    if (member.phase != Phase.RUNNING) {
      throw new IllegalStateException(
          pod + (member.phase == Phase.TERMINATING ? " is terminating" : " is dead"));
    }
    return member;
  }

  private void leave(Member member, Duration after) {
    member.pod.closing(true);
    member.enter(Phase.TERMINATING);
    inTime(
        after,
        member,
        () -> {
          members.remove(member);
          publish();
          stop(member);
          events.accept(member.pod.name() + " has left");
        });
  }

  private void inTime(Duration delay, Member member, Runnable step) {
    int turn = member.turn;
    later.schedule(
        () -> {
          synchronized (this) {
            if (!closed && member.turn == turn && members.contains(member)) {
              step.run();
            }
          }
        },
        delay.toNanos(),
        TimeUnit.NANOSECONDS);
  }

  private void stop(Member member) {
    member.pod.close();
    localHosts.remove(member.address);
    client.pods().inNamespace(NAMESPACE).withName(member.pod.name()).withGracePeriod(0).delete();
  }

  private Member start() {
    int number = ++lastNumber;
    String name = SERVICE + "-" + number;
    int host = FIRST_HOST + (number - 1) % HOSTS;
    Pod pod = listen(name, host);
    String listening = pod.address().getAddress().getHostAddress();
    String address = loopback ? listening : "10.244.0." + host;
    localHosts.put(address, listening);
    String node = "node-" + (1 + number % 3);
    return new Member(pod, number, address, node, register(name, address, node));
  }

  private Pod listen(String name, int host) {
    try {
      Pod pod;
      try {
        pod = Pod.start(name, new InetSocketAddress("127.0.0." + host, port));
      } catch (BindException e) { // no such address here, or the port is taken on it
        pod = Pod.start(name, new InetSocketAddress("127.0.0.1", 0));
      }
      if (port == 0) {
        port = pod.address().getPort();
      }
      return pod;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Tells the API server of a pod; returns the uid it gives it. */
  private String register(String name, String address, String node) {
    var pods = client.pods().inNamespace(NAMESPACE);
    var created =
        pods.resource(
                new PodBuilder()
                    .withNewMetadata()
                    .withName(name)
                    .addToLabels("app", SERVICE)
                    .endMetadata()
                    .withNewSpec()
                    .withNodeName(node)
                    .addNewContainer()
                    .withName(SERVICE)
                    .withImage("example.com/cart")
                    .addNewPort()
                    .withName(PORT_NAME)
                    .withContainerPort(port)
                    .endPort()
                    .endContainer()
                    .endSpec()
                    .build())
            .create();
    pods.withName(name)
        .editStatus(
            pod ->
                new PodBuilder(pod)
                    .editOrNewStatus()
                    .withPhase("Running")
                    .withPodIP(address)
                    .endStatus()
                    .build());
    return created.getMetadata().getUid();
  }

  private void publish() {
    slices.publish(
        members.stream()
            .map(
                member -> {
                  boolean ready = member.phase == Phase.RUNNING || member.phase == Phase.KILLED;
                  boolean terminating = member.phase == Phase.TERMINATING;
                  return new Slices.Entry(
                      member.pod.name(),
                      member.uid,
                      member.address,
                      member.pod.address().getPort(),
                      member.weight,
                      member.node,
                      ready,
                      ready || terminating,
                      terminating);
                })
            .toList());
  }

  @Override
  public synchronized void close() {
    closed = true;
    later.shutdownNow();
    members.forEach(member -> member.pod.close());
  }
}
