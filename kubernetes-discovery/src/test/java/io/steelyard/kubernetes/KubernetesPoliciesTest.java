package io.steelyard.kubernetes;

import static io.steelyard.kubernetes.testing.SliceFixtures.pod;
import static io.steelyard.kubernetes.testing.SliceFixtures.slice;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.api.model.PodBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.rbac.RoleBindingBuilder;
import io.fabric8.kubernetes.api.model.rbac.RoleBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.PickContext;
import io.steelyard.Platform;
import io.steelyard.PolicySource;
import io.steelyard.Topology.State;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.Policies;
import io.steelyard.kubernetes.testing.RealApiServer;
import io.steelyard.kubernetes.testing.Traffic;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import io.steelyard.testkit.ForwardingPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Policies on a real API server, followed by a balancer under traffic to real HTTP servers. */
@Timeout(300)
class KubernetesPoliciesTest {
  @RegisterExtension static final RealApiServer api = new RealApiServer();

  private static final AtomicInteger NAMESPACES = new AtomicInteger();

  private final String namespace = "policies-" + NAMESPACES.incrementAndGet();
  private final List<AutoCloseable> open = new ArrayList<>();
  private LocalApiServer server;
  private KubernetesClient admin;
  private Policies policies;
  private Balancer balancer;
  private Traffic traffic;

  @BeforeEach
  void start() {
    server = api.server();
    admin = server.admin();
    server.namespace(namespace);
    policies = new Policies(admin, namespace);
    policies.install(Policies.definition());
  }

  @AfterEach
  void stop() throws Exception {
    for (AutoCloseable each : open) {
      each.close();
    }
    if (policies != null) {
      policies.deleteAll();
    }
  }

  private KubernetesPolicies followed() {
    return KubernetesPolicies.in(namespace).client(admin);
  }

  private void write(EndpointSlice slice) {
    admin
        .discovery()
        .v1()
        .endpointSlices()
        .inNamespace(namespace)
        .resource(slice)
        .createOr(e -> e.update());
  }

  private EndpointSlice cart(Map<String, String> labels) {
    EndpointSlice slice =
        slice(
            namespace,
            "cart",
            "cart-1",
            8080,
            pod("a", "10.0.0.1"),
            pod("b", "10.0.0.2"),
            pod("c", "10.0.0.3"));
    slice.getMetadata().getLabels().putAll(labels);
    return slice;
  }

  /** Three pods, a balancer over them that follows these policies, and requests all the time. */
  private void run(KubernetesPolicies following) throws Exception {
    write(cart(Map.of("app", "cart")));
    KubernetesDiscovery discovery =
        KubernetesDiscovery.service(namespace, "cart").port("http").client(admin);
    balancer =
        Balancer.builder(discovery)
            .strategy(Strategies.random())
            .stages(Stages.maxInFlight(10_000))
            .policies(following.of(discovery))
            .build();
    open.add(balancer);
    eventually(() -> assertThat(balancer.candidates().usable()).isEqualTo(3));
    traffic = new Traffic(balancer);
    open.add(0, traffic);
  }

  private void eventually(Runnable check) {
    await()
        .atMost(Duration.ofSeconds(75))
        .pollInterval(Duration.ofMillis(10))
        .untilAsserted(check::run);
  }

  private void inForce(String policy, String origin) {
    eventually(
        () -> {
          assertThat(balancer.policy()).hasToString(policy);
          assertThat(balancer.explain().policySource()).isEqualTo(origin);
        });
  }

  private void noRequestWasLost() {
    traffic.pass(20);
    assertThat(traffic.lost()).isEmpty();
    // Whatever was swapped, the endpoints' statistics have counted on.
    long answered = traffic.answered();
    assertThat(balancer.stats().begun()).isGreaterThanOrEqualTo(answered);
  }

  private String title(String name) {
    return "policy " + namespace + "/" + name;
  }

