package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.api.model.Status;
import io.fabric8.kubernetes.api.model.StatusBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import java.util.AbstractMap.SimpleEntry;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** An API server by script: what it holds, what it refuses, and what its watches say. */
final class FakeSource<T> implements Source<T> {
  final Map<String, T> objects = new LinkedHashMap<>();
  final Map<String, String> unreadable = new LinkedHashMap<>();
  final List<Map.Entry<String, Events<T>>> watches = new ArrayList<>();
  final Deque<Throwable> listFailures = new ArrayDeque<>();
  final Deque<Throwable> watchFailures = new ArrayDeque<>();
  final IoThread io = new IoThread();
  @Nullable Throwable down;
  @Nullable Throwable unwatchable; // what is said to a plain request to watch
  int version = 1;
  int lists;
  int attempts;
  int open;
  int renewed;
  boolean clientClosed;

  @Override
  public void renew() {
    renewed++;
  }

  @Override
  public Listing<T> list() throws Exception {
    lists++;
    attempts++;
    fail(listFailures);
    return new Listing<>(objects, "" + version, unreadable);
  }

  @Override
  public void requireWatchable(String version) throws Exception {
    if (unwatchable instanceof Exception said) {
      throw said;
    }
  }

  @Override
  public AutoCloseable watch(String version, Events<T> events) throws Exception {
    attempts++;
    fail(watchFailures);
    watches.add(new SimpleEntry<>(version, events));
    open++;
    boolean[] closed = {false};
    return () -> {
      if (!closed[0]) {
        closed[0] = true;
        open--;
      }
    };
  }

  private void fail(Deque<Throwable> failures) throws Exception {
    Throwable failure = down != null ? down : failures.poll();
    if (failure instanceof Exception e) {
      throw e;
    }
    if (failure instanceof Error e) {
      throw e;
    }
  }

  @Override
  public boolean isClosed() {
    return clientClosed;
  }

  /** The latest watch. */
  Events<T> watch() {
    return watches.get(watches.size() - 1).getValue();
  }

  String watchedFrom() {
    return watches.get(watches.size() - 1).getKey();
  }

  void put(String key, T value) {
    objects.put(key, value);
    watch().put(key, value, "" + ++version);
  }

  void remove(String key) {
    objects.remove(key);
    watch().remove(key, "" + ++version);
  }

  static KubernetesClientException http(int code) {
    Status status = new StatusBuilder().withCode(code).withMessage("status " + code).build();
    return new KubernetesClientException("failure", code, status);
  }

  static KubernetesClientException retryAfter(int code, int seconds) {
    Status status =
        new StatusBuilder()
            .withCode(code)
            .withNewDetails()
            .withRetryAfterSeconds(seconds)
            .endDetails()
            .build();
    return new KubernetesClientException("failure", code, status);
  }

  /** Runs calls at once on the calling thread, or never while it hangs. */
  static final class IoThread extends AbstractExecutorService {
    boolean hangs;
    boolean shutdown;
    final Deque<Runnable> hanging = new ArrayDeque<>();

    @Override
    public void execute(Runnable task) {
      if (hangs) {
        hanging.add(task);
      } else {
        task.run();
      }
    }

    @Override
    public void shutdown() {
      shutdown = true;
    }

    @Override
    public List<Runnable> shutdownNow() {
      shutdown = true;
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return shutdown;
    }

    @Override
    public boolean isTerminated() {
      return shutdown;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }
}
