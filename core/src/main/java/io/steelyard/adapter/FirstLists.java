package io.steelyard.adapter;

import io.steelyard.Balancer;
import io.steelyard.Platform;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * Requests that wait for the first list of a balancer. A balancer's {@code ready()} is asked once,
 * because what hangs on a future that may never complete stays there for ever; requests come and go
 * in a map.
 */
final class FirstLists {
  private final Platform platform;
  private final ConcurrentHashMap<Balancer, Waiting> waiting = new ConcurrentHashMap<>();

  FirstLists(Platform platform) {
    this.platform = platform;
  }

  /** Completes, never exceptionally, when the balancer is ready or closed or the time is over. */
  CompletableFuture<@Nullable Void> gate(Balancer balancer, Duration atMost) {
    Waiting here = waiting.get(balancer);
    if (here == null) {
      Waiting created = new Waiting();
      here = waiting.putIfAbsent(balancer, created);
      if (here == null) {
        here = created;
        CompletionStage<?> unused =
            balancer
                .ready()
                .whenComplete(
                    (candidates, error) -> {
                      waiting.remove(balancer, created);
                      created.open();
                    });
      }
    }
    return here.gate(atMost);
  }

  private final class Waiting {
    private final Map<Object, CompletableFuture<@Nullable Void>> gates = new ConcurrentHashMap<>();
    private volatile boolean isOpen;

    CompletableFuture<@Nullable Void> gate(Duration atMost) {
      CompletableFuture<@Nullable Void> gate = new CompletableFuture<>();
      Object ticket = new Object();
      gates.put(ticket, gate);
      Platform.Cancellable timer = platform.runAfter(atMost, () -> gate.complete(null));
      CompletableFuture<?> unused =
          gate.whenComplete(
              (nothing, error) -> {
                timer.cancel();
                gates.remove(ticket);
              });
      if (isOpen) {
        gate.complete(null);
      }
      return gate;
    }

    void open() {
      isOpen = true; // before looking: a gate added from here on opens itself
      for (CompletableFuture<@Nullable Void> gate : gates.values()) {
        gate.complete(null);
      }
    }
  }
}