  @Test
  void a_policy_is_followed_through_its_life_and_no_request_is_lost() throws Exception {
    KubernetesPolicies following = followed();
    run(following);
    inForce("maxInFlight(10000) → random", "builder (no policy in " + namespace + " selects cart)");

    policies.create("cart", "{service: cart, strategy: {type: RoundRobin}}");
    inForce("maxInFlight(10000) → roundRobin", title("cart"));
    traffic.pass(30);

    policies.edit(
        "cart",
        "{service: cart, ports: [http], strategy: {type: WeightedRoundRobin, name: all, weight: 3},"
            + " stages: {ejection: {base: 1s}, subset: {clients: 300}}}");
    inForce(
        "weights(3) → ejection.panicBelow(0.5) → subsetAmong(300) → weightedRoundRobin",
        title("cart") + " \"all\"");
    traffic.pass(30);

    // A prime is more than a schema can ask for.
    policies.edit("cart", "{service: cart, strategy: {type: Maglev, tableSize: 100}}");
    eventually(
        () ->
            assertThat(balancer.explain().problem())
                .isEqualTo(
                    title("cart")
                        + ": spec.strategy.tableSize: 100 (expected: a prime); the last good one"
                        + " stays"));
    assertThat(balancer.policy())
        .hasToString(
            "weights(3) → ejection.panicBelow(0.5) → subsetAmong(300) → weightedRoundRobin");
    assertThat(following.status().policies())
        .containsExactly(
            new KubernetesPoliciesStatus.Policy(
                "cart", "spec.strategy.tableSize: 100 (expected: a prime)", List.of("cart")));
    traffic.pass(30);

    policies.edit("cart", "{service: cart, strategy: {type: Maglev, tableSize: 65537}}");
    inForce("maxInFlight(10000) → maglev(65537)", title("cart"));
    assertThat(balancer.explain().problem()).isNull();
    traffic.pass(30);

    policies.delete("cart");
    inForce("maxInFlight(10000) → random", "builder (no policy in " + namespace + " selects cart)");
    noRequestWasLost();
  }

  @Test
  void every_strategy_can_be_declared() throws Exception {
    run(followed());
    Map<String, String> strategies = new TreeMap<>();
    strategies.put("{type: RoundRobin}", "roundRobin");
    strategies.put("{type: WeightedRoundRobin}", "weightedRoundRobin");
    strategies.put("{type: TimedRoundRobin, slot: 50ms}", "timedRoundRobin(PT0.05S)");
    strategies.put("{type: LeastConnections}", "leastConnections");
    strategies.put("{type: PowerOfTwo}", "powerOfTwo(peakEwma)");
    strategies.put("{type: PowerOfTwo, metric: InFlight}", "powerOfTwo(inFlight)");
    strategies.put("{type: RingHash, virtualNodes: 50}", "ringHash(50)");
    strategies.put("{type: Rendezvous}", "rendezvous");
    strategies.put("{type: JumpHash}", "jumpHash");
    strategies.put("{type: BoundedLoad}", "boundedLoad(ringHash, 0.25)");
    strategies.put(
        "{type: SessionAffinity, idle: 1m, maximumSize: 100, fallback: {type: LeastConnections}}",
        "sessionAffinity(leastConnections, PT1M, 100)");
    policies.create("cart", "{service: cart, strategy: {type: Random}, stages: {}}");
    inForce("random", title("cart"));
    strategies.forEach(
        (strategy, name) -> {
          policies.edit("cart", "{service: cart, stages: {}, strategy: " + strategy + "}");
          inForce(name, title("cart"));
          traffic.pass(10);
        });
    noRequestWasLost();
  }

  @Test
  void the_oldest_of_two_is_followed_and_the_other_takes_its_place() throws Exception {
    run(followed());
    String created =
        policies
            .create("first", "{service: cart, stages: {}, strategy: {type: RoundRobin}}")
            .getMetadata()
            .getCreationTimestamp();
    inForce("roundRobin", title("first"));
    // Older by a second at least: timestamps are in seconds.
    await()
        .atMost(Duration.ofSeconds(75))
        .until(
            () -> {
              policies.create("a-second", "{service: cart, stages: {}, strategy: {type: Maglev}}");
              if (!policies.get("a-second").getMetadata().getCreationTimestamp().equals(created)) {
                return true;
              }
              policies.delete("a-second");
              return false;
            });
    inForce("roundRobin", title("first") + " (the oldest of 2, not a-second)");
    policies.delete("first");
    inForce("maglev", title("a-second"));
    noRequestWasLost();
  }

