package io.steelyard.benchmarks.simulation;

import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.Outcome;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import io.steelyard.benchmarks.simulation.peers.Observer;
import org.jspecify.annotations.Nullable;

/** A client with a balancer of its own. It sends each request once: no retries. */
final class Client {
  private final World world;
  private final Balancer balancer;
  private final @Nullable Observer observer;

  Client(World world, Balancer balancer, Strategy strategy) {
    this.world = world;
    this.balancer = balancer;
    this.observer = strategy instanceof Observer watching ? watching : null;
  }

  void send(double workNanos, boolean fails) {
    Attempt attempt = balancer.tryBegin(PickContext.none());
    if (attempt == null) {
      world.result.notSent(world.now());
      return;
    }
    Server server = world.server(attempt.endpoint());
    server.inFlight++;
    if (observer != null) {
      observer.begun(server.endpoint, world.now());
    }
    world.result.sent(server, world.now());
    Request request = new Request(world, this, server, attempt, workNanos, fails);
    world.in(world.scenario.networkNanos, request, Request.ARRIVED);
    if (world.scenario.timeoutNanos > 0) {
      world.in(world.scenario.timeoutNanos, request, Request.TIMED_OUT);
    }
  }

  void ended(Endpoint endpoint, Outcome outcome, long nanos) {
    if (observer != null) {
      observer.ended(endpoint, outcome, nanos, world.now());
    }
  }

  void close() {
    balancer.close();
  }
}
