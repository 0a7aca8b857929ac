package io.steelyard.benchmarks.simulation;

import io.steelyard.Attempt;
import io.steelyard.Outcome;

/** One request on its way: to the server, through it, and back. */
final class Request implements Event {
  static final int ARRIVED = 0;
  static final int SERVED = 1;
  static final int FAILED = 2;
  static final int REFUSED = 3;
  static final int ANSWERED = 4;
  static final int TIMED_OUT = 5;

  private final World world;
  private final Client client;
  private final Server server;
  private final Attempt attempt;
  private final long beganAt;
  private final boolean fails;
  final double workNanos;
  private Outcome answer = Outcome.SUCCESS;

  Request(
      World world, Client client, Server server, Attempt attempt, double workNanos, boolean fails) {
    this.world = world;
    this.client = client;
    this.server = server;
    this.attempt = attempt;
    this.workNanos = workNanos;
    this.fails = fails;
    this.beganAt = world.now();
  }

  @Override
  public void happen(int step) {
    switch (step) {
      case ARRIVED -> server.accept(this);
      case SERVED -> {
        answer(fails || server.hasFailed() ? Outcome.FAILURE : Outcome.SUCCESS);
        server.done();
      }
      case FAILED -> answer(Outcome.FAILURE);
      case REFUSED -> answer(Outcome.UNREACHABLE);
      case ANSWERED -> end(answer);
      case TIMED_OUT -> end(Outcome.TIMEOUT);
      default -> throw new AssertionError(step);
    }
  }

  private void answer(Outcome outcome) {
    answer = outcome;
    world.in(world.scenario.networkNanos, this, ANSWERED);
  }

  private void end(Outcome outcome) {
    if (attempt.ended()) {
      return; // the answer came before the timeout, or after it
    }
    attempt.end(outcome);
    server.inFlight--;
    client.ended(server.endpoint, outcome, world.now() - beganAt);
    world.result.ended(beganAt, world.now(), outcome);
  }
}
