package io.steelyard.benchmarks.pictures;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.ScriptedRandom;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** A balancer over pods {@code a}, {@code b}, …, on a clock of its own and with a fixed seed. */
final class Pods implements AutoCloseable {
  final VirtualPlatform platform = new VirtualPlatform().random(ScriptedRandom.seeded(7));
  private final ManualDiscovery discovery = new ManualDiscovery();
  private final List<String> names = new ArrayList<>();
  private final Balancer balancer;

  Pods(Strategy strategy, String prefix, int... weights) {
    for (int i = 0; i < weights.length; i++) {
      names.add(prefix.isEmpty() ? String.valueOf((char) ('a' + i)) : prefix + i);
    }
    balancer = Balancer.builder(discovery).platform(platform).stages().strategy(strategy).build();
    publish(weights);
  }

  /** Publishes the list anew; a weight of 0 takes the pod off it. */
  void publish(int... weights) {
    while (names.size() < weights.length) {
      String last = names.get(names.size() - 1);
      String prefix = last.substring(0, last.length() - 1);
      names.add(prefix + (char) (last.charAt(last.length() - 1) + 1));
    }
    List<Endpoint> endpoints = new ArrayList<>();
    for (int i = 0; i < weights.length; i++) {
      if (weights[i] > 0) {
        endpoints.add(
            Endpoint.builder(names.get(i)).host("10.0.0." + i).port(80).weight(weights[i]).build());
      }
    }
    discovery.publish(endpoints.toArray(Endpoint[]::new));
    platform.advance(Duration.ofSeconds(1));
  }

  int size() {
    return names.size();
  }

  String name(int pod) {
    return names.get(pod);
  }

  Attempt begin(PickContext request) {
    return balancer.begin(request);
  }

  int indexOf(Attempt attempt) {
    return names.indexOf(attempt.endpoint().id());
  }

  /** Which pod this request goes to, answered at once. */
  int send(PickContext request) {
    Attempt attempt = begin(request);
    attempt.success();
    return indexOf(attempt);
  }

  @Override
  public void close() {
    balancer.close();
  }
}
