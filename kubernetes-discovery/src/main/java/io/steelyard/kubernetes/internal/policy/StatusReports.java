package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.steelyard.Platform;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in the status of each policy whether it can be followed: once for each generation, by
 * whichever client comes first.
 *
 * <p>A thousand clients read the same and come to the same answer. Each waits for a random time and
 * writes only if none has written yet; and since none writes twice for one generation, clients of
 * two versions that disagree do not take turns. What is written names the version that was read, so
 * that a client whose watch lags is refused rather than that it speaks of what is no longer there.
 */
final class StatusReports {
  private static final Logger log = LoggerFactory.getLogger(StatusReports.class);
  private static final Duration SPREAD = Duration.ofSeconds(2);

  private final PolicyObjects objects;
  private final Platform platform;
  private final ReentrantLock lock;
  private final ExecutorService io;

  // Guarded by lock.
  private final Map<String, Policy> latest = new HashMap<>(); // by uid
  private final Map<String, Plan> plans = new HashMap<>(); // by uid
  private final Set<String> told = new HashSet<>(); // failures

  private record Plan(long generation, Platform.Cancellable timer) {}

  StatusReports(PolicyObjects objects, Platform platform, ReentrantLock lock, ExecutorService io) {
    this.objects = objects;
    this.platform = platform;
    this.lock = lock;
    this.io = io;
  }

  /** This is how a policy stands now; under the lock. */
  void consider(Policy policy) {
    latest.put(policy.uid(), policy);
    Plan plan = plans.get(policy.uid());
    if (policy.mine()
        || policy.reported() >= policy.generation()
        || (plan != null && plan.generation() == policy.generation())) {
      return;
    }
    if (plan != null) {
      plan.timer().cancel();
    }
    Duration wait = Duration.ofNanos((long) (SPREAD.toNanos() * platform.random().nextDouble()));
    plans.put(
        policy.uid(),
        new Plan(policy.generation(), platform.schedule(() -> due(policy.uid()), wait)));
  }

  /** Nothing more is written; under the lock. */
  void close() {
    plans.values().forEach(plan -> plan.timer().cancel());
    latest.clear();
  }

  /** These policies are all there are; under the lock. */
  void retain(Set<String> uids) {
    latest.keySet().retainAll(uids);
    plans.keySet().retainAll(uids);
    told.retainAll(uids);
  }

  private void due(String uid) {
    lock.lock();
    try {
      Policy policy = latest.get(uid);
      if (policy == null || policy.reported() >= policy.generation()) {
        return; // somebody else was quicker
      }
      io.execute(() -> report(policy));
    } catch (RejectedExecutionException e) {
      log.debug("Kubernetes: closed before {} was reported on", uid);
    } finally {
      lock.unlock();
    }
  }

  private void report(Policy policy) {
    try {
      objects.patchStatus(policy.name(), json(policy));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // it is over
    } catch (RuntimeException e) {
      failed(policy, e);
    }
  }

  private void failed(Policy policy, RuntimeException e) {
    int code = e instanceof KubernetesClientException answer ? answer.getCode() : 0;
    boolean forbidden = code == 401 || code == 403;
    boolean outdated = code == 409;
    boolean refused = code >= 400 && code < 500 && !outdated && code != 429;
    boolean first;
    lock.lock();
    try {
      first = !outdated && told.add(policy.uid());
      Plan plan = plans.get(policy.uid());
      if (!refused && plan != null && plan.generation() == policy.generation()) {
        plans.remove(policy.uid()); // with the next news it is tried again
      }
      Policy now = latest.get(policy.uid());
      if (outdated && now != null && !now.version().equals(policy.version())) {
        consider(now); // the news was here before the answer
      }
    } finally {
      lock.unlock();
    }
    if (first) {
      log.warn(
          "Kubernetes: cannot report on {}{}: {}",
          policy.title(),
          forbidden ? " (needs patch on loadbalancingpolicies/status)" : "",
          e.getMessage());
    }
  }

  private String json(Policy policy) {
    boolean good = policy.error() == null;
    String message = good ? "can be followed" : String.valueOf(policy.error());
    Instant now = Instant.ofEpochMilli(platform.epochMillis()).truncatedTo(ChronoUnit.SECONDS);
    return """
        {"metadata": {"resourceVersion": %s}, "status": {"observedGeneration": %d, "conditions": [{
          "type": "Accepted", "status": "%s", "reason": "%s", "message": %s,
          "observedGeneration": %d, "lastTransitionTime": "%s"}]}}
        """
        .formatted(
            quoted(policy.version()),
            policy.generation(),
            good ? "True" : "False",
            good ? "Valid" : "Invalid",
            quoted(message),
            policy.generation(),
            now);
  }

  private static String quoted(String text) {
    StringBuilder json = new StringBuilder("\"");
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c == '"' || c == '\\') {
        json.append('\\').append(c);
      } else if (c < ' ') {
        json.append(String.format("\\u%04x", (int) c));
      } else {
        json.append(c);
      }
    }
    return json.append('"').toString();
  }
}
