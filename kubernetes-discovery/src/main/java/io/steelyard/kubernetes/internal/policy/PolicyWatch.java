package io.steelyard.kubernetes.internal.policy;

import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Platform;
import io.steelyard.PolicySource.Advice;
import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.internal.IoThreads;
import io.steelyard.kubernetes.internal.Latest;
import io.steelyard.kubernetes.internal.Reflector;
import io.steelyard.kubernetes.internal.ServiceFacts;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The policies of one namespace, watched on behalf of any number of balancers: begun by the first,
 * over with the last.
 *
 * <p>Whenever something changes (a policy, a service's labels, the pods that a rule selects) each
 * balancer's advice is worked out anew from all there is, and handed on if it is another.
 *
 * <p>One lock guards this and the reflectors behind it. Nothing under it blocks or calls a
 * listener.
 */
public final class PolicyWatch {
  private static final Logger log = LoggerFactory.getLogger(PolicyWatch.class);

  /**
   * What to watch and how.
   *
   * @param readPods whether weights may go by labels of pods
   * @param reportStatus whether to say in a policy's status what was made of it
   */
  public record Settings(
      String namespace, boolean readPods, boolean reportStatus, Reflector.Settings reflector) {}

  /** One policy for people; see {@code KubernetesPoliciesStatus}. */
  public record View(String name, @Nullable String problem, List<String> governs) {}

  /** A moment's view of everything there is to tell. */
  public record Snapshot(
      Topology.State state,
      @Nullable String detail,
      @Nullable Duration sinceHeard,
      List<View> policies) {}

  private final Settings settings;
  private final Platform platform;
  private final ClientHolder client;
  private final PolicyObjects objects;
  private final IoThreads threads;
  private final ExecutorService io;
  private final ReentrantLock lock = new ReentrantLock();
  private final Reflector<Policy> reflector;
  private final @Nullable StatusReports reports;

  // Guarded by lock.
  private final List<Governed> governed = new ArrayList<>();
  private final Map<String, PolicySpec> lastGood = new HashMap<>(); // by uid
  private final Map<String, String> complaints = new HashMap<>(); // by uid: said once
  private final Map<Map<String, String>, Reflector<String>> selections = new HashMap<>();
  private boolean closed;

  /** Creates a watch that does nothing until it is started. */
  public PolicyWatch(ClientHolder client, Settings settings, Platform platform) {
    this.settings = settings;
    this.platform = platform;
    this.client = client;
    this.objects = new PolicyObjects(client, settings.namespace(), settings.readPods());
    this.threads = new IoThreads("steelyard-kubernetes-policies-" + settings.namespace() + "-");
    this.io =
        new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 2, TimeUnit.SECONDS, new SynchronousQueue<>(), threads);
    this.reflector =
        new Reflector<>(
            objects,
            PolicyObjects.RESOURCE + " in namespace " + settings.namespace(),
            platform,
            lock,
            io,
            settings.reflector(),
            this::changed);
    this.reports = settings.reportStatus() ? new StatusReports(objects, platform, lock, io) : null;
  }

  /** Starts watching. */
  public void start() {
    reflector.start();
  }

  /** One balancer that is to follow the policies. */
  public final class Governed implements AutoCloseable {
    private final LoadBalancingPolicy builders;
    private final Latest<Advice> delivery;
    private ServiceFacts facts;
    private @Nullable Advice said;
    private @Nullable String follows; // the uid of a policy

    private Governed(LoadBalancingPolicy builders, ServiceFacts facts, Consumer<Advice> listener) {
      this.builders = builders;
      this.facts = facts;
      this.delivery = new Latest<>(platform, "policies of " + facts.service(), listener);
    }

    /** The service is described so now. */
    public void describe(ServiceFacts now) {
      lock.lock();
      try {
        if (!closed && !now.equals(facts)) {
          facts = now;
          changed();
        }
      } finally {
        lock.unlock();
      }
    }

    /** Ends it, and the watch with the last one: idempotent. */
    @Override
    public void close() {
      remove(this);
    }
  }

  /** Adds a balancer; null if the last one has gone and the watch with it. */
  public @Nullable Governed add(
      LoadBalancingPolicy builders, ServiceFacts facts, Consumer<Advice> listener) {
    lock.lock();
    try {
      if (closed) {
        return null;
      }
      Governed added = new Governed(builders, facts, listener);
      governed.add(added);
      changed();
      return added;
    } finally {
      lock.unlock();
    }
  }

  private void remove(Governed leaving) {
    boolean last = false;
    List<Reflector<String>> pods = List.of();
    lock.lock();
    try {
      if (governed.remove(leaving)) {
        last = governed.isEmpty();
        if (last) {
          closed = true;
          pods = List.copyOf(selections.values());
          if (reports != null) {
            reports.close();
          }
        } else {
          changed(); // pods that were selected for it alone need not be watched any longer
        }
      }
    } finally {
      lock.unlock();
    }
    leaving.delivery.close();
    if (last) {
      pods.forEach(Reflector::close);
      reflector.close();
      io.shutdownNow();
      client.close();
      threads.join(2, TimeUnit.SECONDS);
    }
  }

  /** A moment's view. */
  public Snapshot snapshot() {
    lock.lock();
    try {
      List<View> views = new ArrayList<>();
      for (Policy policy : reflector.items().stream().sorted(Policy.BY_AGE).toList()) {
        Set<String> governs = new LinkedHashSet<>(); // a service may have several balancers
        for (Governed balancer : governed) {
          if (policy.uid().equals(balancer.follows)) {
            governs.add(balancer.facts.service());
          }
        }
        views.add(new View(policy.name(), policy.error(), List.copyOf(governs)));
      }
      Reflector.Health health = reflector.health();
      return new Snapshot(
          health.state(), health.detail(), reflector.sinceHeard(), List.copyOf(views));
    } finally {
      lock.unlock();
    }
  }

  // ---- under the lock ----

  private void changed() {
    if (closed) {
      return;
    }
    if (reflector.loaded()) {
      remember();
    }
    List<Governed> all = List.copyOf(governed); // an executor may run at once, and close one
    Map<Governed, Choice> choices = new HashMap<>();
    for (Governed balancer : all) {
      choices.put(balancer, choice(balancer));
    }
    selectPods(choices.values());
    for (Governed balancer : all) {
      if (governed.contains(balancer)) {
        advise(balancer, Objects.requireNonNull(choices.get(balancer)));
      }
    }
  }

  /** Keeps what each policy said when it was last good, and says once what is wrong with it. */
  private void remember() {
    Set<String> present = new HashSet<>();
    for (Policy policy : reflector.items()) {
      present.add(policy.uid());
      if (policy.spec() != null) {
        lastGood.put(policy.uid(), policy.spec());
        complaints.remove(policy.uid());
      } else {
        String complaint = Choice.complaint(policy, lastGood.containsKey(policy.uid()));
        if (!complaint.equals(complaints.put(policy.uid(), complaint))) {
          log.warn("Kubernetes: {}", complaint);
        }
      }
      if (reports != null) {
        reports.consider(policy);
      }
    }
    lastGood.keySet().retainAll(present);
    complaints.keySet().retainAll(present);
    if (reports != null) {
      reports.retain(present);
    }
  }

  private Choice choice(Governed balancer) {
    Reflector.Health health = reflector.health();
    if (!reflector.loaded()) {
      return new Choice(
          null,
          null,
          "policies in " + settings.namespace() + " are not known: " + health.state(),
          health.detail());
    }
    return Choice.of(reflector.items(), lastGood, balancer.facts);
  }

  /** Watches the pods that rules in force select, and no others. */
  private void selectPods(Iterable<Choice> choices) {
    Set<Map<String, String>> wanted = new HashSet<>();
    for (Choice choice : choices) {
      if (choice.spec() != null) {
        wanted.addAll(choice.spec().selections());
      }
    }
    selections
        .entrySet()
        .removeIf(
            entry -> {
              boolean over = !wanted.contains(entry.getKey());
              if (over) {
                entry.getValue().close();
              }
              return over;
            });
    for (Map<String, String> labels : wanted) {
      if (!selections.containsKey(labels)) {
        Reflector<String> pods =
            new Reflector<>(
                new PodSelection(client, settings.namespace(), labels),
                "pods in namespace " + settings.namespace() + " (labels " + labels + ")",
                platform,
                lock,
                io,
                settings.reflector(),
                this::changed);
        selections.put(labels, pods);
        pods.start();
      }
    }
  }

  private void advise(Governed balancer, Choice choice) {
    Advice advice = advice(balancer, choice);
    balancer.follows = choice.policy() == null ? null : choice.policy().uid();
    if (!advice.equals(balancer.said)) {
      balancer.said = advice;
      balancer.delivery.offer(advice);
    }
  }

  private Advice advice(Governed balancer, Choice choice) {
    String problem = with(choice.problem(), reflector.health());
    Policy policy = choice.policy();
    PolicySpec spec = choice.spec();
    if (policy == null || spec == null) {
      return new Advice(null, choice.origin(), problem);
    }
    for (Map<String, String> labels : spec.selections()) {
      Reflector<String> pods = Objects.requireNonNull(selections.get(labels));
      problem = with(problem, pods.health());
      if (!pods.loaded()) {
        // Without them a canary would pass for one of the others for a moment.
        Advice before = balancer.said;
        return new Advice(
            before == null ? null : before.policy(),
            policy.title() + " waits for the pods with " + labels,
            problem);
      }
    }
    LoadBalancingPolicy says =
        spec.over(
            balancer.builders,
            labels -> Set.copyOf(Objects.requireNonNull(selections.get(labels)).items()));
    String stale =
        reflector.health().state() == Topology.State.LIVE
            ? ""
            : " (" + reflector.health().state() + ")";
    return new Advice(says, choice.origin() + stale, problem);
  }

  private static @Nullable String with(@Nullable String problem, Reflector.Health health) {
    String detail = health.detail();
    if (detail == null || detail.equals(problem)) {
      return problem;
    }
    return problem == null ? detail : problem + "; " + detail;
  }
}