  @Test
  void services_are_selected_by_their_labels_as_slices_carry_them() throws Exception {
    KubernetesPolicies following = followed();
    run(following);
    policies.create(
        "front",
        "{selector: {matchLabels: {tier: front}}, stages: {}, strategy: {type: RoundRobin}}");
    eventually(
        () ->
            assertThat(following.status().policies())
                .containsExactly(new KubernetesPoliciesStatus.Policy("front", null, List.of())));
    assertThat(following.status().toString()).contains("front governs nothing here");
    assertThat(balancer.explain().policySource())
        .isEqualTo("builder (no policy in " + namespace + " selects cart)");

    write(cart(Map.of("app", "cart", "tier", "front")));
    inForce("roundRobin", title("front"));
    assertThat(following.status().policies().get(0).governs()).containsExactly("cart");

    write(cart(Map.of("app", "cart")));
    inForce("maxInFlight(10000) → random", "builder (no policy in " + namespace + " selects cart)");
    noRequestWasLost();
  }

  @Test
  void code_goes_before_the_cluster_until_it_withdraws() throws Exception {
    run(followed());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    balancer.apply(balancer.policy().strategy(Strategies.leastConnections()));
    inForce("leastConnections", "apply (over " + title("cart") + ")");

    policies.edit("cart", "{service: cart, stages: {}, strategy: {type: Rendezvous}}");
    traffic.pass(30);
    balancer.withdraw();
    inForce("rendezvous", title("cart"));
    noRequestWasLost();
  }

  @Test
  void without_the_definition_the_builders_policy_is_in_force_until_it_is_installed()
      throws Exception {
    policies.uninstall();
    KubernetesPolicies following = followed();
    run(following);
    eventually(
        () -> {
          assertThat(following.status().state()).isEqualTo(State.SYNCING);
          assertThat(following.status().detail())
              .contains("loadbalancingpolicies.steelyard.io in namespace " + namespace)
              .contains("404")
              .contains("expected: the CustomResourceDefinition of that name");
        });
    assertThat(balancer.policy()).hasToString("maxInFlight(10000) → random");
    assertThat(balancer.explain().policySource())
        .isEqualTo("builder (policies in " + namespace + " are not known: SYNCING)");
    eventually(() -> assertThat(balancer.explain().problem()).contains("404"));
    traffic.pass(30);

    policies.install(Policies.definition());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    assertThat(following.status().state()).isEqualTo(State.LIVE);
    assertThat(balancer.explain().problem()).isNull();
    noRequestWasLost();
  }

  @Test
  void a_definition_that_is_taken_away_takes_its_policies_along_until_it_is_back()
      throws Exception {
    KubernetesPolicies following = followed();
    run(following);
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    policies.uninstall();
    eventually(
        () -> {
          assertThat(balancer.policy()).hasToString("maxInFlight(10000) → random");
          assertThat(following.status().state()).isEqualTo(State.STALE);
          assertThat(balancer.explain().problem()).contains("404");
        });
    traffic.pass(30);

    policies.install(Policies.definition());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: Maglev}}");
    inForce("maglev", title("cart"));
    assertThat(balancer.explain().problem()).isNull();
    noRequestWasLost();
  }

  @Test
  void one_that_is_made_anew_under_the_same_name_is_another() throws Exception {
    policies.install(Policies.unchecked());
    run(followed());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    policies.edit("cart", "{service: cart, strategy: {type: Fastest}}");
    eventually(
        () -> assertThat(balancer.explain().problem()).endsWith("; the last good one stays"));
    policies.delete("cart");
    policies.create("cart", "{service: cart, strategy: {type: Fastest}}");
    inForce(
        "maxInFlight(10000) → random",
        "builder (no good policy in " + namespace + " selects cart)");
    assertThat(balancer.explain().problem()).endsWith("; it is passed over");
    policies.edit("cart", "{service: cart, stages: {}, strategy: {type: Maglev}}");
    inForce("maglev", title("cart"));
    assertThat(balancer.explain().problem()).isNull();
    noRequestWasLost();
  }

  @Test
  void what_the_definition_knows_to_be_wrong_the_api_server_refuses() {
    refused("{service: cart, strategy: {type: Fastest}}", "spec.strategy.type");
    refused(
        "{service: cart, strategy: {type: Random}, weights: [{zone: a, weight: -1}]}",
        "should be greater than or equal to 0");
    refused("{service: cart, strategy: {type: TimedRoundRobin, slot: 2 sec}}", "slot");
    refused("{service: cart, strategy: {type: TimedRoundRobin}}", "spec.strategy.slot: Required");
    refused("{service: cart, strategy: {type: Random, slot: 2s}}", "anyOf");
    refused("{service: cart, strategy: {type: RoundRobin, weight: 3}}", "not");
    refused("{strategy: {type: Random}}", "oneOf");
    refused("{service: cart, selector: {matchLabels: {a: b}}, strategy: {type: Random}}", "oneOf");
    refused("{service: cart, strategy: {type: BoundedLoad, epsilon: 0}}", "epsilon");
    refused("{selector: {matchLabels: {a: b c}}, strategy: {type: Random}}", "matchLabels.a");
    refused(
        "{service: cart, strategy: {type: Random}, weights: [{podLabels: {a: -}, weight: 1}]}",
        "podLabels.a");
    refused(
        "{service: cart, strategy: {type: SessionAffinity, idle: 1m, maximumSize: 1,"
            + " fallback: {type: Random, metric: InFlight}}}",
        "anyOf");
  }

  private void refused(String spec, String why) {
    assertThatThrownBy(() -> policies.create("bad", spec))
        .as(spec)
        .isInstanceOf(KubernetesClientException.class)
        .hasMessageContaining(why);
  }

  @Test
  void what_a_definition_that_checks_nothing_lets_through_is_refused_here() throws Exception {
    policies.install(Policies.unchecked());
    run(followed());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    Map<String, String> bad = new TreeMap<>();
    bad.put(
        "{service: cart, strategy: {type: Random}, weights: [{zone: a, weight: -1}]}",
        "spec.weights[0].weight: -1 (expected: >= 0)");
    bad.put("{service: cart, strategy: {type: Fastest}}", "spec.strategy.type: \"Fastest\"");
    bad.put(
        "{service: cart, strategy: {type: TimedRoundRobin, slot: 2 sec}}",
        "spec.strategy.slot: \"2 sec\" (expected: a duration such as 500ms, 30s or 1m30s)");
    bad.put("[]", "spec: [] (expected: an object)");
    bad.forEach(
        (spec, problem) -> {
          policies.edit("cart", spec);
          eventually(
              () ->
                  assertThat(balancer.explain().problem())
                      .startsWith(title("cart") + ": " + problem)
                      .endsWith("; the last good one stays"));
          assertThat(balancer.policy()).hasToString("roundRobin");
        });
    noRequestWasLost();
  }

  @Test
  void a_canary_is_given_its_share_by_the_labels_of_its_pods() throws Exception {
    allow("canaries", "pods", "list", "watch");
    allow("policies", "loadbalancingpolicies", "list", "watch");
    KubernetesClient viewer = server.client(LocalApiServer.VIEWER);
    Pod canary = createPod("c", Map.of("app", "cart", "track", "canary"));
    run(KubernetesPolicies.in(namespace).client(viewer).readPods());
    pods("a", "b", canary.getMetadata().getUid());
    policies.create(
        "canary",
        "{service: cart, stages: {}, strategy: {type: WeightedRoundRobin, weight: 95},"
            + " weights: [{podLabels: {track: canary}, weight: 10}]}");
    inForce("weights(track=canary: 10, else 95) → weightedRoundRobin", title("canary"));
    assertThat(shares(200)).containsExactlyInAnyOrder(95, 95, 10);

    admin
        .pods()
        .inNamespace(namespace)
        .withName("c")
        .edit(
            p -> new PodBuilder(p).editMetadata().removeFromLabels("track").endMetadata().build());
    eventually(() -> assertThat(weights()).containsExactly(95.0, 95.0, 95.0));
    noRequestWasLost();
  }

  @Test
  void a_bad_edit_leaves_the_rule_that_goes_by_labels_at_work() throws Exception {
    policies.install(Policies.unchecked());
    Pod canary = createPod("c", Map.of("app", "cart", "track", "canary"));
    run(followed().readPods());
    pods("a", "b", canary.getMetadata().getUid());
    String spec =
        "{service: cart, stages: {}, strategy: {type: WeightedRoundRobin, weight: 95},"
            + " weights: [{podLabels: {track: %s}, weight: 10}]}";
    policies.create("canary", spec.formatted("canary"));
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(95.0, 95.0, 10.0));
    policies.edit("canary", spec.formatted("'not a label'"));
    eventually(
        () -> assertThat(balancer.explain().problem()).endsWith("; the last good one stays"));

    Pod next = createPod("d", Map.of("app", "cart", "track", "canary"));
    pods("a", next.getMetadata().getUid(), canary.getMetadata().getUid());
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(95.0, 10.0, 10.0));
    label("c", "next");
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(95.0, 95.0, 10.0));

    policies.edit("canary", spec.formatted("next"));
    inForce("weights(track=next: 10, else 95) → weightedRoundRobin", title("canary"));
    label("d", "next");
    eventually(() -> assertThat(weights()).containsExactlyInAnyOrder(95.0, 10.0, 10.0));
    noRequestWasLost();
  }

  private void label(String pod, String track) {
    admin
        .pods()
        .inNamespace(namespace)
        .withName(pod)
        .edit(
            p ->
                new PodBuilder(p).editMetadata().addToLabels("track", track).endMetadata().build());
  }

  /** The slice again, with these for uids. */
  private void pods(String... uids) {
    EndpointSlice slice = cart(Map.of("app", "cart"));
    for (int i = 0; i < uids.length; i++) {
      slice.getEndpoints().get(i).getTargetRef().setUid(uids[i]);
    }
    write(slice);
    eventually(
        () ->
            assertThat(balancer.candidates().topology().endpoints())
                .extracting(Endpoint::id)
                .contains(uids[0] + ":8080", uids[2] + ":8080"));
  }

  private Pod createPod(String name, Map<String, String> labels) {
    return admin
        .pods()
        .inNamespace(namespace)
        .resource(
            new PodBuilder()
                .withNewMetadata()
                .withName(name)
                .withLabels(labels)
                .endMetadata()
                .withNewSpec()
                .addNewContainer()
                .withName("app")
                .withImage("app")
                .endContainer()
                .endSpec()
                .build())
        .create();
  }

  private List<Double> weights() {
    List<Double> weights = new ArrayList<>();
    for (int i = 0; i < balancer.candidates().size(); i++) {
      weights.add(balancer.candidates().weight(i));
    }
    return weights;
  }

  private List<Integer> shares(int picks) throws Exception {
    traffic.pause();
    Map<String, Integer> counts = new TreeMap<>();
    for (int i = 0; i < picks; i++) {
      counts.merge(balancer.pick(PickContext.none()).id(), 1, Integer::sum);
    }
    traffic.resume();
    return List.copyOf(counts.values());
  }

  @Test
  void labels_of_pods_need_an_opt_in_and_rights_and_meanwhile_nothing_changes() throws Exception {
    allow("policies", "loadbalancingpolicies", "list", "watch");
    KubernetesClient viewer = server.client(LocalApiServer.VIEWER);
    run(KubernetesPolicies.in(namespace).client(viewer).readPods());
    policies.create(
        "canary",
        "{service: cart, stages: {}, strategy: {type: WeightedRoundRobin},"
            + " weights: [{podLabels: {track: canary}, weight: 10}]}");
    eventually(
        () -> {
          assertThat(balancer.explain().policySource())
              .isEqualTo(
                  "builder (" + title("canary") + " waits for the pods with {track=canary})");
          assertThat(balancer.explain().problem()).contains("may not list pods").contains("403");
        });
    allow("canaries", "pods", "list", "watch");
    inForce("weights(track=canary: 10) → weightedRoundRobin", title("canary"));
    assertThat(balancer.explain().problem()).isNull();
    noRequestWasLost();

    KubernetesPolicies without = followed();
    KubernetesDiscovery discovery =
        KubernetesDiscovery.service(namespace, "cart").port("http").client(admin);
    try (Balancer other = Balancer.builder(discovery).policies(without.of(discovery)).build()) {
      eventually(
          () ->
              assertThat(other.explain().problem())
                  .contains("spec.weights[0].podLabels")
                  .contains("KubernetesPolicies.readPods()"));
    }
  }

  private void allow(String name, String resource, String... verbs) {
    admin
        .rbac()
        .roles()
        .inNamespace(namespace)
        .resource(
            new RoleBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .addNewRule()
                .withApiGroups(resource.startsWith("load") ? "steelyard.io" : "")
                .withResources(resource)
                .withVerbs(verbs)
                .endRule()
                .build())
        .create();
    admin
        .rbac()
        .roleBindings()
        .inNamespace(namespace)
        .resource(
            new RoleBindingBuilder()
                .withNewMetadata()
                .withName(name)
                .endMetadata()
                .withNewRoleRef("rbac.authorization.k8s.io", "Role", name)
                .addNewSubject("rbac.authorization.k8s.io", "User", "viewer", null)
                .build())
        .create();
  }

  @Test
  void without_rights_the_builders_policy_is_in_force_until_they_are_granted() throws Exception {
    KubernetesPolicies following =
        KubernetesPolicies.in(namespace).client(server.client(LocalApiServer.VIEWER));
    run(following);
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    eventually(() -> assertThat(following.status().state()).isEqualTo(State.UNAUTHORIZED));
    assertThat(balancer.explain().policySource()).contains("not known: UNAUTHORIZED");

    allow("policies", "loadbalancingpolicies", "list", "watch");
    inForce("roundRobin", title("cart"));
    noRequestWasLost();
  }

  @Test
  void the_status_says_what_was_made_of_a_policy_once_for_each_generation() throws Exception {
    allow("policies", "loadbalancingpolicies", "list", "watch");
    allow("status", "loadbalancingpolicies/status", "patch");
    run(
        KubernetesPolicies.in(namespace)
            .client(server.client(LocalApiServer.VIEWER))
            .reportStatus());
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    accepted("cart", 1, "True", "can be followed");
    policies.edit("cart", "{service: cart, strategy: {type: Maglev, tableSize: 100}}");
    accepted("cart", 2, "False", "spec.strategy.tableSize: 100 (expected: a prime)");
    // This program reads no pods, others may: that is not the policy's fault. The one made after it
    // is reported on, so it would have been, too.
    policies.create(
        "pods",
        "{service: cart, strategy: {type: Random}, weights: [{podLabels: {a: b}, weight: 1}]}");
    policies.create("last", "{service: cart, strategy: {type: Random}}");
    accepted("last", 1, "True", "can be followed");
    String version = policies.get("cart").getMetadata().getResourceVersion();
    traffic.pass(200);
    assertThat(policies.get("pods").<Object>get("status")).isNull();
    assertThat(policies.get("cart").getMetadata().getResourceVersion()).isEqualTo(version);
    noRequestWasLost();
  }

  private void accepted(String name, int generation, String status, String message) {
    eventually(
        () -> {
          var policy = policies.get(name);
          assertThat(policy.<Integer>get("status", "observedGeneration")).isEqualTo(generation);
          assertThat(policy.<String>get("status", "conditions", 0, "type")).isEqualTo("Accepted");
          assertThat(policy.<String>get("status", "conditions", 0, "status")).isEqualTo(status);
          assertThat(policy.<String>get("status", "conditions", 0, "message")).isEqualTo(message);
        });
  }

  @Test
  void the_policy_in_force_stays_while_the_api_server_is_away() throws Exception {
    KubernetesPolicies following =
        KubernetesPolicies.in(namespace).client(server.client(LocalApiServer.ADMIN));
    run(following);
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));

    server.killApiServer();
    inForce("roundRobin", title("cart") + " (STALE)");
    traffic.pass(30);
    server.startApiServer();
    inForce("roundRobin", title("cart"));

    policies.edit("cart", "{service: cart, stages: {}, strategy: {type: Maglev}}");
    inForce("maglev", title("cart"));
    noRequestWasLost();
  }

  @Test
  void several_balancers_share_one_watch_and_closing_leaves_nothing_behind() throws Exception {
    KubernetesPolicies following = followed();
    run(following);
    KubernetesDiscovery orders = KubernetesDiscovery.service(namespace, "orders").client(admin);
    Balancer other = Balancer.builder(orders).policies(following.of(orders)).build();
    open.add(other);
    Balancer twin = Balancer.builder(orders).policies(following.of(orders)).build();
    open.add(twin);
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    policies.create("orders", "{service: orders, stages: {}, strategy: {type: Maglev}}");
    inForce("roundRobin", title("cart"));
    eventually(() -> assertThat(twin.policy()).hasToString("maglev"));
    eventually(() -> assertThat(other.policy()).hasToString("maglev"));
    assertThat(following.status().policies())
        .extracting(KubernetesPoliciesStatus.Policy::governs)
        .containsExactlyInAnyOrder(List.of("cart"), List.of("orders"));

    traffic.close();
    other.close();
    twin.close();
    balancer.close();
    eventually(
        () ->
            assertThat(Thread.getAllStackTraces().keySet())
                .extracting(Thread::getName)
                .noneMatch(name -> name.contains("policies-" + namespace)));
    assertThat(following.status().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void one_that_is_closed_by_anothers_listener_is_no_trouble() throws Exception {
    Platform atOnce =
        new ForwardingPlatform(Platform.system()) {
          @Override
          public Executor executor() {
            return Runnable::run;
          }
        };
    KubernetesPolicies following = followed().readPods().platform(atOnce);
    LoadBalancingPolicy builders = LoadBalancingPolicy.of(Strategies.random());
    AtomicReference<AutoCloseable> second = new AtomicReference<>();
    List<PolicySource.Advice> told = new CopyOnWriteArrayList<>();
    open.add(
        following
            .of(KubernetesDiscovery.service(namespace, "cart").client(admin))
            .watch(
                builders,
                advice -> {
                  told.add(advice);
                  if (advice.policy() != null) {
                    closeQuietly(second.get());
                  }
                }));
    List<PolicySource.Advice> toldSecond = new CopyOnWriteArrayList<>();
    second.set(
        following
            .of(KubernetesDiscovery.service(namespace, "orders").client(admin))
            .watch(builders, toldSecond::add));
    policies.create(
        "orders",
        "{service: orders, stages: {}, strategy: {type: Random},"
            + " weights: [{podLabels: {track: canary}, weight: 10}]}");
    eventually(
        () ->
            assertThat(toldSecond)
                .last()
                .satisfies(advice -> assertThat(advice.policy()).isNotNull()));

    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    policies.create("cart-2", "{service: cart, stages: {}, strategy: {type: Maglev}}");
    eventually(
        () ->
            assertThat(told)
                .last()
                .satisfies(advice -> assertThat(advice.origin()).contains("not cart-2")));
    assertThat(told)
        .extracting(advice -> String.valueOf(advice.problem()))
        .noneMatch(problem -> problem.contains("bug"));
  }

  private static void closeQuietly(AutoCloseable watch) {
    try {
      watch.close();
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void a_client_is_made_of_a_kubeconfig_and_goes_with_the_last_balancer() throws Exception {
    KubernetesPolicies following =
        KubernetesPolicies.in(namespace)
            .kubeconfig(server.kubeconfig(LocalApiServer.ADMIN, namespace), "here");
    run(following);
    policies.create("cart", "{service: cart, stages: {}, strategy: {type: RoundRobin}}");
    inForce("roundRobin", title("cart"));
    noRequestWasLost();
    traffic.close();
    balancer.close();
    assertThat(following.status().state()).isEqualTo(State.CLOSED);
  }

  @Test
  void a_discovery_of_another_namespace_is_refused_when_the_balancer_is_built() {
    KubernetesDiscovery elsewhere = KubernetesDiscovery.service("elsewhere", "cart").client(admin);
    assertThatThrownBy(() -> Balancer.builder(elsewhere).policies(followed().of(elsewhere)).build())
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(
            "policies of namespace "
                + namespace
                + " for kubernetes elsewhere/cart in namespace elsewhere (expected: the same"
                + " namespace)");
  }
}
